"""A trial of a search and the same configuration run by hand are one trial of the ledger, with the same sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stratkit.backtest import RunConfig, run_backtest, score_backtest
from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.research.assignment import assigned
from stratkit.research.counted import trial_ground
from stratkit.research.outcomes import outcome_of
from stratkit.research.provenance import run_manifest
from stratkit.research.trials import Assignment
from stratkit.runs.ledger import open_ledger
from stratkit.runs.own_trial import own_trial, returns_of_periods
from stratkit.strategies.settings import StrategySettings

FAST = "strategies.trend.params.fast"
VALUES: Assignment = {FAST: 7, "costs.commission_bps": 2.0}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return load_bars(DataSettings(symbols=("SP500",), start="2010-01-01", end="2012-12-31"))


@pytest.fixture(scope="module")
def config() -> RunConfig:
    trend = StrategySettings(enabled=True, type="sma_cross", params={"fast": 5, "slow": 30, "direction": "both"})
    data = DataSettings(symbols=("SP500",), start="2010-01-01", end="2012-12-31")
    return RunConfig(data=data, strategies={"trend": trend})


def test_a_trial_of_a_search_and_the_same_run_by_hand_count_once(config: RunConfig, bars: Bars, tmp_path: Path) -> None:
    ground = trial_ground(config, bars, "optimize", "20240102-030405-aaaaaa")
    changed = assigned(config, VALUES)
    result = run_backtest(changed, bars)
    returns = returns_of_periods(result.equity, result.initial_cash, np.arange(len(bars.times)))
    searched = ground.entry(changed, VALUES, outcome_of(changed, bars, result), number=4, returns=returns)
    manifest = run_manifest(changed, changed.model_dump(mode="json", by_alias=True), bars, {}, ())
    card, _ = score_backtest(changed, bars, result)
    described = {"period_unit": card.period_unit, "metrics": [{"name": one.name, "value": one.value} for one in card]}
    by_hand = own_trial(manifest, described, result.times, result.equity, run_id="by-hand")
    assert (searched.identity, searched.key) == (by_hand.identity, by_hand.key)
    for name in ("edges", "count", "total", "squares"):
        # the last bits depend on how sums are added up: bar by bar in a search, all at once here
        np.testing.assert_allclose(getattr(searched, name), getattr(by_hand, name), rtol=1e-12, atol=1e-15)
    assert by_hand.returns is not None
    assert np.prod(1 + by_hand.returns) - 1 == pytest.approx(card.value("total_return"))
    with open_ledger(tmp_path) as ledger:
        assert ledger.add([searched]) == 1
        assert ledger.add([by_hand]) == 0
        pool = ledger.pool(searched.key, searched.edges, searched.count)
        (kept,) = ledger.trials(1)
    assert pool.trials == 1
    assert (kept.kind, kept.number, kept.values) == ("optimize", 4, dict(VALUES))


def test_other_values_are_another_trial_and_a_failed_one_counts(config: RunConfig, bars: Bars, tmp_path: Path) -> None:
    ground = trial_ground(config, bars, "optimize", "20240102-030405-aaaaaa")
    trials = [
        ground.entry(assigned(config, {FAST: fast}), {FAST: fast}, None, number=number)
        for number, fast in enumerate((5, 6, 7, 7))
    ]
    assert len({trial.identity for trial in trials}) == 3
    assert ground.entry(config, {}, None, number=9).identity == trials[0].identity  # 5 is what stands there
    with open_ledger(tmp_path) as ledger:
        assert ledger.add(trials) == 3
        assert ledger.pool(ground.key, ground.edges, None).unfinished == 3


def test_other_bars_are_another_trial_of_the_same_count(config: RunConfig, bars: Bars) -> None:
    shorter = config.model_copy(update={"data": config.data.model_copy(update={"end": "2012-12-28"})})
    ground = trial_ground(config, bars, "optimize", "a")
    other = trial_ground(shorter, load_bars(shorter.data), "walkforward", "b")
    assert ground.entry(config, {}, None, number=0).identity != other.entry(shorter, {}, None, number=0).identity
    assert ground.key == other.key
