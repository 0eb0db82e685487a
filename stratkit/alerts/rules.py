"""`AlertRule`: one condition on a run that speaks up while it holds, and the rules that apply by default."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stratkit.alerts.by_kind import NEEDED, KindTable, check_keys, with_defaults
from stratkit.analytics.definitions import DEFINITIONS
from stratkit.errors import did_you_mean
from stratkit.strategies.settings import warn_if_fraction

Severity: TypeAlias = Literal["info", "warning", "critical"]
Kind: TypeAlias = Literal[
    "no_proposals",
    "drawdown",
    "strategy_drawdown",
    "accuracy",
    "error_rate",
    "latency",
    "memory",
    "cap_refusals",
    "state",
    "metric",
]

SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "critical")  # the least first
OF_ACCOUNT: Final = frozenset({"drawdown", "memory", "metric"})  # of the whole run, not of one strategy
_SHARES: Final = frozenset({"error_rate", "memory", "cap_refusals"})  # `most` is a fraction

_KEYS: Final[KindTable] = {
    "no_proposals": {"bars": 250},
    "drawdown": {"limit_pct": NEEDED},
    "strategy_drawdown": {"limit_pct": NEEDED},
    "accuracy": {"least": 0.55, "trades": 20},
    "error_rate": {"most": 0.01},
    "latency": {"most": 10.0},
    "memory": {"most": 0.8},
    "cap_refusals": {"most": 0.5, "bars": 250},
    "state": {"state": "degraded"},
    "metric": {"metric": NEEDED, "above": None, "below": None},
}
_COMMON: Final = ("name", "when", "severity", "strategy")


class AlertRule(BaseModel):
    """When to speak up; which keys a rule takes depends on its `when`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(None, min_length=1, description="what alerts call the rule; none = made from its keys")
    when: Kind = Field(
        description=(
            "no_proposals: a strategy asked for nothing for `bars`; drawdown: equity fell `limit_pct` below its peak; "
            "strategy_drawdown: a strategy's P&L did; accuracy: fewer than `least` of its last `trades` won; "
            "error_rate, cap_refusals, latency, memory: more than `most`; state: a strategy is in `state` or "
            "worse; metric: above or below a value"
        )
    )
    severity: Severity = Field("warning", description="how much it matters")
    strategy: str | None = Field(None, min_length=1, description="the one strategy it looks at; none = each of them")
    bars: int | None = Field(
        None, ge=1, description="no_proposals: bars without a request; cap_refusals: bars looked back on; default 250"
    )
    limit_pct: float | None = Field(
        None, gt=0, le=100, description="drawdown [% of the peak]; strategy_drawdown [% of the initial cash]"
    )
    least: float | None = Field(
        None, gt=0, le=1, description="accuracy: share of trades with net P&L > 0 [fraction]; default 0.55"
    )
    trades: int | None = Field(
        None, ge=1, description="accuracy: closed trades looked back on, judged once there are so many; default 20"
    )
    most: float | None = Field(
        None,
        ge=0,
        description=(
            "latency [ms per bar and strategy], default 10; error_rate (0.01), memory (0.8), cap_refusals (0.5) "
            "[fraction]"
        ),
    )
    state: Literal["degraded", "suspended", "retired"] | None = Field(
        None, description="state: the least bad state that is told of; default degraded"
    )
    metric: str | None = Field(None, min_length=1, description="metric: its name, such as sharpe")
    above: float | None = Field(None, description="metric: alert above this value [unit of the metric]")
    below: float | None = Field(None, description="metric: alert below this value [unit of the metric]")

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, data: Any) -> Any:
        return with_defaults(data, "when", _KEYS)

    @model_validator(mode="after")
    def _keys_fit(self) -> AlertRule:
        check_keys(self, self.when, _KEYS, _COMMON)
        if self.strategy is not None and self.when in OF_ACCOUNT:
            found = f"found {self.strategy!r}: leave it out"
            raise ValueError(f"{self.when} must not have strategy, for it looks at the whole run; {found}")
        if self.when in _SHARES and self.most is not None and self.most > 1:
            raise ValueError(f"most must be a fraction from 0 to 1; found {self.most:g}: write {self.most / 100:g}")
        if self.when == "metric":
            _check_metric(str(self.metric), self.above, self.below)
        warn_if_fraction("limit_pct", self.limit_pct)
        return self

    @property
    def label(self) -> str:
        """The name, or one made from what the rule says."""
        if self.name is not None:
            return self.name
        told = [name for name in (*_KEYS[self.when], "strategy") if getattr(self, name) is not None]
        return f"{self.when}({', '.join(f'{name}={_plain(getattr(self, name))}' for name in told)})"


def _check_metric(name: str, above: float | None, below: float | None) -> None:
    if name not in DEFINITIONS:
        raise ValueError(
            f"metric must name a metric of the scorecard; found {name!r}: {did_you_mean(name, DEFINITIONS)}"
        )
    if (above is None) == (below is None):
        found = "neither" if above is None else "both"
        raise ValueError(f"metric must have above or below; found {found}: give one, and a second rule for the other")


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


DEFAULT_RULES: Final = (
    AlertRule(when="no_proposals", bars=250, severity="warning"),
    AlertRule(when="accuracy", least=0.55, trades=20, severity="info"),
    AlertRule(when="latency", most=10.0, severity="warning"),
    AlertRule(when="error_rate", most=0.01, severity="critical"),
    AlertRule(when="memory", most=0.8, severity="warning"),
    AlertRule(when="state", state="degraded", severity="warning"),
    AlertRule(when="state", state="suspended", severity="warning"),
    AlertRule(when="state", state="retired", severity="critical"),
)
