"""`metric_reference`: the metric reference page, as Markdown made from the definitions."""

from __future__ import annotations

from typing import Final

from stratkit.analytics.definitions import DEFINITIONS, Definition

_TITLES: Final = {
    "returns": "Returns",
    "risk": "Risk",
    "benchmark": "Against the benchmark",
    "trades": "Trades",
    "costs": "Costs",
}

_HEAD: Final = """\
# Metric reference

Every metric of a scorecard, with its formula of record. `stratkit` carries the formula, the number
of observations `n` and the basis along with each value, in the report, in `metrics.json` and in
`Scorecard`.

## The basis

* Files and JSON hold fractions, never percent; losses are negative; money is account currency.
* **r** are simple returns per return period: per bar for daily and slower bars, per session day for
  intraday bars (equity at the last bar of each day). **b** are the benchmark's over the same periods,
  **e = r - f**.
* The first bar is the baseline: on daily and slower bars its return counts only when it changed the
  account. The first day of intraday bars counts against the initial cash.
* Drawdowns are measured on every bar, and the initial cash is the first peak.
* **P** is the number of return periods a year, counted from the stamps (252 or 365 where the count is
  within 3 % of one of them) unless given; **B** the number of bars a year; **n** the number of returns.
* **f** is the risk-free rate, **MAR** the minimum acceptable return. Settings give them a year; per
  period they are `(1 + rate)^(1/P) - 1`. **c** is the confidence of VaR, 0.95 unless set.
* Rows with a NaN are dropped, pairwise where two series meet, before anything is computed.
* What is undefined is NaN with a reason, and printed as n/a. Only the profit factor may be infinite.
* After a bankruptcy returns are 0; what then has no meaning (growth a year, log equity) is NaN.
* A Sharpe ratio is as good as the search that it came out of was small. The scorecard of one run
  cannot know that search; the [evidence](evidence.md) beside it counts every trial.
* Below 30 returns, or below one year, a warning stands beside the figures.

The interval of the Sharpe ratio is `SR -/+ 1.96 sqrt((1 - g3 SR + (g4 - 1)/4 SR^2)/n)` per period (Mertens
2002), then annualised; g3 is the population skewness, g4 the raw kurtosis (3 for a normal).
"""

_TAIL: Final = """\
## A replay that stores nothing

A metrics-only replay streams running sums and gives every metric above but those that need each
return or each trade again: historical VaR and CVaR, the tail ratio, the excursions and the
benchmark. The others equal those of the recorded run.
"""


def metric_reference() -> str:
    """Return the page; the documentation holds exactly this text.

    >>> metric_reference().splitlines()[0]
    '# Metric reference'
    """
    parts = [_HEAD]
    for group, title in _TITLES.items():
        rows = [_row(row) for row in DEFINITIONS.values() if row.group == group]
        parts.append("\n".join([f"## {title}", "", *_HEADER, *rows]) + "\n")
    return "\n".join([*parts, _TAIL])


_HEADER: Final = (
    "| name | metric | formula | unit | better | source | elsewhere |",
    "|---|---|---|---|---|---|---|",
)


def _row(row: Definition) -> str:
    cells = (f"`{row.name}`", row.label, row.formula, row.unit, row.better, row.source, row.differs)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
