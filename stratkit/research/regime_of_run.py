"""`RunByRegime`: what a kept run earned in each regime, of trades and of the account, on bars labelled again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stratkit.analytics.regime_facts import RegimeFacts, regime_facts
from stratkit.analytics.regime_split import RegimeSplit, split_trades
from stratkit.analytics.settings import per_period
from stratkit.analytics.trades import FEW_TRADES
from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.market import market_bars
from stratkit.research.provenance import located
from stratkit.research.regime_study import RegimeStudy, labels_by
from stratkit.runs.folder import RunRecord
from stratkit.runs.places import working_folders
from stratkit.runs.run_table import RunTable, read_table


@dataclass(frozen=True)
class RunByRegime:
    """A run split by regime.

    `split` are its trades by the label of their symbol on the bar of the decision; `account` are the returns of its
    account, bar by bar, by the label of `account_by`: the symbol of a run that has one, else the market.
    """

    run_id: str
    folder: Path
    split: RegimeSplit
    account: RegimeFacts
    account_by: str

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """What to know before these figures are believed: a code and a sentence each."""
        few = [f"{row.name} {row.trades}" for row in self.split.rows if row.trades < FEW_TRADES]
        if not few:
            return ()
        return (
            (
                "few-trades",
                f"below {FEW_TRADES} trades ({', '.join(few)}) a win rate or a mean R is a story: a run that was split "
                "often enough has a good part",
            ),
        )


def config_of_run(record: RunRecord, plain: Mapping[str, Any], data: str | None) -> RunConfig:
    """Return the configuration of a run with its files where they are now, its bars at `data` where that is given."""
    if data is not None:
        plain = {**plain, "data": {**plain["data"], "path": str(Path(data).expanduser().resolve())}}
    return located(plain, working_folders(record.folder))


def run_by_regime(record: RunRecord, bars: Bars, study: RegimeStudy) -> RunByRegime:
    """Return the results of a run split by the labels of `study`, which are of its `bars`.

    Raises `DataError` for a damaged table, and where the bars are not those of the run.
    """
    curve, table = read_table(record, "equity"), read_table(record, "trades")
    times, equity = curve.ints("time"), curve.floats("equity")
    place = np.searchsorted(bars.times, times)
    if not len(times) or place[-1] >= len(bars.times) or not (bars.times[place] == times).all():
        raise DataError(
            f"the bars must be those that {record.run_id} was run on; they have not all of its {len(times):,} times: "
            "name their place with --data"
        )
    symbols = _symbols(record, table, bars)
    bar = table.ints("decision_bar")
    column = np.zeros_like(symbols) if study.settings.scope == "market" else symbols
    label, episode = study.labels.label.astype(np.int64), episodes(study.labels)
    at = place[np.maximum(bar, 0)]
    code = np.where(bar >= 0, label[at, column], -1)
    split = split_trades(
        study.labels.names, code, np.where(bar >= 0, episode[at, column], -1), table.floats("pnl"),
        table.floats("r_multiple"), (table.ints("exit_bar") < 0).astype(np.int64),
    )  # fmt: skip
    labels, name = _of_account(study, bars)
    return RunByRegime(record.run_id, record.folder, split, _account(study, labels, name, place, equity), name)


def episodes(labels: RegimeLabels) -> IntArray:
    """Return (T, N) a number for each episode, which no other episode of any symbol has; -1 without a label.

    >>> found = RegimeLabels("r", ("a", "b"), np.array([[0], [0], [1], [-1]]), np.ones((4, 1)), causal=True)
    >>> episodes(found).ravel().tolist()
    [0, 0, 1, -1]
    """
    label = labels.label
    begins = np.ones(label.shape, np.bool_)
    for column in range(label.shape[1]):  # bars that a symbol has not do not part an episode
        own = np.flatnonzero(label[:, column] >= 0)
        begins[:, column] = False
        begins[own[np.append(True, np.diff(label[own, column]) != 0)[: len(own)]], column] = True
    count = np.cumsum(begins.T.ravel()).reshape(label.T.shape).T - 1
    return np.where(label >= 0, count, -1)


def _of_account(study: RegimeStudy, bars: Bars) -> tuple[RegimeLabels, str]:
    """Return labels (T, 1) for an account, and of what they are."""
    if study.labels.shape[1] == 1:
        return study.labels, study.bars.symbols[0]
    return labels_by(study.method, study.settings, market_bars(bars), study.seed), "market"


def _account(study: RegimeStudy, labels: RegimeLabels, name: str, place: IntArray, equity: FloatArray) -> RegimeFacts:
    before = np.concatenate(([np.nan], equity[:-1]))
    returns = np.divide(equity, before, out=np.ones_like(equity), where=before > 0) - 1.0
    returns[0] = np.nan
    return regime_facts(
        name, labels.names, labels.label[place, 0].astype(np.int64), returns, np.ones(len(place), np.bool_),
        study.bars_per_year, confidence=labels.confidence[place, 0],
        risk_free=per_period(study.risk_free_ann, study.bars_per_year),
    )  # fmt: skip


def _symbols(record: RunRecord, table: RunTable, bars: Bars) -> IntArray:
    codes, names = table.coded("symbol")
    missing = sorted({names[code] for code in codes} - set(bars.symbols))
    if missing:
        raise DataError(f"the bars must be those that {record.run_id} was run on; they lack {', '.join(missing)}")
    columns = np.array([bars.symbols.index(name) if name in bars.symbols else -1 for name in names], np.int64)
    return columns[codes] if len(codes) else np.empty(0, np.int64)
