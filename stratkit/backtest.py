"""The hallway: `RunConfig`, composed of every room's settings, and the whole replay on one screen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stratkit.analytics.attributed import attributed
from stratkit.analytics.attribution import Attribution, attribute
from stratkit.analytics.benchmark import Benchmark, make_benchmark
from stratkit.analytics.funnel import COMBINED
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.combine.blend import Blend, Blending, Books, blend_rows, open_blend, proposal_counts
from stratkit.combine.opinions import opinions_at
from stratkit.combine.settings import CombineSettings, GlobalSettings, method_of
from stratkit.controls import Controls, ControlSettings, changed_on, clipped, stretches
from stratkit.data.bars import Bars
from stratkit.data.beside import bars_to_hold, corporate_actions, detail_settings, external_series
from stratkit.data.funding import load_funding
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.engine.detail import Detail, detail_of
from stratkit.engine.layout import Market
from stratkit.engine.profiles import trades_at_next_open
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress, peeked, steer
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import Stage, set_stage
from stratkit.engine.snapshot import snapshot
from stratkit.engine.tally import Tally
from stratkit.errors import UsageError
from stratkit.features.external import SeriesSource
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray, IntArray
from stratkit.plans import ExitPlan, PlanOrName, find_plan
from stratkit.risk.requests import Mandate
from stratkit.risk.settings import RiskSettings
from stratkit.strategies.context import Context
from stratkit.strategies.desk import Desk, desk_of, open_desk
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import Signals
from stratkit.strategies.surroundings import Surroundings


class RunConfig(BaseModel):
    """Everything that decides what a run computes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    data: DataSettings = Field(default_factory=DataSettings, description="which bars")
    strategies: dict[str, StrategySettings] = Field(
        default_factory=dict, description="strategies by a name of your choice; they are off until enabled"
    )
    global_: GlobalSettings = Field(
        default_factory=GlobalSettings, alias="global", description="what holds for all strategies together"
    )
    combine: CombineSettings = Field(
        default_factory=CombineSettings, description="how the opinions of several strategies become one"
    )
    overrides: dict[str, dict[str, ControlSettings]] = Field(
        default_factory=dict, description="changes of strategies by the date from which they hold"
    )
    risk: RiskSettings = Field(default_factory=RiskSettings, description="sizing, caps and breakers")
    exit_plan: PlanOrName | None = Field(
        None, description="how positions are left, in R, or a profile's name; none = as each strategy was designed"
    )
    exit_plans: dict[str, ExitPlan] = Field(
        default_factory=dict, description="exit plans of your own by a name that an exit_plan may give"
    )
    account: AccountSettings = Field(default_factory=AccountSettings, description="the cash account")
    costs: CostSettings = Field(default_factory=CostSettings, description="what trading and holding cost")
    execution: ExecutionSettings = Field(default_factory=ExecutionSettings, description="how orders are filled")
    analytics: AnalyticsSettings = Field(
        default_factory=AnalyticsSettings, description="what the run is measured against"
    )
    seed: int = Field(0, ge=0, description="seed of everything random")

    def enabled(self) -> dict[str, StrategySettings]:
        """Return the strategies that run, in their order; raise `UsageError` when there is none."""
        running = {name: settings for name, settings in self.strategies.items() if settings.enabled}
        if not running:
            raise UsageError("at least one strategy must be enabled; found none: choose one with --only NAME")
        return running

    def plan_of(self, settings: StrategySettings) -> ExitPlan | None:
        """Return the exit plan configured for a strategy; None = as it was designed."""
        given = settings.exit_plan if settings.exit_plan is not None else self.exit_plan
        return None if given is None else find_plan(given, self.exit_plans)


@dataclass(frozen=True)
class Inputs:
    """What a replay reads, whatever is assumed about fills: bars, the strategies at their desk, what surrounds them.

    `signal_bars` are the split-adjusted bars that the signals stand on when raw prices are traded, None when these
    are `bars`; `events` are split ratios and dividends per share, (T, N) each; `detail` the finer bars inside each bar;
    `series` the digests of the external series by name; `context` what the strategies were shown; `market` the
    arrays of the engine, where another replay has made them.
    """

    bars: Bars
    desk: Desk
    signal_bars: Bars | None = None
    events: tuple[FloatArray, FloatArray] | None = None
    funding: FloatArray | None = None
    detail: Detail | None = None
    series: Mapping[str, str] = field(default_factory=dict)
    context: Context | None = None
    market: Market | None = None


def run_backtest(config: RunConfig, bars: Bars, progress: Progress | None = None) -> BacktestResult:
    """Replay the configured strategies over `bars`; `progress` is told (bars done, bars)."""
    return replay(config, prepare(config, bars), progress)


def prepare(config: RunConfig, bars: Bars, like: Inputs | None = None) -> Inputs:
    """Ask the configured strategies what they want on `bars`; what surrounds them is read, or taken from `like`."""
    around = like or gather(config, bars)
    desk = open_desk(
        config.enabled(), around.context or Context(bars), on_error=config.global_.on_error,
        time_limit_seconds=config.global_.time_limit_seconds,
        surroundings=Surroundings(risk_constraints=config.risk.caps.model_dump(exclude_none=True)),
    )  # fmt: skip
    return replace(around, desk=desk)


def gather(config: RunConfig, bars: Bars) -> Inputs:
    """Return what a replay needs beside its strategies, with nobody at the desk."""
    events, seen = corporate_actions(config.data, bars)
    series = external_series(config.data, seen)
    outside = SeriesSource(seen, series)
    for gap in outside.gaps():
        warnings.warn(gap, stacklevel=3)
    return Inputs(
        bars,
        desk_of(),
        None if seen is bars else seen,
        events,
        None if config.costs.funding_path is None else load_funding(config.costs.funding_path, bars),
        None if config.data.detail_path is None else detail_of(bars, load_bars(detail_settings(config.data, bars))),
        {name: one.digest for name, one in series.items()},
        Context(seen, external=outside),
    )


def replay(config: RunConfig, inputs: Inputs, progress: Progress | None = None) -> BacktestResult:
    """Replay what was prepared, under the account, costs, fills and risk of `config`."""
    return played(config, inputs, progress).result


@dataclass(frozen=True)
class Played:
    """A result, and the desk with what its strategies said."""

    result: BacktestResult
    desk: Desk


def played(config: RunConfig, inputs: Inputs, progress: Progress | None = None) -> Played:
    """Replay like `replay`, and return the desk as it was left beside the result."""
    stage, desk, blending = play_through(config, inputs, progress)
    result = stage.result()
    named = result.decisions[result.decisions["slot"] >= 0]
    combined = None if blending is None else blending.result
    remarked = any(one.remarks for one in desk.signals)
    told: dict[str, Any] = {"seed": config.seed, "warmup_bars": max(one.warmup_bars for one in desk.signals)}
    told |= {"series_digests": dict(inputs.series)} if inputs.series else {}
    complete = replace(
        result,
        provenance={**result.provenance, **told},
        faults=desk.faults,
        proposals={} if blending is None else proposal_counts(blending),
        opinions=opinions_at(
            desk.signals, combined, named["bar"], result.slot_symbol[named["slot"]],
            _voice_weights(config, inputs.bars.times),
        ) if combined is not None or remarked else None,
        contribution=_contribution(combined, result),
    )  # fmt: skip
    return Played(complete, desk)


def play_through(
    config: RunConfig, inputs: Inputs, progress: Progress | None = None, tally: Tally | None = None
) -> tuple[Stage, Desk, Blending | None]:
    """Play all bars, into a `tally` or recorded; return the stage with what was played, the desk and the blend."""
    desk = inputs.desk.fresh()
    blending = _blending(config, desk)
    books, blend = _combined(desk.signals, blending)
    held = _controls(config)
    mandates = [
        Mandate(config.plan_of(settings), float(cap), float(multiplier))
        for settings, cap, multiplier in zip(config.enabled().values(), held.max_at_risk, held.multiplier)
    ]
    stage = set_stage(
        inputs.bars, books, mandates, account=config.account, costs=config.costs, execution=config.execution,
        risk=config.risk, blend=blend, funding=inputs.funding, events=inputs.events, signal_bars=inputs.signal_bars,
        detail=inputs.detail, market=inputs.market, tally=tally,
    )  # fmt: skip
    for start, stop, controls in _stretches(config, inputs.bars.times):
        _play_stretch(stage, desk, blending, start, stop, controls, trades_at_next_open(config.execution), progress)
    return stage, desk, blending


def _play_stretch(
    stage: Stage, desk: Desk, blending: Blending | None, start: int, stop: int, controls: Controls, next_open: bool,
    progress: Progress | None,
) -> None:  # fmt: skip
    """Play the bars in which the decisions of bars [start, stop) act, under the controls of that stretch.

    A row acts in the next bar, or at its own close. The last bar also needs its own row, whose intents expire.
    """
    bars, later = len(stage.bars.times), int(next_open)
    until = bars if stop == bars else min(stop + later, bars - 1)
    if start + later < bars:
        steer(stage.playing, controls)

    def decide(first: int, last: int) -> None:
        if blending is not None:
            blend_rows(blending, first, last, controls.weight, controls.enabled)
        stage.sheet.fill(first, last, controls.multiplier)

    if not desk.needs_state:
        decide(start, stop)
        stage.play_to(until, progress)
        return
    for bar in range(start, stop):
        looks_ahead = not next_open or bar == bars - 1
        if not looks_ahead:
            stage.play_to(bar + 1, progress)
        book = peeked(stage.playing) if looks_ahead else stage.playing.book
        seen = partial(snapshot, book, stage.bars.symbols, stage.strategies)
        # with books of their own, strategies know nothing of each other's positions
        desk.ask(bar, seen if stage.sheet.lead is None else partial(_whole, seen), stage.sheet.table.learn)
        decide(bar, bar + 1)
        if looks_ahead:
            stage.play_to(bar + 1, progress)
    stage.play_to(until, progress)


def _whole(seen: Callable[[int | None], Mapping[str, Any]], _strategy: int) -> Mapping[str, Any]:
    return seen(None)


def _contribution(combined: Blend | Books | None, result: BacktestResult) -> FloatArray | None:
    """Return (K, S) the share of each strategy in the opinion behind each trade."""
    if not isinstance(combined, Blend):
        return None
    trades = result.trades
    return np.asarray(
        combined.contribution[:, trades["decision_bar"], result.slot_symbol[trades["slot"]]].T, dtype=np.float64
    )


def _combined(signals: Sequence[Signals], blending: Blending | None) -> tuple[Sequence[Signals], Blend | None]:
    """Return what each strategy asks for and, where they share positions, the blend that decides between them."""
    if blending is None:
        return signals, None
    if isinstance(blending.result, Blend):
        return signals, blending.result
    books: Books = blending.result
    return [
        replace(one, side=books.side[place])
        if one.weight is None or books.weight is None
        else replace(one, weight=books.weight[place])
        for place, one in enumerate(signals)
    ], None


def _blending(config: RunConfig, desk: Desk) -> Blending | None:
    """Return the blend to be made, None where one strategy is heard as it is."""
    running = config.enabled().values()
    limits = [settings.risk_budgets.max_trades_per_cycle or 0 for settings in running]
    every_bars = [settings.every_bars for settings in running]
    heard_as_it_is = (
        len(desk.signals) == 1
        and not any(limits)
        and every_bars == [1]
        and all(settings.weight == 1.0 for settings in running)
        and config.combine.min_confidence == 0
        and config.global_.max_total_proposals_per_cycle is None
        and config.combine.method in (None, "highest_confidence", "priority", "independent")
        and not config.overrides
    )
    if heard_as_it_is:
        method_of(config.combine, config.global_)  # a contradiction is one with one strategy too
        return None
    return open_blend(
        desk.signals, config.combine, config.global_,
        priorities=[settings.rank for settings in running], limits=limits, every_bars=every_bars,
    )  # fmt: skip


def _stretches(config: RunConfig, times: IntArray) -> list[tuple[int, int, Controls]]:
    """Return the bars [start, stop) between dated overrides, each with what holds for the decisions in it."""
    changes = changed_on(config.overrides, list(config.enabled()), list(config.strategies))
    scales = method_of(config.combine, config.global_) == "independent"
    return stretches(times, _controls(config), changes, scales=scales)


def _voice_weights(config: RunConfig, times: IntArray) -> FloatArray:
    """Return (T, S) how much each strategy's opinion counted on each bar."""
    held = _stretches(config, times)
    return np.repeat([controls.weight for _, _, controls in held], [stop - start for start, stop, _ in held], axis=0)


def _controls(config: RunConfig) -> Controls:
    """Return what each strategy may do at the start; a weight multiplies sizes where it can count in no vote."""
    running = config.enabled().values()
    weight = np.array([settings.weight for settings in running])
    caps = [settings.risk_budgets.max_at_risk_pct for settings in running]
    independent = method_of(config.combine, config.global_) == "independent"
    return Controls(
        enabled=np.ones(len(weight), np.bool_),
        weight=weight,
        multiplier=clipped(weight) if independent else np.ones(len(weight)),
        max_at_risk=np.array([np.nan if cap is None else cap / 100.0 for cap in caps]),
    )


def score_backtest(config: RunConfig, bars: Bars, result: BacktestResult) -> tuple[Scorecard, Benchmark | None]:
    """Return the scorecard of a run, and the benchmark it was measured against."""
    periods = return_periods(bars.times, bars.frequency, config.analytics.periods_per_year)
    held = bars_to_hold(config.data, bars)
    benchmark = make_benchmark(held, config.account.initial_cash, periods, config.analytics)
    return score_run(result, periods, config.analytics, benchmark), benchmark


def attribute_backtest(config: RunConfig, bars: Bars, result: BacktestResult) -> Attribution:
    """Return who earned what in a run: by strategy, symbol, month and exit reason."""
    periods = return_periods(bars.times, bars.frequency, config.analytics.periods_per_year)
    by_strategy = result.by_strategy
    if not len(by_strategy):  # one strategy: all but the interest is its own
        interest = np.cumsum(result.carry[:, 2]) if len(result.carry) else 0.0
        by_strategy = (result.equity - result.initial_cash + interest)[:, None]
    stopped = {name: {step: counts[step] for step in COMBINED} for name, counts in result.proposals.items()}
    run = attributed(
        result, by_strategy, result.trades["strategy"], result.decisions["strategy"], stopped, result.contribution
    )
    return attribute(run, periods)
