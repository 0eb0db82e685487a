"""What hangs on bars whose inside nobody knows, in sentences for the terminal and the page."""

from __future__ import annotations

from stratkit.reports.wording import in_unit
from stratkit.research.ambiguity import Ambiguity

_UNITS = {"total_return": "fraction", "sharpe": "ratio", "max_drawdown": "fraction"}
_LABELS = {"total_return": "return", "sharpe": "Sharpe", "max_drawdown": "drawdown"}


def ambiguity_lines(ambiguity: Ambiguity | None) -> list[str]:
    """Return what to say of ambiguous bars and of finer bars; nothing when there is nothing to say."""
    if ambiguity is None:
        return []
    lines = [_detail_line(ambiguity)] if ambiguity.detail else []
    return lines + ([_spread_line(ambiguity)] if ambiguity.bars else [])


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
    bars = f"{ambiguity.bars:,} bar{'' if ambiguity.bars == 1 else 's'}"
    trades = f"{ambiguity.trades:,} trade{'' if ambiguity.trades == 1 else 's'}"
    return (
        f"{bars} in {trades} held both stop and target; stop first or target first: {', '.join(figures)} (not a bound)"
    )


def _detail_line(ambiguity: Ambiguity) -> str:
    detail = ambiguity.detail
    assert detail is not None  # asked for above
    return (
        f"{detail.bars_walked:,} bars walked through {detail.frequency}: {detail.flipped:,} trades ended otherwise, "
        f"ambiguous bars {detail.ambiguous_without:,} before, {ambiguity.bars:,} now"
    )


def _text(name: str, value: float, signed: bool = True) -> str:
    return in_unit(value, "ratio" if _UNITS[name] == "ratio" else "fraction", signed and name == "total_return")
