"""Sweeps: trials of one strategy replayed many at a time, each like a plain backtest, in memory of the sets alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.features import indicators
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.lane import Batch, Lane
from stratkit.research.outcomes import outcome_of
from stratkit.research.pruning import sharpes_so_far
from stratkit.research.trials import Assignment, Outcome, Unfinished
from stratkit.strategies.parameters import ParameterValue

FAST, SLOW, DIRECTION = (f"strategies.cross.params.{name}" for name in ("fast", "slow", "direction"))
CROSS = {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20, "direction": "both"}}
TALKATIVE = """
import numpy as np
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.strategy import Strategy


class Talkative(Strategy):
    class Params(Parameters):
        says: int = bounded(0, low=0, high=4, description="what it says beside its sides")
        wait: int = bounded(3, low=1, high=50, description="bars between its entries")

    def signals(self, context):
        close, bars = context.bars.close, np.arange(len(context.bars.times))[:, None]
        long = np.broadcast_to(bars % self.params.wait == 0, close.shape) & context.has_bar
        more = [{}, {"confidence": np.full(close.shape, 0.5)}, {"stop_level": close * 0.95}, {"size": close * 0 + 0.1}]
        if self.params.says == 4:
            return self.weights(context, np.where(long, 0.1, np.nan))
        return self.sides(context, long=long, exit=~long & (bars % 7 == 0), **more[self.params.says])
"""


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_universe(4, 500).bars


def config_of(strategies: dict[str, Any] | None = None, **given: Any) -> RunConfig:
    plain = {"costs": {"commission_bps": 3}, "analytics": {"benchmark": None}, **given}
    return RunConfig.model_validate({"strategies": strategies or {"cross": CROSS}, **plain})


def grid(axes: Mapping[str, Sequence[ParameterValue]]) -> list[Assignment]:
    """Every set of values of some axes."""
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def digests(found: list[Any]) -> list[str]:
    assert all(isinstance(one, Outcome) for one in found), found
    return [one.digest for one in found]


def test_trials_of_one_strategy_are_replayed_many_at_a_time(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    replay = Batch.replay

    def watched(batch: Batch, stop_below: Any) -> Any:
        sizes.append(len(batch.places))
        return replay(batch, stop_below)

    monkeypatch.setattr(Batch, "replay", watched)
    sets = grid({FAST: range(2, 12), SLOW: range(20, 30)})
    many = Evaluator(config_of(), bars).evaluate(sets)
    assert sum(sizes) == 100
    assert max(sizes) == 64
    monkeypatch.setattr(Lane, "of", lambda *_: None)
    assert digests(many) == digests(Evaluator(config_of(), bars).evaluate(sets))
    assert sum(sizes) == 100, "without a lane they are replayed one by one"


def test_each_indicator_is_computed_once_per_parameter(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    windows: list[int] = []
    real = vars(indicators)["on_talib"]

    def counted(name: str, values: Any, **params: Any) -> Any:
        windows.append(params["timeperiod"])
        return real(name, values, **params)

    monkeypatch.setattr(indicators, "on_talib", counted)
    Evaluator(config_of(), bars).evaluate(grid({FAST: (3, 4, 5), SLOW: (10, 20, 30, 40)}))
    assert sorted(windows) == [3, 4, 5, 10, 20, 30, 40]


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("workers", [1, 2])
def test_a_strategy_that_says_more_than_sides_leaves_the_lane(
    first: int, workers: int, bars: Bars, tmp_path: Path
) -> None:
    (tmp_path / "talkative.py").write_text(TALKATIVE)
    spec = {"module_path": str(tmp_path / "talkative.py"), "class_name": "Talkative", "params": {"says": 0, "wait": 3}}
    config = config_of({"talk": {"enabled": True, **spec}}, exit_plan={"sl": 2, "trail_by": 2})
    says = [first, *range(5)]
    sets: list[Assignment] = [
        {"strategies.talk.params.says": one, "strategies.talk.params.wait": wait} for wait in (5, 11) for one in says
    ]
    for outcome, own in zip(Evaluator(config, bars, workers).evaluate(sets), sets, strict=True):
        plain = assigned(config, own)
        assert cast(Outcome, outcome).digest == outcome_of(plain, bars, run_backtest(plain, bars)).digest, own


def test_values_of_other_keys_are_no_parameters_of_the_lane(bars: Bars) -> None:
    lane = Evaluator(config_of(), bars)._lane
    assert isinstance(lane, Lane)
    assert lane.parameters({FAST: 7}) == {"fast": 7, "slow": 20, "direction": "both"}
    others: list[Assignment] = [{"costs.commission_bps": 1.0}, {FAST: None}, {"strategies.cross.params.no": 1}]
    assert [lane.parameters(one) for one in others] == [None, None, None]


def test_strategies_that_share_an_account_have_no_lane(bars: Bars) -> None:
    rsi = {"enabled": True, "type": "rsi_reversion", "params": {"window": 14}}
    assert Evaluator(config_of({"cross": CROSS, "rsi": rsi}), bars)._lane is None
    assert Evaluator(config_of(), bars, metrics=("tail_ratio",))._lane is None


def test_a_batch_stops_those_that_do_worse_and_changes_no_other(bars: Bars) -> None:
    sets = grid({FAST: range(2, 10), SLOW: range(20, 26)})
    evaluator = Evaluator(config_of(), bars)
    whole = [cast(Outcome, one) for one in evaluator.evaluate(sets)]
    so_far = np.array([sharpes_so_far(one, 4) for one in whole])
    limits = np.median(so_far, axis=0)
    stopped = evaluator.evaluate(sets, limits)
    for one, outcome, ratios in zip(stopped, whole, so_far, strict=True):
        below = np.flatnonzero(ratios < limits)
        if len(below):
            assert isinstance(one, Unfinished)
            assert f"part {below[0] + 1} of 4" in one.reason
        else:
            assert cast(Outcome, one).digest == outcome.digest
    assert sum(isinstance(one, Unfinished) for one in stopped) > len(sets) // 2


def test_memory_grows_with_the_sets_and_not_with_sets_times_bars() -> None:
    long = synthetic_universe(4, 20_000).bars
    own = long.select(
        (next(name for column, name in enumerate(long.symbols) if np.isfinite(long.close[:, column]).all()),)
    )
    directions: tuple[ParameterValue, ...] = ("both", "long_only")
    evaluator = Evaluator(config_of(), own)
    axes = {FAST: range(2, 22), SLOW: range(30, 45)}
    evaluator.evaluate(grid(axes))
    used = []
    for chosen in (directions[:1], directions):
        sets = grid({**axes, DIRECTION: chosen})
        tracemalloc.start()
        kept = evaluator.evaluate(sets)
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(kept) == 300 * len(chosen)
    assert (used[1] - used[0]) / 300 < 10_000, "half a byte a bar"


def test_the_benchmark_checks_and_measures_a_small_sweep(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "benchmarks" / "sweep.py"), "--measure", "small", "--repeats", "1"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=checkout)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert set(report) == {"seconds", "peak_mb", "trades"}
    assert report["trades"] > 10
    assert all(wall > 0 for wall, _ in report["seconds"].values())
