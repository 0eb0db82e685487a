"""`Alert`: one stretch of bars in which a rule did not hold, in plain values that survive JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from stratkit.alerts.rules import Kind, Severity
from stratkit.panel import NS_PER_SECOND, parse_time


@dataclass(frozen=True)
class Alert:
    """One episode of a rule, for one strategy or for the account.

    `bar` and `time` [ns UTC] are those at which the condition became true in the replay, `until_bar` and
    `until` those at which it no longer held, None = it lasted to the end. `value` was found at `bar`,
    `worst` is the furthest it went before it cleared; both have the unit of `threshold`: fractions,
    milliseconds, bars, or the metric's own.
    """

    rule: str
    kind: Kind
    severity: Severity
    strategy: str | None
    bar: int
    time: int
    value: float
    worst: float
    threshold: float
    message: str
    until_bar: int | None = None
    until: int | None = None

    def plain(self) -> dict[str, Any]:
        """Return the alert as JSON has it: times are ISO text in UTC."""
        until = None if self.until is None else _iso(self.until)
        return {**asdict(self), "time": _iso(self.time), "until": until}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Alert:
        """Return the alert that `plain` was made from; keys of no field, such as the run, are left out."""
        values = {name: plain[name] for name in cls.__dataclass_fields__}
        until = None if values["until"] is None else parse_time(values["until"])
        return cls(**{**values, "time": parse_time(values["time"]), "until": until})


def _iso(time_ns: int) -> str:
    """Return a stamp as ISO text.

    >>> _iso(86_400_000_000_000), _iso(1)
    ('1970-01-02T00:00:00Z', '1970-01-01T00:00:00.000000001Z')
    """
    unit = "ns" if time_ns % NS_PER_SECOND else "s"
    return f"{np.datetime64(time_ns, 'ns').astype(f'datetime64[{unit}]')}Z"
