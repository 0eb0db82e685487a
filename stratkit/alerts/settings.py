"""`AlertSettings`: which rules look at a run, and which channels carry what they say."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stratkit.alerts.by_kind import NEEDED, KindTable, check_keys, with_defaults
from stratkit.alerts.rules import DEFAULT_RULES, AlertRule, Severity

_KEYS: Final[KindTable] = {
    "log": {},
    "file": {"path": NEEDED},
    "webhook": {"url": NEEDED, "timeout_seconds": 5.0, "retries": 2, "token_env": None},
    "apprise": {"urls": NEEDED},
}


class Channel(BaseModel):
    """Where alerts go; which keys a channel takes depends on its `kind`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["log", "file", "webhook", "apprise"] = Field(
        description=(
            "log: Python's logging, as stratkit.alerts; file: JSON lines, appended; webhook: one POST of JSON per "
            "alert; apprise: mail, chat and phones, by the extra alerts"
        )
    )
    path: str | None = Field(None, min_length=1, description="file: where lines are appended; made when missing")
    url: str | None = Field(
        None, pattern="^https?://.", description="webhook: where to POST; ${NAME} is read from the environment"
    )
    timeout_seconds: float | None = Field(
        None, gt=0, le=60, description="webhook: longest wait for an answer [seconds]; default 5"
    )
    retries: int | None = Field(
        None, ge=0, le=10, description="webhook: further tries after no answer or a 5xx [count]; default 2"
    )
    token_env: str | None = Field(
        None, min_length=1, description="webhook: environment variable with the token of the Authorization header"
    )
    urls: tuple[str, ...] | None = Field(
        None, min_length=1, description="apprise: its URLs; ${NAME} is read from the environment"
    )

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, data: Any) -> Any:
        return with_defaults(data, "kind", _KEYS)

    @model_validator(mode="after")
    def _keys_fit(self) -> Channel:
        check_keys(self, self.kind, _KEYS, ("kind",))
        return self


class AlertSettings(BaseModel):
    """What to watch in a run, and whom to tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[AlertRule, ...] | None = Field(
        None, description="when to speak up; none = the default rules, an empty list = never"
    )
    channels: tuple[Channel, ...] = Field((Channel(kind="log"),), description="where alerts go, in this order")
    severity: Severity = Field("warning", description="least severity that is sent; a run keeps all its alerts")

    @model_validator(mode="after")
    def _names_differ(self) -> AlertSettings:
        twice = [name for name, count in Counter(rule.label for rule in self.rules or ()).items() if count > 1]
        if twice:
            raise ValueError(
                f"rules must have different names; found {twice[0]!r} twice: give one of them another name"
            )
        return self

    @property
    def active_rules(self) -> tuple[AlertRule, ...]:
        """The rules that are judged."""
        return DEFAULT_RULES if self.rules is None else self.rules
