"""`GroupTable`: what each strategy, symbol, month, exit reason, regime or profile earned, with the account last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stratkit.analytics import trades
from stratkit.analytics.attributed import ACCOUNT, Attributed
from stratkit.analytics.calendar_periods import calendar_periods
from stratkit.analytics.grouped_trades import group_sums, grouped_summaries
from stratkit.analytics.pnl_shares import pnl_shares
from stratkit.engine.layout import FILL_REASONS
from stratkit.panel import FloatArray, IntArray, read_only
from stratkit.regimes.labels import NOT_KNOWN

GroupKind = Literal["strategy", "symbol", "month", "exit_reason", "regime", "profile"]
OPEN = "open"  # the exit reason of a trade that has none yet
NONE_CHOSEN = "none chosen"  # the exit profile of a trade that was opened without a choice
_COSTS = ("commission", "slippage", "borrow", "funding")


@dataclass(frozen=True)
class GroupTable:
    """G groups, the last of them `account`: (G,) arrays, money in account currency, losses negative.

    `pnl` sums to the portfolio's P&L; `share` is its fraction of that total, NaN where that is not positive.
    `closed` and `open` count trades. NaN without a closed trade: `win_rate` (net P&L > 0/closed), `profit_factor`
    (infinite when nothing was lost), `expectancy` (money), `avg_bars_held`; without a known risk `expectancy_r`
    (mean R multiple). `costs` are commission, slippage (already inside the prices), borrow and funding of all
    trades; of the account its interest.
    `max_drawdown` is the deepest fall of the cumulative P&L from its highest value (at least 0), zero or
    negative, and `max_drawdown_frac` the same as a fraction of the initial cash. It is measured at every close
    for strategies, the account and months (from the last close before the month on); for symbols, exit
    reasons, regimes and profiles at the end of each trade, since their open P&L is not recorded.
    """

    kind: GroupKind
    names: tuple[str, ...]
    pnl: FloatArray
    share: FloatArray
    closed: IntArray
    open: IntArray
    win_rate: FloatArray
    profit_factor: FloatArray
    expectancy: FloatArray
    expectancy_r: FloatArray
    avg_bars_held: FloatArray
    costs: FloatArray
    max_drawdown: FloatArray
    max_drawdown_frac: FloatArray


@dataclass(frozen=True)
class _Grouping:
    """Groups without the account: `code` (K,) of each trade, `pnl` (G,), `fall` (G,)."""

    names: tuple[str, ...]
    code: IntArray
    pnl: FloatArray
    fall: FloatArray


def by_group(run: Attributed, kind: GroupKind) -> GroupTable:
    """Return the P&L of a run by strategy, symbol, calendar month, exit reason, regime or exit profile.

    Months are those of the bar's UTC start, and hold the change of P&L from close to close, open trades included;
    a trade counts in the month in which it ended, an open one in the last. Symbols, exit reasons,
    regimes (of the bar that decided) and exit profiles hold whole trades, open ones marked at the last close (reason
    `open`); only those that traded have a row.
    """
    return _table(run, kind, _GROUPINGS[kind](run))


def _strategies(run: Attributed) -> _Grouping:
    fall = np.array([deepest_fall(curve) for curve in run.by_strategy.T])
    return _Grouping(run.strategies, run.trade_strategy, run.by_strategy[-1], fall)


def _symbols(run: Attributed) -> _Grouping:
    columns, code = np.unique(run.trade_symbol, return_inverse=True)
    return _of_trades(run, tuple(run.symbols[column] for column in columns), code)


def _reasons(run: Attributed) -> _Grouping:
    reasons = np.asarray(run.trades["exit_reason"], dtype=np.int64)
    reasons = np.where(np.asarray(run.trades["exit_bar"]) < 0, len(FILL_REASONS), reasons)
    used, code = np.unique(reasons, return_inverse=True)
    return _of_trades(run, tuple((*FILL_REASONS, OPEN)[reason] for reason in used), code)


def _regimes(run: Attributed) -> _Grouping:
    return _of_codes(run, run.trade_regime, (*run.regimes, NOT_KNOWN))


def _profiles(run: Attributed) -> _Grouping:
    return _of_codes(run, run.trade_profile, (*run.profiles, NONE_CHOSEN))


def _of_codes(run: Attributed, codes: IntArray, names: tuple[str, ...]) -> _Grouping:
    """Return trades by a code each, -1 = the last of the names."""
    used, code = np.unique(np.where(codes < 0, len(names) - 1, codes), return_inverse=True)
    return _of_trades(run, tuple(names[each] for each in used), code)


def _of_trades(run: Attributed, names: tuple[str, ...], code: IntArray) -> _Grouping:
    pnl = np.asarray(run.trades["pnl"], dtype=np.float64)
    in_order = np.lexsort((end_bars(run), code))
    starts = np.searchsorted(code[in_order], np.arange(1, len(names)))
    fall = [deepest_fall(np.cumsum(own)) for own in np.split(pnl[in_order], starts)[: len(names)]]
    return _Grouping(names, code, group_sums(code, pnl, len(names)), np.array(fall, dtype=np.float64))


def _months(run: Attributed) -> _Grouping:
    months = calendar_periods(run.times, "month")
    earned = run.by_strategy.sum(axis=1)
    before = np.concatenate(([0.0], earned[months.last_bar[:-1]]))
    first = np.concatenate(([0], months.last_bar[:-1] + 1))
    fall = [
        deepest_fall(earned[start : stop + 1] - base)
        for start, stop, base in zip(first, months.last_bar, before, strict=True)
    ]
    return _Grouping(months.labels, months.code[end_bars(run)], earned[months.last_bar] - before, np.array(fall))


_GROUPINGS: Final[dict[GroupKind, Callable[[Attributed], _Grouping]]] = {
    "strategy": _strategies, "symbol": _symbols, "month": _months, "exit_reason": _reasons, "regime": _regimes,
    "profile": _profiles,
}  # fmt: skip


def end_bars(run: Attributed) -> IntArray:
    """Return (K,) the bar in which each trade ended; the last one while it is open."""
    ends = np.asarray(run.trades["exit_bar"], dtype=np.int64)
    return np.where(ends < 0, len(run.times) - 1, ends)


def deepest_fall(pnl: FloatArray) -> float:
    """Return the deepest fall of a cumulative P&L (n,) from its highest value so far, at least 0; never positive.

    >>> deepest_fall(np.array([5.0, -1.0, 3.0])), deepest_fall(np.array([-2.0]))
    (-6.0, -2.0)
    """
    peak = np.maximum.accumulate(np.maximum(pnl, 0.0))
    return float(np.min(pnl - peak, initial=0.0))


def _table(run: Attributed, kind: GroupKind, grouping: _Grouping) -> GroupTable:
    count = len(grouping.names)
    code = np.where(grouping.code < 0, count, grouping.code)  # a trade of the account stands in its row
    rows = grouped_summaries(run.trades, np.asarray(run.trades["exit_bar"]) >= 0, code, count + 1)
    pnl = np.append(grouping.pnl, run.total - float(grouping.pnl.sum()))
    fall = np.append(grouping.fall, deepest_fall(run.account))
    costs = group_sums(code, sum(np.asarray(run.trades[name]) for name in _COSTS), count + 1)
    costs[-1] += run.interest
    return GroupTable(
        kind=kind,
        names=(*grouping.names, ACCOUNT),
        pnl=read_only(pnl),
        share=read_only(pnl_shares(pnl, run.total)),
        closed=read_only(np.array([row.trades for row in rows], dtype=np.int64)),
        open=read_only(np.array([row.open_trades for row in rows], dtype=np.int64)),
        win_rate=read_only(np.array([trades.win_rate(row).value for row in rows])),
        profit_factor=read_only(np.array([trades.profit_factor(row).value for row in rows])),
        expectancy=read_only(np.array([trades.expectancy(row).value for row in rows])),
        expectancy_r=read_only(np.array([trades.expectancy_r(row).value for row in rows])),
        avg_bars_held=read_only(np.array([trades.avg_bars_held(row).value for row in rows])),
        costs=read_only(costs),
        max_drawdown=read_only(fall),
        max_drawdown_frac=read_only(fall / run.initial_cash),
    )
