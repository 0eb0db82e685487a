"""`WalkForward`: parameters chosen again and again on the past, and one account that lived by them afterwards.

For every split a choice is made on its training and judged on its test. The tests follow each other in one account: it
switches parameters at the start of every fold and pays for what that trades. Combinatorial splits test every bar
several times; their tests make several such accounts, one for each path through the folds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.history import history_bars, traded_bars
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress
from stratkit.errors import RunError, UsageError
from stratkit.frequency import is_intraday, return_periods
from stratkit.inference.interval import Interval
from stratkit.inference.sharpe import probabilistic_sharpe, sample_moments, sharpe_interval, sharpe_ratio
from stratkit.inference.superior import superior_ability
from stratkit.inference.verdict import Verdict, verdict
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.fold_choice import Choice, Choose, Training
from stratkit.research.spliced import outcome_on
from stratkit.research.splits import (
    Split,
    combinatorial,
    combinatorial_paths,
    fold_edges,
    walk_forward,
    walk_forward_by_time,
)
from stratkit.research.stitched import Reign, check_steady, stitched
from stratkit.research.trial_returns import risk_free, trial_returns
from stratkit.research.trials import Assignment
from stratkit.research.walk_forward_folds import Fold, ratio
from stratkit.research.walk_forward_settings import WalkForwardSettings
from stratkit.seeds import generator


@dataclass(frozen=True)
class Plan:
    """How bars are divided: `splits` count from the first bar that trades, `history` bars stand before it.

    `metrics` are told of every fold, beside those of `KEPT_FIGURES`.
    """

    config: RunConfig
    bars: Bars
    settings: WalkForwardSettings
    splits: tuple[Split, ...]
    history: int
    metrics: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """The first bar that is tested."""
        return min(split.test[0][0] for split in self.splits)

    @property
    def stop(self) -> int:
        """The bar behind the last that is tested."""
        return max(split.test[-1][1] for split in self.splits)

    @cached_property
    def tested_bars(self) -> Bars:
        """All bars up to the last that is tested."""
        return self.bars.slice(0, self.history + self.stop)

    @cached_property
    def tested(self) -> RunConfig:
        """The configuration of the account that lives through the tests: it trades from the first on."""
        return self._between(self.first, self.stop)

    def training(self, number: int) -> Training:
        """Return what a choice is made on: the training of a split, warmed up on the bars before it."""
        spans = self.splits[number].train
        start, stop = spans[0][0], spans[-1][1]
        config, bars = self._between(start, stop), self.bars.slice(0, self.history + stop)
        holes = tuple((first - start, end - start) for first, end in spans) if len(spans) > 1 else None
        return Training(number, config, bars, holes)

    def _between(self, start: int, stop: int) -> RunConfig:
        times, data = self.bars.times, self.config.data
        first = data.trade_start
        if start > 0:
            first = moment(self.bars, int(times[self.history + start]))
        end = data.end if self.history + stop == len(times) else moment(self.bars, int(times[self.history + stop - 1]))
        return self.config.model_copy(update={"data": data.model_copy(update={"trade_start": first, "end": end})})


@dataclass(frozen=True)
class Path:
    """One account through all folds: `splits` says whose choice is in force in each; `sharpe` is a year's."""

    splits: tuple[int, ...]
    result: BacktestResult
    sharpe: float


@dataclass(frozen=True)
class WalkForward:
    """The folds, and the account that lived through their tests.

    `result` is that account: of combinatorial splits the path with the median Sharpe ratio, number `shown` of `paths`.
    `sharpe` is its yearly Sharpe ratio with its interval over `periods` returns, `probabilistic` the probability that
    the true one is above 0 were this the only account ever tried; `superior_p` tests it against cash. `overfit` is the
    median PBO of the folds' searches.
    """

    plan: Plan
    folds: tuple[Fold, ...]
    reigns: tuple[Reign, ...]
    paths: tuple[Path, ...]
    shown: int
    sharpe: Interval
    periods: int
    outside: Mapping[str, float]
    probabilistic: float
    overfit: float
    superior_p: float

    @property
    def result(self) -> BacktestResult:
        """The account."""
        return self.paths[self.shown].result

    def verdict(self, deflated: float) -> Verdict:
        """Return what is to be thought of the account, `deflated` being DSR among all trials; NaN: nobody counted."""
        return verdict(deflated, self.overfit, self.sharpe.low, self.superior_p)

    @property
    def efficiency(self) -> float:
        """The yearly return of the account over the mean of those that the choices had in their trainings.

        NaN unless that mean is above 0. Source as in `Fold.efficiency`.
        """
        inside = float(np.mean([fold.inside["cagr"] for fold in self.folds]))
        return ratio(self.outside["cagr"], inside)


def plan_walk_forward(
    config: RunConfig, bars: Bars, settings: WalkForwardSettings, metrics: Sequence[str] = ()
) -> Plan:
    """Divide the bars; raise `UsageError` where they are too few, or where bars between two tests belong to none.

    And for what adapts on the way, before any fold is searched.
    """
    check_steady([config])
    history, traded = history_bars(config.data, bars), traded_bars(config.data, bars)
    return Plan(config, bars, settings, _splits(traded, settings), history, tuple(metrics))


def run_walk_forward(
    plan: Plan,
    choose: Choose,
    *,
    finished: Mapping[int, Choice] | None = None,
    keep: Callable[[int, Choice], None] | None = None,
    told: Callable[[int, int], None] | None = None,
    progress: Progress | None = None,
) -> WalkForward:
    """Choose on every training, then live through the tests.

    Folds in `finished` are not chosen again; `keep` hears of every new choice as soon as it is made, `told` of (fold
    begun, folds). Raises `RunError` when no fold could choose anything, `UsageError` for choices that cannot follow
    each other in one account.
    """
    choices: list[Choice] = []
    known = finished or {}
    for number in range(len(plan.splits)):
        if told is not None:
            told(number, len(plan.splits))
        choice = known.get(number) or choose(plan.training(number))
        if number not in known and keep is not None:
            keep(number, choice)
        choices.append(choice)
    if not any(choice.values for choice in choices):
        raise RunError(
            f"at least one of {len(choices)} folds must find a trial that keeps every constraint; none does: loosen "
            "search.constraints, or train longer"
        )
    values = _in_force(choices)
    paths = _paths(plan, values, progress)
    shown = int(np.argsort([path.sharpe for path in paths], kind="stable")[(len(paths) - 1) // 2])
    folds = tuple(
        _fold(plan, number, choice, values[number], paths[shown].result) for number, choice in enumerate(choices)
    )
    return _judged(plan, folds, paths, shown, values)


def reigns_of(plan: Plan, values: Sequence[Assignment], path: Sequence[int] | None = None) -> tuple[Reign, ...]:
    """Return who decides when, in bars from the first test on: the splits in their order, or those of a `path`."""
    configs = [assigned(plan.tested, each) for each in values]
    if path is None:
        starts = [split.test[0][0] - plan.first for split in plan.splits]
        stops = [*starts[1:], plan.stop - plan.first]
        return tuple(Reign(*one) for one in zip(configs, starts, stops, strict=True))
    edges = fold_edges(plan.stop, plan.settings.folds)
    return tuple(Reign(configs[split], edges[fold], edges[fold + 1]) for fold, split in enumerate(path))


def moment(bars: Bars, time_ns: int) -> str:
    """Return a bar's start as the text of a date or a time; a bare date stands for its whole day."""
    stamp = np.datetime64(time_ns, "ns")
    return str(stamp.astype("datetime64[s]" if is_intraday(bars.frequency) else "datetime64[D]"))


def _splits(bars: Bars, settings: WalkForwardSettings) -> tuple[Split, ...]:
    if settings.method == "combinatorial":
        return combinatorial(
            len(bars.times), settings.folds, settings.test_folds, purge_bars=settings.purge_bars,
            embargo_bars=settings.embargo_bars,
        )  # fmt: skip
    train, test, step = settings.lengths
    anchored = settings.method == "anchored"
    if train.is_time:
        splits = walk_forward_by_time(
            bars.times, train, test, step=step, anchored=anchored, purge_bars=settings.purge_bars
        )
    else:
        splits = walk_forward(
            len(bars.times), train.count, test.count, anchored=anchored, purge_bars=settings.purge_bars,
            step_bars=step.count,
        )  # fmt: skip
    for one, later in pairwise(splits):
        if later.test[0][0] > one.test[0][1]:
            raise UsageError(
                "walkforward.step must be at most a test, or the bars between two tests would belong to none; found "
                f"{settings.step} after a test of {settings.test}"
            )
    # where tests overlap, a fold is tested until the next one takes over
    ends = [*(later.test[0][0] for later in splits[1:]), splits[-1].test[0][1]]
    return tuple(
        replace(split, test=((split.test[0][0], min(split.test[0][1], end)),))
        for split, end in zip(splits, ends, strict=True)
    )


def _in_force(choices: Sequence[Choice]) -> list[Assignment]:
    """Return the values of each fold; where nothing was chosen those before, at the start those configured."""
    held: Assignment = {}
    values = []
    for choice in choices:
        held = choice.values or held
        values.append(held)
    return values


def _paths(plan: Plan, values: Sequence[Assignment], progress: Progress | None) -> tuple[Path, ...]:
    routes: list[tuple[int, ...] | None] = [None]
    if plan.settings.method == "combinatorial":
        routes = list(combinatorial_paths(plan.splits))
    found = []
    for route in routes:
        result = stitched(reigns_of(plan, values, route), plan.tested_bars, plan.settings.on_switch, progress)
        returns, _, root = _returns(plan, result)
        ratio_ann = float(sharpe_ratio(sample_moments(returns)).value) * root
        found.append(Path(tuple(range(len(plan.splits))) if route is None else route, result, ratio_ann))
    return tuple(found)


def _fold(plan: Plan, number: int, choice: Choice, values: Assignment, account: BacktestResult) -> Fold:
    split, training = plan.splits[number], plan.training(number)
    trained = assigned(training.config, values)
    whole = ((0, split.train[-1][1] - split.train[0][0]),)
    inside = outcome_on(
        trained, training.bars, run_backtest(trained, training.bars), training.spans or whole, plan.metrics
    )
    tested, result, shift = assigned(plan.tested, values), account, plan.first
    if plan.settings.method == "combinatorial":  # the account of one path tests a part of the split only
        result = run_backtest(tested, plan.tested_bars)
    spans = [(start - shift, stop - shift) for start, stop in split.test]
    outside = outcome_on(tested, plan.tested_bars, result, spans, plan.metrics)
    return Fold(number, split, choice, values, inside.metrics, outside.metrics)


def _judged(
    plan: Plan, folds: tuple[Fold, ...], paths: tuple[Path, ...], shown: int, values: Sequence[Assignment]
) -> WalkForward:
    account = paths[shown]
    returns, periods, root = _returns(plan, account.result)
    moments = sample_moments(returns)
    estimate = sharpe_ratio(moments)
    shape = (moments.skewness, moments.kurtosis)
    interval = sharpe_interval(estimate.value, moments.n, *shape)
    probabilistic = math.nan if estimate.reason else probabilistic_sharpe(float(estimate), moments.n, *shape).value
    known = [fold.choice.overfit for fold in folds if not math.isnan(fold.choice.overfit)]
    overfit = float(np.median(known)) if known else math.nan
    superior = _superior(returns, plan.config.seed)
    combined = plan.settings.method == "combinatorial"
    reigns = reigns_of(plan, values, account.splits if combined else None)
    whole = outcome_on(plan.tested, plan.tested_bars, account.result, [(0, len(account.result.times))], plan.metrics)
    return WalkForward(
        plan, folds, reigns, paths, shown, interval.scaled(root), periods, whole.metrics, probabilistic, overfit,
        superior,
    )  # fmt: skip


def _returns(plan: Plan, result: BacktestResult) -> tuple[FloatArray, int, float]:
    """Return the returns per period less the risk-free rate, how many there are, and the root of a year's."""
    periods = return_periods(result.times, plan.bars.frequency, plan.config.analytics.periods_per_year)
    returns = trial_returns(plan.tested, plan.tested_bars, result) - risk_free(plan.tested, periods)
    return returns, len(returns), math.sqrt(basis_of(periods, plan.config.analytics).per_year)


def _superior(returns: FloatArray, seed: int) -> float:
    try:
        return superior_ability(returns[:, None], generator(seed, "research", "walkforward", "superior")).p_value
    except UsageError:  # nothing was traded
        return math.nan
