"""Words of a comparison for verdicts and warnings: metrics, figures in the unit they are shown in, p values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stratkit.inference.comparison import ComparedMetric

# as they stand in a sentence: "the Sharpe ratio of A"
METRIC_WORDS: Final[Mapping[ComparedMetric, str]] = {
    "sharpe": "Sharpe ratio",
    "mean": "mean annual return",
    "sortino": "Sortino ratio",
    "calmar": "Calmar ratio",
    "win_rate": "win rate",
    "profit_factor": "profit factor",
}
_AS_PERCENT: Final = ("mean", "win_rate")
_LEAST_P: Final = 0.001  # a smaller p value is said to be below it


def shown(metric: ComparedMetric, value: float) -> str:
    """Return a value or difference of the metric as a trader reads it: percent for a return or a share.

    >>> shown("sharpe", 0.6618), shown("mean", 0.1762), shown("sharpe", -0.31)
    ('0.662', '17.6%', '-0.310')
    """
    return f"{value:.1%}" if metric in _AS_PERCENT else f"{value:.3f}"


def shown_margin(metric: ComparedMetric, margin: float) -> str:
    """Return a margin as it was asked for, without digits that nobody typed.

    >>> shown_margin("sharpe", 0.1), shown_margin("mean", 0.02)
    ('0.1', '2%')
    """
    return f"{100 * margin:.4g}%" if metric in _AS_PERCENT else f"{margin:.4g}"


def shown_p(p_value: float) -> str:
    """Return "p = 0.182" or "p < 0.001".

    >>> shown_p(0.1824), shown_p(0.0002)
    ('p = 0.182', 'p < 0.001')
    """
    return "p < 0.001" if p_value < _LEAST_P else f"p = {p_value:.3f}"
