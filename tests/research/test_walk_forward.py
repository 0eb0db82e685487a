"""`run_walk_forward`: what is chosen on, what is judged on, and that the two never meet."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stratkit.adaptive.settings import SelectorSettings
from stratkit.backtest import RunConfig, run_backtest, score_backtest
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import RunError, UsageError
from stratkit.inference.evidence import Evidence, evidence
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray
from stratkit.research import fold_choice
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.fold_choice import Choice, Choose, Training, chosen_by_search
from stratkit.research.search_settings import RangeSettings, SearchSettings
from stratkit.research.spliced import SpanEvaluator, outcome_on, spliced
from stratkit.research.splits import Split
from stratkit.research.trials import Outcome
from stratkit.research.walk_forward import WalkForward, plan_walk_forward, run_walk_forward
from stratkit.research.walk_forward_folds import Fold, profitable_share, stability
from stratkit.research.walk_forward_record import choice_record, kept_choice, played_again, walk_record, walk_verdict
from stratkit.research.walk_forward_settings import WalkForwardSettings
from stratkit.runs.json_text import json_text
from stratkit.strategies.parameters import SearchParameter

FAST, SLOW = "strategies.cross.params.fast", "strategies.cross.params.slow"
GRID = [{FAST: fast, SLOW: slow} for fast in (3, 8) for slow in (12, 30)]
SPACE = (
    SearchParameter(FAST, "int", 5, "", 3, 8, 1),
    SearchParameter(SLOW, "int", 20, "", 12, 30, 1),
)
ROLLING: dict[str, Any] = {"train": 120, "test": 60, "purge_bars": 5}
ARRAYS = ("times", "equity", "cash", "gross", "net", "fills", "trades", "decisions")


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_universe(2, 430, seed=4).bars


def config(**given: Any) -> RunConfig:
    values: dict[str, Any] = {
        "strategies": {"cross": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20}}},
        "costs": {"commission_bps": 2},
        "risk": {"sizing": {"fraction": 0.4}},
        **given,
    }
    return RunConfig.model_validate(values)


def by_grid(seen: list[Training] | None = None) -> Choose:
    """Take the best of four sets of values."""

    def choose(training: Training) -> Choice:
        if seen is not None:
            seen.append(training)
        evaluator = (
            Evaluator(training.config, training.bars)
            if training.spans is None
            else SpanEvaluator(training.config, training.bars, training.spans)
        )
        found = [one.metrics["sharpe"] for one in evaluator.evaluate(GRID) if isinstance(one, Outcome)]
        best = int(np.nanargmax(found))
        return Choice(GRID[best], found[best], 4, 4, 0.5, 0.25 + 0.1 * training.number, "the grid is done", SPACE)

    return choose


def always(values: dict[str, Any]) -> Choose:
    return lambda _training: Choice(values, 1.0, 1, 1, space=SPACE)


def walked(bars: Bars, choose: Choose, **given: Any) -> WalkForward:
    base = given.pop("base", config())
    return run_walk_forward(plan_walk_forward(base, bars, WalkForwardSettings.model_validate(given)), choose)


@pytest.mark.parametrize(
    "given", [ROLLING, {**ROLLING, "method": "anchored"}, {"method": "combinatorial", "folds": 4, "purge_bars": 3}]
)
@pytest.mark.parametrize("trade_start", [None, 40])
def test_no_choice_sees_a_bar_of_its_test(bars: Bars, given: dict[str, Any], trade_start: int | None) -> None:
    when = None if trade_start is None else str(np.datetime64(int(bars.times[trade_start]), "ns"))
    seen: list[Training] = []
    walk = walked(bars, by_grid(seen), base=config(data={"trade_start": when}), **given)
    assert len(seen) == len(walk.folds) >= 3
    for training, fold in zip(seen, walk.folds, strict=True):
        replayed = run_backtest(training.config, training.bars)
        spans = training.spans or ((0, len(replayed.times)),)
        trained = np.concatenate([replayed.times[start:stop] for start, stop in spans])
        offset = trade_start or 0
        tested = np.concatenate([bars.times[offset + start : offset + stop] for start, stop in fold.split.test])
        purge = given["purge_bars"]
        for time in tested:
            place = int(np.searchsorted(bars.times, time))
            assert not set(bars.times[max(place - purge, 0) : place + 1].tolist()) & set(trained.tolist())
        if given.get("method") != "combinatorial":
            assert training.bars.times[-1] < tested[0]
        assert trained.min() >= bars.times[offset]


def test_one_choice_for_all_is_one_plain_run(bars: Bars) -> None:
    walk = walked(bars, always(GRID[1]), **ROLLING, on_switch="keep")
    first, last = bars.times[125], bars.times[walk.plan.stop - 1]
    plain = config(
        data={"trade_start": str(np.datetime64(int(first), "ns")), "end": str(np.datetime64(int(last), "ns"))}
    )
    expected = run_backtest(assigned(plain, GRID[1]), bars.slice(0, walk.plan.stop))
    assert len(expected.fills) > 10
    for name in ARRAYS:
        assert getattr(walk.result, name).tobytes() == getattr(expected, name).tobytes(), name
    card, _ = score_backtest(plain, bars.slice(0, walk.plan.stop), expected)
    assert walk.outside["sharpe"] == pytest.approx(card.value("sharpe"))
    assert walk.sharpe.estimate == pytest.approx(card.value("sharpe"), rel=0.02)  # the first bar counts here


def test_a_fold_is_judged_by_plain_figures(bars: Bars) -> None:
    walk = walked(bars, by_grid(), **ROLLING)
    assert len({tuple(fold.values.values()) for fold in walk.folds}) > 1
    before = walk.result.initial_cash
    for fold in walk.folds:
        training = walk.plan.training(fold.number)
        own = assigned(training.config, fold.values)
        card, _ = score_backtest(own, training.bars, run_backtest(own, training.bars))
        assert fold.inside["sharpe"] == pytest.approx(card.value("sharpe"), nan_ok=True)
        assert fold.inside["sharpe"] == pytest.approx(fold.choice.objective)
        stop = fold.split.test[-1][1] - walk.plan.first
        after = float(walk.result.equity[stop - 1])
        assert fold.outside["total_return"] == pytest.approx(after / before - 1)
        assert fold.is_profitable == (after > before)
        if fold.inside["cagr"] > 0:
            assert fold.efficiency == pytest.approx(fold.outside["cagr"] / fold.inside["cagr"])
        else:
            assert math.isnan(fold.efficiency)
        before = after
    closed = walk.result.trades[walk.result.trades["exit_bar"] >= 0]
    assert sum(fold.outside["trades"] for fold in walk.folds) == len(closed)
    assert walk.overfit == pytest.approx(np.median([0.25 + 0.1 * fold.number for fold in walk.folds]))


def test_later_bars_change_nothing_that_was_before(bars: Bars) -> None:
    whole, part = (walked(one, by_grid(), **ROLLING) for one in (bars, bars.slice(0, 310)))
    assert len(part.folds) == 3 < len(whole.folds)
    assert [fold.values for fold in part.folds] == [fold.values for fold in whole.folds[:3]]
    shared = len(part.result.times) - 1  # its last bar ends the data
    assert part.result.equity[:shared].tobytes() == whole.result.equity[:shared].tobytes()


def test_training_is_warm_from_its_first_bar(bars: Bars) -> None:
    plan = plan_walk_forward(config(), bars, WalkForwardSettings(**ROLLING))
    training = plan.training(1)
    assert run_backtest(training.config, training.bars).provenance["warmup_bars"] == 0
    assert len(run_backtest(training.config, training.bars).times) == 120
    anchored = plan_walk_forward(config(), bars, WalkForwardSettings(**ROLLING, method="anchored"))
    assert anchored.training(1).config.data.trade_start is None
    assert len(anchored.training(1).bars.times) == 180


def test_a_fold_that_finds_nothing_goes_on_with_what_was(bars: Bars) -> None:
    nothing = Choice({}, math.nan, 4, 0, space=SPACE)
    found = {1: GRID[0], 3: GRID[3]}
    walk = walked(bars, lambda t: Choice(found[t.number], 1.0, 4, 4, space=SPACE) if t.number in found else nothing,
                  **ROLLING)  # fmt: skip
    assert [fold.values for fold in walk.folds] == [{}, GRID[0], GRID[0], GRID[3], GRID[3]]
    with pytest.raises(RunError, match="at least one of 5 folds must find a trial"):
        walked(bars, lambda _training: nothing, **ROLLING)


def test_finished_folds_are_not_chosen_again(bars: Bars) -> None:
    whole = walked(bars, by_grid(), **ROLLING)
    kept: dict[int, Choice] = {}
    seen: list[Training] = []
    plan = plan_walk_forward(config(), bars, WalkForwardSettings(**ROLLING))
    done = {fold.number: kept_choice(choice_record(fold.choice)) for fold in whole.folds[:3]}
    again = run_walk_forward(plan, by_grid(seen), finished=done, keep=kept.__setitem__)
    assert [training.number for training in seen] == [3, 4] == list(kept)
    assert [fold.choice for fold in again.folds] == [fold.choice for fold in whole.folds]
    for name in ARRAYS:
        assert getattr(again.result, name).tobytes() == getattr(whole.result, name).tobytes(), name


def test_overlapping_tests_switch_at_every_step(bars: Bars) -> None:
    walk = walked(bars, by_grid(), **ROLLING, step=30)
    assert [reign.stop - reign.start for reign in walk.reigns] == [30] * (len(walk.reigns) - 1) + [60]
    with pytest.raises(UsageError, match=r"walkforward\.step must be at most a test"):
        plan_walk_forward(config(), bars, WalkForwardSettings(**ROLLING, step=61))


def test_closing_at_the_switch_trades_more(bars: Bars) -> None:
    kept, closed = (walked(bars, by_grid(), **ROLLING, on_switch=how) for how in ("keep", "close"))
    assert len(closed.result.fills) > len(kept.result.fills)
    ends = [reign.start for reign in closed.reigns[1:]]
    open_at = [
        int(((closed.result.trades["entry_bar"] < end) & (closed.result.trades["exit_bar"] > end)).sum())
        for end in ends
    ]
    assert open_at == [0] * len(ends)


def test_combinatorial_paths_go_through_every_bar(bars: Bars) -> None:
    walk = walked(bars, by_grid(), method="combinatorial", folds=4, test_folds=2)
    assert len(walk.folds) == 6
    assert len(walk.paths) == 3
    assert all(len(path.result.times) == len(bars.times) for path in walk.paths)
    order = sorted(path.sharpe for path in walk.paths)
    assert walk.paths[walk.shown].sharpe == order[1] == pytest.approx(walk.sharpe.estimate)
    for path in walk.paths:
        for fold, split in enumerate(path.splits):
            assert fold in walk.folds[split].split.folds


def test_a_training_with_holes_is_judged_on_what_is_left(bars: Bars) -> None:
    walk = walked(bars, by_grid(), method="combinatorial", folds=4, test_folds=1, purge_bars=2, embargo_bars=1)
    training = walk.plan.training(1)
    spans = training.spans
    assert spans is not None
    assert len(spans) == 2
    replayed = run_backtest(training.config, training.bars)
    returns = np.concatenate([replayed.returns[start:stop] for start, stop in spans])
    outcome = outcome_on(training.config, training.bars, replayed, spans)
    assert outcome.metrics["total_return"] == pytest.approx(np.prod(1 + returns) - 1)
    assert outcome.total.sum() == pytest.approx(returns.sum())
    assert outcome.metrics["trades"] == sum(
        any(start <= row["exit_bar"] < stop for start, stop in spans) for row in replayed.trades
    )
    mean, spread = returns[1:].mean(), returns[1:].std(ddof=1)  # the first bar of a run decides nothing
    assert outcome.metrics["sharpe"] == pytest.approx(mean / spread * math.sqrt(252), rel=0.05)


def test_all_bars_as_one_span_are_the_run_itself(bars: Bars) -> None:
    result = run_backtest(config(), bars)
    same = spliced(result, [(0, 430)])
    assert np.allclose(same.equity, result.equity, rtol=1e-12)
    assert np.allclose(same.cash + same.net, same.equity)
    assert same.fills.tobytes() == result.fills.tobytes()
    one = outcome_on(config(), bars, result, [(0, 430)]).metrics
    other = Evaluator(config(), bars).evaluate([{}])[0]
    assert isinstance(other, Outcome)
    assert one == pytest.approx(other.metrics, rel=1e-6)


def made(values: list[dict[str, Any]], space: tuple[SearchParameter, ...], gains: list[float]) -> list[Fold]:
    figures = [({"cagr": 0.1}, {"cagr": gain, "total_return": gain}) for gain in gains]
    split = Split(((0, 1),), ((1, 2),))
    return [
        Fold(number, split, Choice(one, 1.0, 1, 1, space=space), one, inside, outside)
        for number, (one, (inside, outside)) in enumerate(zip(values, figures, strict=True))
    ]


def test_stability_and_shares_by_hand() -> None:
    space = (
        SearchParameter("linear", "float", 0.0, "", 0.0, 10.0),
        SearchParameter("log", "int", 1, "", 1, 100, log=True),
        SearchParameter("word", "choice", "a", "", choices=("a", "b")),
    )
    values = [
        {"linear": 0.0, "log": 1, "word": "a"}, {"linear": 5.0, "log": 10, "word": "b"},
        {"linear": 5.0, "log": 100, "word": "b"},
    ]  # fmt: skip
    folds = made(values, space, [0.05, -0.1, 0.2])
    assert stability(folds) == pytest.approx({"linear": 0.75, "log": 0.5, "word": 0.5})
    assert profitable_share(folds) == pytest.approx(2 / 3)
    assert [fold.efficiency for fold in folds] == pytest.approx([0.5, -1.0, 2.0])
    assert math.isnan(replace(folds[0], inside={"cagr": -0.1}).efficiency)
    assert all(math.isnan(value) for value in stability(folds[:1]).values())


def test_the_efficiency_of_the_whole_is_that_of_its_years(bars: Bars) -> None:
    walk = walked(bars, by_grid(), **ROLLING)
    inside = np.mean([fold.inside["cagr"] for fold in walk.folds])
    years = len(walk.result.times) / 252
    growth = (walk.result.equity[-1] / walk.result.initial_cash) ** (1 / years) - 1
    if inside > 0:
        assert walk.efficiency == pytest.approx(growth / inside, rel=0.1)
    else:
        assert math.isnan(walk.efficiency)


@pytest.mark.parametrize("how", ["rolling", "combinatorial"])
def test_the_record_plays_the_account_again(bars: Bars, how: str) -> None:
    import json

    walk = walked(bars, by_grid(), **ROLLING, method=how, folds=4, on_switch="close")
    record = json.loads(json_text(walk_record(walk, SearchSettings(), 0)))
    again = played_again(record, walk.plan.tested, walk.plan.tested_bars)
    for name in ARRAYS:
        assert getattr(again, name).tobytes() == getattr(walk.result, name).tobytes(), name
    assert len(record["folds"]) == len(walk.folds)


def test_any_key_may_be_searched_and_each_fold_has_a_seed_of_its_own(bars: Bars) -> None:
    settings = SearchSettings(
        sampler="random", trials=6, batch=6, fixed=("direction",),
        space={"exit_plan.sl": RangeSettings(low=1, high=4), "risk.sizing.fraction": RangeSettings(low=0.1, high=0.5)},
    )  # fmt: skip
    base = config(exit_plan={"sl": 2})
    walk = walked(bars, chosen_by_search(settings), base=base, **ROLLING)
    keys = {FAST, SLOW, "exit_plan.sl", "risk.sizing.fraction"}
    assert all(set(fold.values) == keys for fold in walk.folds)
    assert len({fold.values["exit_plan.sl"] for fold in walk.folds}) == len(walk.folds)
    same = walked(bars, chosen_by_search(settings), base=base, **ROLLING)
    assert [fold.choice for fold in same.folds] == [fold.choice for fold in walk.folds]
    other = walked(bars, chosen_by_search(settings), base=base.model_copy(update={"seed": 1}), **ROLLING)
    assert [fold.values for fold in other.folds] != [fold.values for fold in walk.folds]
    assert np.allclose(walk.result.equity, walk.result.cash + walk.result.net)


def test_a_fold_is_judged_less_the_risk_free_rate(bars: Bars) -> None:
    settings = SearchSettings(sampler="random", trials=12, batch=12, objectives=("total_return",))
    plain = walked(bars, chosen_by_search(settings), **ROLLING)
    rate = walked(bars, chosen_by_search(settings), base=config(analytics={"risk_free_ann": 0.3}), **ROLLING)
    assert [fold.values for fold in rate.folds] == [fold.values for fold in plain.folds]  # what is chosen is the same
    for dear, free in zip(rate.folds, plain.folds, strict=True):
        assert dear.choice.deflated < free.choice.deflated


def test_a_fold_is_judged_among_the_trials_that_were_stopped_as_well(
    bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruning = {"startup_trials": 8, "percentile": 60}
    given = {"sampler": "random", "trials": 40, "batch": 8, "objectives": ["sharpe"], "pruning": pruning}
    stopped: list[int] = []

    def counted(best: FloatArray, sums: TrialSums, *, unfinished: int, risk_free: float) -> Evidence:
        stopped.append(unfinished)
        assert sums.trials + unfinished == walked_trials
        return evidence(best, sums, unfinished=unfinished, risk_free=risk_free)

    walked_trials = 40
    monkeypatch.setattr(fold_choice, "evidence", counted)
    walked(bars, chosen_by_search(SearchSettings.model_validate(given)), **ROLLING)
    assert max(stopped) > 0


def test_what_adapts_is_refused_before_any_fold_is_searched(bars: Bars) -> None:
    adaptive = config().model_copy(update={"meta_strategy": SelectorSettings(enabled=True)})
    with pytest.raises(UsageError, match=r"cannot adapt as well.*found optimization or meta_strategy enabled"):
        plan_walk_forward(adaptive, bars, WalkForwardSettings(**ROLLING))


def test_settings_that_contradict_are_refused() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"train": "5 years"}, "a length must be a number of bars"),
        ({"train": 250, "test": "1y"}, "must all be bars, or all be times"),
        ({"folds": 4, "test_folds": 4}, "test_folds must be below folds"),
        ({"embargo_bars": 3}, "embargo_bars has no meaning"),
    ]
    for given, words in cases:
        with pytest.raises(ValidationError, match=words):
            WalkForwardSettings.model_validate(given)


def test_the_verdict_uses_what_is_known(bars: Bars) -> None:
    told: list[tuple[int, int]] = []
    plan = plan_walk_forward(config(), bars, WalkForwardSettings(**ROLLING))
    walk = run_walk_forward(plan, by_grid(), told=lambda *one: told.append(one))
    assert told == [(number, 5) for number in range(5)]
    assert 0 <= walk.superior_p <= 1
    assert walk.sharpe.low < walk.sharpe.estimate < walk.sharpe.high
    worse = by_grid()

    def overfitted(training: Training) -> Choice:
        return replace(worse(training), overfit=0.9)

    choose: Callable[[Training], Choice] = overfitted
    assert walk_verdict(walk, {"deflated_sharpe": 0.4}).word == "fail"
    for uncounted in (None, {"trials": None}, {"deflated_sharpe": None}):
        assert "DSR is not known" in walk_verdict(walk, uncounted).reasons
    assert run_walk_forward(plan, choose).verdict(0.99).word == "fail"


def test_history_before_the_first_trade_is_no_fold(bars: Bars) -> None:
    start = str(np.datetime64(int(bars.times[100]), "ns"))
    dated = walked(bars, by_grid(), base=config(data={"trade_start": start}), **ROLLING)
    plain = walked(bars.slice(100, 430), by_grid(), **ROLLING)
    assert [fold.split for fold in dated.folds] == [fold.split for fold in plain.folds]
    assert dated.result.times.tolist() == plain.result.times.tolist()
    assert dated.folds[0].inside != plain.folds[0].inside  # its averages are warm
