"""`Attributed`: a finished run of several strategies, as the plain arrays that attribution reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stratkit.engine.layout import Records
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray, read_only


@dataclass(frozen=True)
class Attributed:
    """T bars, S strategies, N symbols, K trades (closed and open), D decisions; arrays are read-only.

    `equity` (T,) and `by_strategy` (T, S) are account currency at each close: the latter the net P&L of each
    strategy since the start, realised and open, after its costs. `trades` and `decisions` are records as in
    `stratkit.engine.layout`; `trade_strategy` and `trade_symbol` (K,) and `decision_strategy` (D,) index
    `strategies` and `symbols`, -1 is the account. `interest` is the margin interest that belongs to no
    strategy. `combined` counts, by strategy, what became of its proposals before the engine saw them.
    `contribution` (K, S) holds each strategy's share in the opinion behind a trade: a row sums to 1, or is NaN
    where nothing is known; None where every strategy trades alone. `trade_regime` (K,) indexes `regimes`, -1 where none
    was known; without `regimes` the bars have no labels. `trade_profile` (K,) indexes `profiles` likewise, -1 where no
    exit profile was chosen.
    """

    times: IntArray
    equity: FloatArray
    initial_cash: float
    by_strategy: FloatArray
    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    trades: Records
    trade_strategy: IntArray
    trade_symbol: IntArray
    decisions: Records
    decision_strategy: IntArray
    interest: float
    combined: Mapping[str, Mapping[str, int]]
    contribution: FloatArray | None = None
    trade_regime: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    regimes: tuple[str, ...] = ()
    trade_profile: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    profiles: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """What the portfolio earned: final equity - initial cash."""
        return float(self.equity[-1]) - self.initial_cash

    @cached_property
    def account(self) -> FloatArray:
        """(T,) cumulative P&L of no strategy, the margin interest: what is missing from the portfolio's P&L."""
        return read_only(self.equity - self.initial_cash - self.by_strategy.sum(axis=1))

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies and, last, the account."""
        return (*self.strategies, ACCOUNT)

    @property
    def closed(self) -> IntArray:
        """Rows of the trades that went from flat to flat."""
        return np.flatnonzero(np.asarray(self.trades["exit_bar"]) >= 0)


ACCOUNT = "account"


def attributed(
    result: BacktestResult,
    by_strategy: FloatArray,
    trade_strategy: IntArray | None = None,
    decision_strategy: IntArray | None = None,
    combined: Mapping[str, Mapping[str, int]] | None = None,
    contribution: FloatArray | None = None,
) -> Attributed:
    """Return a result in the arrays of attribution; where no strategy is given, that of the slot.

    Raises `UsageError` when an array does not fit the result.
    """
    strategy_of, symbol_of = np.append(result.slot_strategy, -1), np.append(result.slot_symbol, -1)
    traded, decided = (np.asarray(rows["slot"], dtype=np.int64) for rows in (result.trades, result.decisions))
    owners = strategy_of[traded] if trade_strategy is None else trade_strategy
    deciders = strategy_of[decided] if decision_strategy is None else decision_strategy
    width = len(result.strategies)
    _must_fit(by_strategy, (len(result.times), width), "by_strategy")
    _must_fit(owners, (len(result.trades),), "trade_strategy")
    _must_fit(deciders, (len(result.decisions),), "decision_strategy")
    if contribution is not None:
        _must_fit(contribution, (len(result.trades), width), "contribution")
    profile = None if result.adapted is None else result.adapted.marks.profile
    return Attributed(
        result.times, result.equity, result.initial_cash, read_only(by_strategy), result.strategies, result.symbols,
        result.trades, read_only(owners), read_only(symbol_of[traded]), result.decisions, read_only(deciders),
        result.account_carry, combined or {}, None if contribution is None else read_only(contribution),
        read_only(result.trade_regimes), () if result.regimes is None else result.regimes.names,
        np.full(len(traded), -1) if profile is None else read_only(profile.codes),
        () if profile is None else profile.names[:-1],
    )  # fmt: skip


def _must_fit(array: FloatArray | IntArray, shape: tuple[int, ...], name: str) -> None:
    if array.shape != shape:
        raise UsageError(f"{name} must have the shape {shape} of the run; found {array.shape}")
