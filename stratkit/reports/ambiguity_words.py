"""What hangs on bars whose inside nobody knows, in sentences for the terminal and the page."""

from __future__ import annotations

from typing import Final

from stratkit.analytics.scorecard import Unit
from stratkit.reports.wording import in_unit
from stratkit.research.ambiguity import Ambiguity

_UNITS: Final[dict[str, Unit]] = {"total_return": "fraction", "sharpe": "ratio", "max_drawdown": "fraction"}
_LABELS: Final = {"total_return": "return", "sharpe": "Sharpe", "max_drawdown": "drawdown"}


def ambiguity_lines(ambiguity: Ambiguity | None) -> list[str]:
    """Return what to say of ambiguous bars and of finer bars; nothing when there is nothing to say."""
    if ambiguity is None:
        return []
    lines = [_detail_line(ambiguity)] if ambiguity.detail else []
    return lines + ([_spread_line(ambiguity)] if ambiguity.bars else [])


def ambiguity_lead(ambiguity: Ambiguity | None) -> list[str]:
    """Return the sentences above the table of `ambiguity_rows`; nothing when there is nothing to say."""
    if ambiguity is None:
        return []
    lines = [_detail_line(ambiguity)] if ambiguity.detail else []
    if ambiguity.bars:
        lines.append(
            f"{_where(ambiguity)} held two levels, and nobody knows which came first; the run with either order"
        )
    return lines


def ambiguity_rows(ambiguity: Ambiguity | None) -> list[tuple[str, str, str, str]]:
    """Return (figure, stop first, target first, spread) as text; no row when no bar was ambiguous."""
    if ambiguity is None or not ambiguity.bars:
        return []
    return [
        (
            _LABELS[name],
            _text(name, ambiguity.stop_first[name]),
            _text(name, ambiguity.target_first[name]),
            _text(name, ambiguity.spread[name], signed=False),
        )
        for name in _LABELS
    ]


def _spread_line(ambiguity: Ambiguity) -> str:
    figures = [f"{label} {low} or {high}" for label, low, high, _ in ambiguity_rows(ambiguity)]
    return f"{_where(ambiguity)}; stop first or target first: {', '.join(figures)} (not a bound)"


def _detail_line(ambiguity: Ambiguity) -> str:
    detail = ambiguity.detail
    assert detail is not None  # the caller asked
    return (
        f"{detail.bars_walked:,} bars walked through {detail.frequency} bars: {_count(detail.flipped, 'trade')} ended "
        f"otherwise, {_count(detail.ambiguous_without, 'ambiguous bar')} became {ambiguity.bars:,}"
    )


def _where(ambiguity: Ambiguity) -> str:
    return f"{_count(ambiguity.bars, 'bar')} in {_count(ambiguity.trades, 'trade')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _text(name: str, value: float, signed: bool = True) -> str:
    return in_unit(value, _UNITS[name], signed and name == "total_return")
