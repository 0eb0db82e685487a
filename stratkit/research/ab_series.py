"""`ArmSeries`: what one arm earned in each of its periods, and the trades that it closed, before arms are paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.analytics.basis import SESSION_DAY, counts_first_bar, period_returns
from stratkit.data.return_file import ReturnFile
from stratkit.engine.result import BacktestResult
from stratkit.errors import DataError
from stratkit.frequency import measure_frequency, return_periods
from stratkit.inference.comparison import TradeFlows
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray
from stratkit.runs.curves import read_curve
from stratkit.runs.facts import read_json
from stratkit.runs.folder import RunRecord
from stratkit.runs.own_trial import first_counted
from stratkit.runs.table_digest import read_columns

DAILY: Final = "1d"


@dataclass(frozen=True)
class ClosedTrades:
    """`times` (k,) UTC nanoseconds at which trades were closed, ascending; `pnl` (k,) what each earned, in money."""

    times: IntArray
    pnl: FloatArray


@dataclass(frozen=True)
class ArmSeries:
    """`times` (n,) UTC nanoseconds of the starts of periods, `returns` (n,) simple returns of them.

    `frequency` is a word such as ``1d``, measured from the stamps. `trades` is None where no trades are known.
    """

    times: IntArray
    returns: FloatArray
    frequency: str
    trades: ClosedTrades | None = None

    def flows(self, rows: IntArray) -> TradeFlows | None:
        """Return the trades closed in each of the periods `rows` (m,); None where they are not known."""
        if self.trades is None:
            return None
        at = np.searchsorted(self.times, self.trades.times, side="right") - 1
        pnl, inside = self.trades.pnl, at >= 0
        ones = np.ones(len(pnl))

        def summed(amounts: FloatArray) -> FloatArray:
            found: FloatArray = np.bincount(at[inside], amounts[inside], len(self.times)).astype(np.float64)
            return found[rows]

        return TradeFlows(
            summed(ones), summed(ones * (pnl > 0)), summed(np.maximum(pnl, 0.0)), summed(np.maximum(-pnl, 0.0))
        )


def account_series(
    times: IntArray, equity: FloatArray, initial_cash: float, frequency: str, trades: ClosedTrades | None
) -> ArmSeries:
    """Return the series of an account (T,): returns of the periods that its scorecard counts.

    The periods of intraday bars are session days, stamped at their midnight, so that they pair with daily ones.
    """
    periods = return_periods(times, frequency)
    returns = period_returns(equity, initial_cash, periods)
    ends = times[periods.period_end]
    if not counts_first_bar(equity, initial_cash, periods):
        ends = ends[1:]
    if periods.unit == SESSION_DAY:
        ends, frequency = ends // NS_PER_DAY * NS_PER_DAY, DAILY
    return ArmSeries(ends, returns, frequency, trades)


def replayed_series(result: BacktestResult, frequency: str) -> ArmSeries:
    """Return the series of a replay."""
    closed = _closed(result.trades_columns())
    return account_series(result.times, result.equity, result.initial_cash, frequency, closed)


def run_series(record: RunRecord) -> ArmSeries:
    """Return the series of a kept run, from its tables; raise `DataError` when one cannot be read."""
    manifest, curve = read_json(record.path("manifest.json")), read_curve(record)
    config = manifest.get("config") or {}
    first = first_counted(curve.times, config)
    times, equity = curve.times[first:], curve.equity[first:]
    if len(times) < 2:
        raise DataError(f"{record.run_id} must have at least two bars; found {len(times)}: name another run")
    initial = float((config.get("account") or {}).get("initial_cash", equity[0]))
    closed = _closed(read_columns(record.path("trades.parquet")))
    return account_series(times, equity, initial, measure_frequency(times), closed)


def file_series(file: ReturnFile) -> ArmSeries:
    """Return the series of a file of returns or equity; trades need the periods of others (`trade_series`)."""
    return ArmSeries(file.times, file.returns, measure_frequency(file.times))


def trade_series(file: ReturnFile, periods: IntArray, frequency: str) -> ArmSeries:
    """Return the series of a file of trades on the `periods` (n,) from its first to its last trade.

    The return of a period is the sum of those of the trades closed in it: each is taken to stake the same account once.
    Periods in which it closed nothing earned 0; before its first trade and after its last one nothing is known.
    """
    assert file.pnl is not None  # it is a file of trades
    at = np.searchsorted(periods, file.times, side="right") - 1
    if not len(at) or at[-1] < 0:
        raise DataError(f"the trades of {file.path} must be closed within the periods of the other arms; found none")
    first, last = max(int(at[0]), 0), int(at[-1])
    summed: FloatArray = np.bincount(at[at >= 0], file.returns[at >= 0], len(periods)).astype(np.float64)
    trades = ClosedTrades(file.times, file.pnl)
    return ArmSeries(periods[first : last + 1], summed[first : last + 1], frequency, trades)


def trade_days(files: Sequence[ReturnFile]) -> IntArray:
    """Return the days (n,) on which any of several files of trades closed one, where no arm has periods of its own."""
    return np.unique(np.concatenate([file.times // NS_PER_DAY * NS_PER_DAY for file in files]))


def _closed(columns: Mapping[str, Any]) -> ClosedTrades:
    """Return the closed ones of a table of trades; those still open have no time of exit."""
    exits = np.asarray(columns["exit_time"]).astype("datetime64[ns]")
    times, pnl = exits.astype(np.int64), np.asarray(columns["pnl"], dtype=np.float64)
    order = np.argsort(times, kind="stable")
    order = order[~np.isnat(exits[order])]
    return ClosedTrades(times[order], pnl[order])
