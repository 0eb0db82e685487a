"""`StudiedRun`: a kept run as Monte Carlo procedures see it: returns, closed trades, and how it is replayed.

What its folder holds is enough for most procedures. The others need its bars: where those are gone, or where a replay
no longer gives the same account, `unplayable` says why, and the rest goes on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from stratkit.analytics.basis import SESSION_DAY, Basis, basis_of, period_returns
from stratkit.backtest import RunConfig
from stratkit.data.store import load_bars
from stratkit.errors import DataError, StratkitError
from stratkit.frequency import ReturnPeriods, session_days
from stratkit.panel import FloatArray, IntArray
from stratkit.research.monte_carlo_replay import Replayed, Searched
from stratkit.research.provenance import located
from stratkit.research.reproduce import config_of
from stratkit.research.search_record import kept_dimension
from stratkit.research.search_settings import SearchSettings
from stratkit.research.walk_forward_record import FOLDS
from stratkit.runs.adaptive_state import state_of_run
from stratkit.runs.facts import read_json
from stratkit.runs.folder import RunRecord
from stratkit.runs.manifest import read_manifest
from stratkit.runs.places import working_folders
from stratkit.runs.run_table import RunTable, read_table

SEARCH: Final = "search.json"


@dataclass(frozen=True)
class ClosedTrades:
    """The trades of a run that were closed, (K,) each, in the order in which they ended.

    `pnl` is net, in account currency; `share` the same over the equity before the entry; `exposure` the notional at the
    entry over that equity, with the sign of the side; `cost` commission and slippage over that notional. Bars count
    from the first that trades.
    """

    symbol: tuple[str, ...]
    stream: IntArray  # of one strategy on one symbol: trades in it follow each other
    pnl: FloatArray
    share: FloatArray
    exposure: FloatArray
    cost: FloatArray
    entry_bar: IntArray
    exit_bar: IntArray
    exit_reason: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pnl)


@dataclass(frozen=True)
class StudiedRun:
    """A run: `times` and `equity` (T,) at each close, `open_trades` at the last; `replayed` None where it cannot be."""

    run_id: str
    folder: Path
    symbols: tuple[str, ...]
    config: RunConfig
    times: IntArray
    equity: FloatArray
    periods: ReturnPeriods
    trades: ClosedTrades
    open_trades: int
    replayed: Replayed | None
    unplayable: str = ""
    searched: Searched | None = None
    folds: Mapping[str, Any] | None = None

    @property
    def initial_cash(self) -> float:
        """What the account began with."""
        return self.config.account.initial_cash

    @cached_property
    def basis(self) -> Basis:
        """Periods a year and rates."""
        return basis_of(self.periods, self.config.analytics)

    @cached_property
    def returns(self) -> FloatArray:
        """(n,) simple returns of its periods."""
        return period_returns(self.equity, self.initial_cash, self.periods)

    @cached_property
    def return_times(self) -> IntArray:
        """(n,) when each return was known: the stamp of the last bar of its period, UTC nanoseconds."""
        return self.times[self.periods.period_end][-len(self.returns) :] if len(self.returns) else self.times[:0]

    @property
    def is_chosen(self) -> bool:
        """Whether its parameters are the best of a search."""
        return self.searched is not None


def studied_run(record: RunRecord, plain: Mapping[str, Any], data: str | None = None) -> StudiedRun:
    """Return what the folder of `record` holds, and how the run is replayed.

    `plain` is the configuration in its config.yaml, resolved; `data` where its bars are now, when they moved. Raises
    `DataError` when a file that every procedure needs is damaged, and for a run that never traded.
    """
    folders = working_folders(record.folder)
    config = located(plain, folders)
    curve = read_table(record, "equity")
    times, equity = curve.ints("time"), curve.floats("equity")
    if not len(times):
        raise DataError(f"{record.path('equity.parquet')} must hold the equity of each bar; it has no rows")
    table = read_table(record, "trades")
    closed, still_open = closed_trades(record, table, equity, config.account.initial_cash)
    if not len(closed) and not still_open:
        raise DataError(
            f"a run must have traded for chance to have had a part in it; {record.run_id} made no trade: run it with "
            "other parameters, or on other bars"
        )
    folds = read_json(record.path(FOLDS)) if record.path(FOLDS).is_file() else None
    run = StudiedRun(
        record.run_id, record.folder, _symbols(record), config, times, equity, _periods(record, times), closed,
        still_open, None, searched=_searched(record, folders), folds=folds,
    )  # fmt: skip
    try:
        return replace(run, replayed=_replayed(run, record, plain, folders, data))
    except StratkitError as error:  # what needs no bars goes on
        return replace(run, unplayable=str(error))


def _symbols(record: RunRecord) -> tuple[str, ...]:
    return tuple(read_manifest(record.path("manifest.json"))["data_digests"])


def _replayed(
    run: StudiedRun, record: RunRecord, plain: Mapping[str, Any], folders: tuple[Path, ...], data: str | None
) -> Replayed:
    config = config_of(record, plain, folders, data)
    state = state_of_run(record.folder, read_manifest(record.path("manifest.json"))["inputs"])
    found = Replayed(config, load_bars(config.data), run.folds, learned=None if state is None else state.learned)
    again = found.result()
    if not np.array_equal(again.equity, run.equity):
        raise DataError(
            f"a replay of {record.run_id} must give the account that its folder holds; it gives another: "
            f"stratkit reproduce {record.run_id} says what changed"
        )
    return replace(found, warmup_bars=int(again.provenance["warmup_bars"]))


def _periods(record: RunRecord, times: IntArray) -> ReturnPeriods:
    """Return the return periods as metrics.json names them: the bars that would tell may be gone."""
    card = read_json(record.path("metrics.json"))
    try:
        unit, per_year, source = str(card["period_unit"]), float(card["periods_per_year"]), str(card["periods_source"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{record.path('metrics.json')} must say how many periods a year has: it is damaged") from error
    if not (math.isfinite(per_year) and per_year > 0):
        raise DataError(f"{record.path('metrics.json')} must give positive periods a year; found {per_year:g}")
    days = session_days(times)
    ends = np.append(days[1:] != days[:-1], True) if unit == SESSION_DAY else np.ones(len(times), np.bool_)
    return ReturnPeriods(ends, per_year, unit, per_year * len(times) / int(ends.sum()), source)


def closed_trades(record: RunRecord, table: RunTable, equity: FloatArray, initial: float) -> tuple[ClosedTrades, int]:
    """Return the closed trades of a run's table, and how many are open; raise `DataError` for a damaged table."""
    exit_bar, entry_bar = (table.ints(name) for name in ("exit_bar", "entry_bar"))
    symbols, strategies = (table.words(name) for name in ("symbol", "strategy"))
    if len(exit_bar) and (int(exit_bar.max()) >= len(equity) or int(entry_bar.max()) >= len(equity)):
        raise DataError(
            f"{record.path('trades.parquet')} must end with the equity; it names bars behind: it is damaged"
        )
    before = np.concatenate(([initial], equity))[entry_bar]
    sign = np.array([1.0 if word == "long" else -1.0 for word in table.words("side")])
    notional = table.floats("quantity") * table.floats("entry_price")
    pnl = table.floats("pnl")
    paid = table.floats("commission") + table.floats("slippage")
    cost = np.divide(paid, notional, out=np.zeros_like(paid), where=notional > 0)
    reasons = table.words("exit_reason")
    usable = before > 0
    share, exposure = (np.divide(amount, before, out=np.zeros_like(pnl), where=usable) for amount in (pnl, notional))
    rows = np.flatnonzero(exit_bar >= 0)
    rows = rows[np.argsort(exit_bar[rows], kind="stable")]
    names = list(dict.fromkeys(zip(strategies, symbols)))
    stream = np.array([names.index(pair) for pair in zip(strategies, symbols)], np.int64)
    closed = ClosedTrades(
        tuple(symbols[row] for row in rows), stream[rows], pnl[rows], share[rows], (sign * exposure)[rows],
        cost[rows], entry_bar[rows], exit_bar[rows], tuple(reasons[row] for row in rows),
    )  # fmt: skip
    return closed, int((exit_bar < 0).sum())


def _searched(record: RunRecord, folders: tuple[Path, ...]) -> Searched | None:
    path = record.path(SEARCH)
    if not path.is_file():
        return None
    found = read_json(path)
    try:
        settings = SearchSettings.model_validate(found["settings"])
        config = located(found["facts"]["config"], folders)
        space = tuple(kept_dimension(one) for one in found["space"])
        return Searched(
            config, settings.model_copy(update={"storage": None, "time_limit_seconds": None}), space, int(found["best"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} must say what was searched; {type(error).__name__}: {error}") from None
