"""`Scorecard`: the metrics of a finished run, each with its unit, formula, n and interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stratkit.errors import UsageError, did_you_mean

Unit = Literal["fraction", "ratio", "money", "bars", "count", "R", "probability", "days"]
Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Metric:
    """One figure of a scorecard.

    `value` is NaN when it is undefined, and `reason` then says why; `n` counts the observations it
    stands on; `interval` is (low, high) at 95 % or None; `group` names the table it is shown in.
    Fractions, never percent; losses are negative.
    """

    name: str
    label: str
    value: float
    unit: Unit
    better: Better
    formula: str
    n: int
    group: str
    interval: tuple[float, float] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Scorecard:
    """Metrics in order of display, with the basis they were computed on.

    `periods_per_year` and `periods_source` say how yearly figures were made, `period_unit` what one
    return period is; `basis` is one line for the reader; `warnings` are sentences.
    """

    metrics: tuple[Metric, ...]
    periods_per_year: float
    periods_source: str
    period_unit: str
    basis: str
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.metrics)

    def __contains__(self, name: str) -> bool:
        return any(metric.name == name for metric in self.metrics)

    def __getitem__(self, name: str) -> Metric:
        for metric in self.metrics:
            if metric.name == name:
                return metric
        known = [metric.name for metric in self.metrics]
        raise UsageError(f"no metric {name!r} in this scorecard; {did_you_mean(name, known)}")

    def value(self, name: str) -> float:
        """Return the value of the metric called `name`."""
        return self[name].value
