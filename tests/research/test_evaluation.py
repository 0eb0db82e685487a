"""Trials: what a search keeps of a replay is that of a plain backtest of the same configuration, in every bit."""

from __future__ import annotations

import hashlib
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.analytics.basis import period_returns
from stratkit.analytics.streamed import KEPT_FIGURES
from stratkit.backtest import RunConfig, run_backtest, score_backtest
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import UsageError
from stratkit.frequency import return_periods
from stratkit.inference.trial_sums import TrialSums, trial_sums
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.outcomes import outcome_of
from stratkit.research.pruning import fold_buckets, sharpes_so_far
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished

FAST, SLOW = "strategies.cross.params.fast", "strategies.cross.params.slow"
CROSS = {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20}}
RSI = {"enabled": True, "type": "rsi_reversion", "params": {"window": 14}}
PAIRS = {"formation": 100, "refit": "weekly", "p_value": 0.5, "max_pairs": 3, "entry_z": 2.0}
PLAN = {"sl": 2, "tp1": 3, "trail_by": 2.5, "be": 1, "time_stop_bars": 30}
MOODY = """
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.strategy import Strategy


class Moody(Strategy):
    class Params(Parameters):
        mood: int = bounded(0, low=0, high=9, description="which error it makes")

    def signals(self, context):
        if self.params.mood == 1:
            raise ValueError("not today")
        if self.params.mood == 2:
            raise KeyboardInterrupt
        return self.sides(context, long=context.bars.close > context.bars.open)
"""


@pytest.fixture(scope="module")
def bars() -> Bars:
    """Three symbols with gaps, a late listing and a delisting."""
    return synthetic_universe(5, 700).bars


def config_of(strategies: dict[str, Any] | None = None, **given: Any) -> RunConfig:
    plain = {
        "strategies": strategies or {"cross": CROSS},
        "costs": {"commission_bps": 3, "half_spread_bps": 2},
        "analytics": {"benchmark": None},
        **given,
    }
    return RunConfig.model_validate(plain)


def pairs(*values: tuple[int, int]) -> list[Assignment]:
    return [{FAST: fast, SLOW: slow} for fast, slow in values]


def complete(evaluations: Sequence[Evaluation]) -> list[Outcome]:
    assert all(isinstance(one, Outcome) for one in evaluations), evaluations
    return [cast(Outcome, one) for one in evaluations]


def bits(outcome: Outcome) -> tuple[Any, ...]:
    figures = {name: "nan" if math.isnan(value) else value for name, value in outcome.metrics.items()}
    arrays = (outcome.count, outcome.total, outcome.squares)
    return figures, *(array.tobytes() for array in arrays), outcome.digest


def recorded(config: RunConfig, bars: Bars, values: Assignment, metrics: tuple[str, ...] = ()) -> Outcome:
    own = assigned(config, values)
    return outcome_of(own, bars, run_backtest(own, bars), metrics)


CONFIGS: dict[str, tuple[RunConfig, list[Assignment]]] = {
    "one strategy": (config_of(), pairs((3, 10), (5, 20), (10, 60))),
    "with an exit plan": (config_of(exit_plan=PLAN), pairs((3, 10), (5, 20))),
    "of the plan itself": (config_of(exit_plan=PLAN), [{"exit_plan.sl": 1.5}, {"exit_plan.tp1": 1.0, FAST: 4}]),
    "with books of their own": (
        config_of({"cross": CROSS, "rsi": RSI}, combine={"method": "independent"}),
        [*pairs((3, 10)), {"strategies.rsi.params.window": 7, FAST: 6}],
    ),
    "netted": (config_of({"cross": CROSS, "rsi": RSI}), [*pairs((3, 10)), {"strategies.rsi.params.window": 7}]),
    "with weights": (
        config_of({"cross": {"enabled": True, "type": "momentum_rotation", "params": {"top": 2}}}),
        [{"strategies.cross.params.top": 1}, {"strategies.cross.params.top": 3}],
    ),
    "of costs and fills": (
        config_of(),
        [{"costs.commission_bps": 50.0}, {"execution.profile": "close"}, {"costs.slippage_volatility": 0.2}],
    ),
    "of risk": (
        config_of(risk={"sizing": {"rule": "volatility_target"}}, exit_plan=PLAN),
        [{"risk.sizing.vol_target_ann": 0.05}, {"risk.caps.max_symbol_pct": 9.0}, {"risk.breakers.cooldown_bars": 9}],
    ),
    "of a short account": (config_of(costs={"borrow_ann": 0.05}, account={"leverage": 2.0}), pairs((3, 10), (4, 15))),
    "of legs": (
        config_of({"cross": {"enabled": True, "type": "pairs", "params": PAIRS}}),
        [{"strategies.cross.params.entry_z": 1.5}, {"strategies.cross.params.entry_z": 1.0}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_a_trial_is_a_plain_backtest_of_its_configuration_in_every_bit(name: str, bars: Bars) -> None:
    config, values = CONFIGS[name]
    outcomes = complete(Evaluator(config, bars).evaluate(values))
    assert len({one.digest for one in outcomes}) == len(values), "every value changes something"
    for outcome, own in zip(outcomes, values, strict=True):
        assert bits(outcome) == bits(recorded(config, bars, own)), own


@pytest.mark.parametrize("name", CONFIGS)
def test_workers_change_no_bit(name: str, bars: Bars) -> None:
    config, values = CONFIGS[name]
    alone, two = (Evaluator(config, bars, workers).evaluate(values * 3) for workers in (1, 2))
    assert [bits(one) for one in complete(alone)] == [bits(one) for one in complete(two)]


def test_sums_in_buckets_are_those_of_the_returns(bars: Bars) -> None:
    config = config_of()
    result = run_backtest(config, bars)
    (outcome,) = complete(Evaluator(config, bars).evaluate([{}]))
    level = np.concatenate(([result.initial_cash], result.equity))
    whole = trial_sums((level[1:] / level[:-1] - 1.0)[:, None])
    assert outcome.count.tolist() == whole.count.tolist()
    np.testing.assert_allclose(outcome.total, whole.total[:, 0], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(outcome.squares, whole.squares[:, 0], rtol=1e-9, atol=1e-18)
    assert outcome.digest != hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("metrics", [("omega", "ulcer"), ("tail_ratio",), ("beta", "sharpe")])
def test_any_metric_of_the_scorecard_may_be_asked_for(metrics: tuple[str, ...], bars: Bars) -> None:
    config = config_of(analytics={"benchmark": "equal_weight"} if "beta" in metrics else {"benchmark": None})
    (outcome,) = complete(Evaluator(config, bars, metrics=metrics).evaluate(pairs((4, 12))))
    own = assigned(config, pairs((4, 12))[0])
    card, _ = score_backtest(own, bars, run_backtest(own, bars))
    assert set(outcome.metrics) == {*KEPT_FIGURES, *metrics}
    for name, value in outcome.metrics.items():
        assert value == pytest.approx(card.value(name), rel=1e-12, nan_ok=True), name
    plain = complete(Evaluator(config, bars).evaluate(pairs((4, 12))))[0]
    assert outcome.digest == plain.digest, "the digest does not depend on what is asked"


def test_a_metric_that_does_not_exist_is_refused(bars: Bars) -> None:
    with pytest.raises(UsageError, match=r"sharp.*sharpe"):
        Evaluator(config_of(), bars, metrics=("sharp",))


# ---- what ends a trial


@pytest.fixture
def moody(tmp_path: Path) -> RunConfig:
    (tmp_path / "moody.py").write_text(MOODY)
    spec = {"enabled": True, "module_path": str(tmp_path / "moody.py"), "class_name": "Moody", "params": {"mood": 0}}
    return config_of({"moody": spec})


def mood(*moods: int) -> list[Assignment]:
    return [{"strategies.moody.params.mood": one} for one in moods]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_strategy_ends_its_own_trial_only(workers: int, moody: RunConfig, bars: Bars) -> None:
    first, failed, last = Evaluator(moody, bars, workers).evaluate(mood(0, 1, 3))
    assert isinstance(failed, Unfinished)
    assert failed.state == "failed"
    assert "not today" in failed.reason
    assert bits(cast(Outcome, first)) == bits(cast(Outcome, last))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_all_at_once(workers: int, moody: RunConfig, bars: Bars) -> None:
    with pytest.raises(KeyboardInterrupt):
        Evaluator(moody, bars, workers).evaluate(mood(0, 2, 0))


@pytest.mark.parametrize("workers", [1, 2])
def test_values_that_cannot_go_together_are_infeasible(workers: int, bars: Bars) -> None:
    wrong: list[Assignment] = [*pairs((20, 10)), {"strategies.cross.params.no": 1}, {FAST: 2.5}]
    for one in Evaluator(config_of(), bars, workers).evaluate(wrong):
        assert isinstance(one, Unfinished)
        assert one.state == "infeasible"
        assert one.reason


# ---- pruning


@pytest.mark.parametrize("name", ["one strategy", "netted", "of legs"])
@pytest.mark.parametrize("folds", [2, 4, 7])
def test_a_trial_is_stopped_where_its_sharpe_ratio_so_far_is_below(name: str, folds: int, bars: Bars) -> None:
    config, values = CONFIGS[name]
    evaluator = Evaluator(config, bars)
    whole = complete(evaluator.evaluate(values))
    for one, own in zip(whole, values, strict=True):
        so_far = sharpes_so_far(one, folds)
        assert complete(evaluator.evaluate([own], so_far)), "as good as the limit is good enough"
        for fold in range(folds - 1):
            limit = np.full(folds - 1, np.nan)
            limit[fold] = np.nextafter(so_far[fold], np.inf)
            (stopped,) = evaluator.evaluate([own], limit)
            assert isinstance(stopped, Unfinished)
            assert stopped.state == "pruned"
            assert f"part {fold + 1} of {folds}" in stopped.reason
            assert f"{so_far[fold]:.4g}" in stopped.reason
    none = np.full(folds - 1, np.nan)
    assert [bits(one) for one in complete(evaluator.evaluate(values, none))] == [bits(one) for one in whole]


def test_the_ratio_so_far_is_that_of_the_returns_so_far(bars: Bars) -> None:
    config = config_of()
    result = run_backtest(config, bars)
    (outcome,) = complete(Evaluator(config, bars).evaluate([{}]))
    periods = return_periods(bars.times, bars.frequency)
    returns = np.concatenate(([0.0], period_returns(result.equity, result.initial_cash, periods)))
    for ratio, buckets in zip(sharpes_so_far(outcome, 5), fold_buckets(len(outcome.count), 5), strict=True):
        seen = returns[: outcome.count[:buckets].sum()]
        assert ratio == pytest.approx(seen.mean() / seen.std(ddof=1), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(2, 64))
def test_parts_are_equal_and_end_with_buckets(buckets: int, folds: int) -> None:
    ends = fold_buckets(buckets, folds)
    assert len(ends) == folds - 1
    sizes = np.diff([0, *ends, buckets])
    assert sizes.max() - sizes.min() <= 1


def test_the_ratio_of_all_buckets_is_that_of_trial_sums(bars: Bars) -> None:
    (outcome,) = complete(Evaluator(config_of(), bars).evaluate([{}]))
    half = TrialSums(outcome.count[:128], outcome.total[:128, None], outcome.squares[:128, None])
    assert sharpes_so_far(outcome, 2)[0] == pytest.approx(half.sharpes()[0], rel=1e-12)


def test_an_evaluator_travels_to_another_process(bars: Bars) -> None:
    evaluator = Evaluator(config_of(), bars, metrics=("omega",))
    there = pickle.loads(pickle.dumps(evaluator))
    assert bits(complete(there.evaluate([{}]))[0]) == bits(complete(evaluator.evaluate([{}]))[0])
    assert len(pickle.dumps(evaluator)) < 2 * len(pickle.dumps(bars)), "nothing that was prepared travels"


def test_values_may_mend_a_configuration_that_cannot_run_as_it_is(bars: Bars) -> None:
    wrong = config_of({"cross": {**CROSS, "params": {"fast": 30, "slow": 20}}})
    mended, still = Evaluator(wrong, bars).evaluate([{FAST: 5}, {FAST: 25}])
    assert bits(complete([mended])[0]) == bits(recorded(wrong, bars, {FAST: 5}))
    assert isinstance(still, Unfinished)
    off = config_of({"cross": {**CROSS, "enabled": False}})
    on, none = Evaluator(off, bars).evaluate([{"strategies.cross.enabled": True}, {}])
    assert bits(complete([on])[0]) == bits(recorded(config_of(), bars, {}))
    assert isinstance(none, Unfinished)
    assert "enabled" in none.reason
