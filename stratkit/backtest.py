"""The hallway: `RunConfig`, composed of every room's settings, and the whole replay on one screen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stratkit.adaptive.ended import ended_result
from stratkit.adaptive.layer import Layer, voices
from stratkit.adaptive.opening import open_layer
from stratkit.adaptive.profiles import with_profiles
from stratkit.adaptive.settings import OptimizationSettings, SelectorSettings
from stratkit.analytics.attributed import attributed
from stratkit.analytics.attribution import Attribution, attribute
from stratkit.analytics.benchmark import Benchmark, make_benchmark
from stratkit.analytics.funnel import COMBINED
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.combine.blend import Blending, heard_through
from stratkit.combine.settings import CombineSettings, GlobalSettings, method_of
from stratkit.combine.voices import blending_of, first_controls
from stratkit.controls import Controls, ControlSettings, changed_on, stretches
from stratkit.data.bars import Bars
from stratkit.data.beside import bars_to_hold, corporate_actions, detail_settings, external_series
from stratkit.data.funding import load_funding
from stratkit.data.history import history_bars, traded_bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.engine.completed import completed
from stratkit.engine.deciding import play_stretch
from stratkit.engine.detail import Detail, detail_of
from stratkit.engine.layout import Market
from stratkit.engine.profiles import trades_at_next_open
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.shadow import open_shadow
from stratkit.engine.simulate import Stage, set_stage
from stratkit.engine.standing import Standing
from stratkit.engine.tally import Tally
from stratkit.errors import UsageError
from stratkit.features.external import SeriesSource
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray, IntArray
from stratkit.plans import ExitPlan, PlanOrName, find_plan
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings
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
    regimes: RegimeSettings | None = Field(
        None, description="how the state of the market is named on each bar; none = not at all"
    )
    optimization: OptimizationSettings | None = Field(
        None, description="what is learned from closed trades on the way; none = nothing"
    )
    meta_strategy: SelectorSettings | None = Field(
        None, description="how an exit profile is chosen for each entry by what it has earned; none = not at all"
    )
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

    @property
    def adapts(self) -> bool:
        """Whether anything changes by what was learned on the way."""
        return any(block is not None and block.enabled for block in (self.optimization, self.meta_strategy))

    def plan_of(self, settings: StrategySettings) -> ExitPlan | None:
        """Return the exit plan configured for a strategy; None = as it was designed."""
        given = settings.exit_plan if settings.exit_plan is not None else self.exit_plan
        return None if given is None else find_plan(given, self.exit_plans)


@dataclass(frozen=True)
class Inputs:
    """What a replay reads, whatever is assumed about fills: bars, the strategies at their desk, what surrounds them.

    All of it begins at the first bar on which something may trade; `history` are the bars of the signals with those
    before them, None where there are none.
    `signal_bars` are the split-adjusted bars that the signals stand on when raw prices are traded, None when these
    are `bars`; `events` are split ratios and dividends per share, (T, N) each; `detail` the finer bars inside each bar;
    `series` the digests of the external series by name; `context` what the strategies were shown; `market` the
    arrays of the engine, where another replay has made them; `learned` what an earlier run has learned.
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
    history: Bars | None = None
    learned: object | None = None

    @property
    def regimes(self) -> RegimeLabels | None:
        """The labels of the bars on which something may trade; None where none are made."""
        labels = None if self.context is None else self.context.regimes
        return None if labels is None else labels.from_bar(labels.shape[0] - len(self.bars.times))


def run_backtest(
    config: RunConfig, bars: Bars, progress: Progress | None = None, *, learned: object | None = None
) -> BacktestResult:
    """Replay from ``data.trade_start`` on, after what an earlier run has `learned`; `progress` is told (done, bars)."""
    return replay(config, replace(prepare(config, bars), learned=learned), progress)


def prepare(config: RunConfig, bars: Bars, like: Inputs | None = None) -> Inputs:
    """Ask the configured strategies what they want on `bars`; what surrounds them is read, or taken from `like`."""
    around = like or gather(config, bars)
    context = replace(around.context or Context(bars), regime_settings=config.regimes, seed=config.seed)
    desk = open_desk(
        config.enabled(), context, on_error=config.global_.on_error,
        time_limit_seconds=config.global_.time_limit_seconds,
        surroundings=Surroundings(risk_constraints=config.risk.caps.model_dump(exclude_none=True)),
        history_bars=history_bars(config.data, bars),
    )  # fmt: skip
    return replace(around, desk=desk, context=context)


def gather(config: RunConfig, bars: Bars) -> Inputs:
    """Return what a replay needs beside its strategies, with nobody at the desk."""
    first, traded = history_bars(config.data, bars), traded_bars(config.data, bars)
    events, seen = corporate_actions(config.data, bars)
    series = external_series(config.data, seen)
    outside = SeriesSource(seen, series)
    for gap in outside.gaps():
        warnings.warn(gap, stacklevel=3)
    return Inputs(
        traded,
        desk_of(),
        None if seen is bars else traded_bars(config.data, seen),
        None if events is None else (events[0][first:], events[1][first:]),
        None if config.costs.funding_path is None else load_funding(config.costs.funding_path, bars)[first:],
        None if config.data.detail_path is None else detail_of(traded, load_bars(detail_settings(config.data, bars))),
        {name: one.digest for name, one in series.items()},
        Context(seen, external=outside),
        history=seen if first else None,
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
    stage, desk, blending, layer = play_through(config, inputs, progress)
    told: dict[str, Any] = {"seed": config.seed, "warmup_bars": max(one.warmup_bars for one in desk.signals)}
    told |= {"series_digests": dict(inputs.series)} if inputs.series else {}
    times = inputs.bars.times
    weights = voice_weights(config, times) if layer is None else voices(layer.held, len(times))
    said = (desk.signals, desk.faults, blending, weights)
    result = completed(stage.result(), told, *said, regimes=inputs.regimes)
    return Played(result if layer is None else ended_result(layer, result), desk)


class Through(NamedTuple):
    """A stage all of whose bars are played, the desk, the blend, and what adapted on the way."""

    stage: Stage
    desk: Desk
    blending: Blending | None
    layer: Layer | None


def play_through(
    config: RunConfig, inputs: Inputs, progress: Progress | None = None, tally: Tally | None = None
) -> Through:
    """Play all bars, into a `tally` or recorded; only what is recorded can adapt."""
    desk = inputs.desk.fresh()
    layer = None
    if config.adapts:
        layer = open_layer(
            config.optimization, config.meta_strategy, config.enabled(), config.combine, config.global_, desk.signals,
            inputs.regimes, inputs.bars, seed=config.seed, learned=inputs.learned, context=inputs.context,
            regimes=config.regimes,
        )  # fmt: skip
    signals = desk.signals if layer is None else layer.signals(desk.signals)
    blending = blend_for(config, signals)
    stage = open_stage(config, inputs, signals, blending, tally=tally, layer=layer)
    play_rows(config, stage, desk, blending, 0, len(inputs.bars.times), progress=progress, layer=layer)
    return Through(stage, desk, blending, layer)


def blend_for(config: RunConfig, signals: Sequence[Signals]) -> Blending | None:
    """Return the blend to be made, None where one strategy is heard as it is."""
    combine = config.combine
    if config.adapts and len(signals) == 1 and combine.method is None:  # one book, whatever it is called
        combine = combine.model_copy(update={"method": "independent"})
    changes = bool(config.overrides) or config.adapts
    return blending_of(config.enabled(), signals, combine, config.global_, changes=changes)


def open_stage(
    config: RunConfig, inputs: Inputs, signals: Sequence[Signals], blending: Blending | None, *,
    owns_panels: bool = False, tally: Tally | None = None, layer: Layer | None = None,
) -> Stage:  # fmt: skip
    """Return the stage of a replay of which no row is decided yet; `owns_panels` and `tally` as in `set_stage`.

    A `layer` is put between what the strategies say and that stage.
    """
    books, blend = heard_through(signals, blending)
    held = first_controls(config.enabled(), config.combine, config.global_)
    plans = [config.plan_of(settings) for settings in config.enabled().values()]
    profiles: Sequence[ExitPlan] = ()
    if layer is not None and layer.chooses_plans:
        books, plans, profiles = with_profiles(layer.terms, books, plans)
    mandates = [Mandate(*each) for each in zip(plans, held.max_at_risk.tolist(), held.multiplier.tolist())]
    stage = set_stage(
        inputs.bars, books, mandates, account=config.account, costs=config.costs, execution=config.execution,
        risk=config.risk, blend=blend, funding=inputs.funding, events=inputs.events, signal_bars=inputs.signal_bars,
        detail=inputs.detail, history=inputs.history, market=inputs.market,
        owns_panels=owns_panels or layer is not None, tally=tally, profiles=profiles,
        scaled=layer is not None and layer.scales_sizes,
    )  # fmt: skip
    if layer is not None:
        layer.stand_between(stage, None)
        if layer.heard is not None:
            layer.stand_between(
                stage,
                open_shadow(
                    stage, books, layer.heard.shadow, plans, config.account, config.costs, config.execution,
                    config.risk, signal_bars=inputs.signal_bars, history=inputs.history, profiles=profiles,
                ),
            )  # fmt: skip
    return stage


def play_rows(
    config: RunConfig, stage: Stage, desk: Desk, blending: Blending | None, start: int, stop: int, *,
    leaves: bool = False, progress: Progress | None = None, standing: Standing | None = None,
    layer: Layer | None = None,
) -> None:  # fmt: skip
    """Play the bars in which the decisions of bars [start, stop) act.

    With `leaves` the last is to leave everything; with `standing` the first is to hold that, where it says nothing.
    Between the stretches of a `layer` it learns what holds in the next.
    """
    next_open = trades_at_next_open(config.execution)
    for first, end, base in _stretches(config, stage.bars.times):
        first, end = max(first, start), min(end, stop)
        for begin, until in [(first, end)] if layer is None else layer.parts(first, end):
            if begin < until:
                controls = base if layer is None else layer.controls(base, begin)
                held, ahead = standing if begin == start else None, None if layer is None else layer.ahead(base)
                play_stretch(
                    stage, desk, blending, begin, until, controls, next_open, leaves and until == stop, progress, held,
                    ahead,
                )  # fmt: skip
                if layer is not None:
                    layer.update(base, until)


def _stretches(config: RunConfig, times: IntArray) -> list[tuple[int, int, Controls]]:
    """Return the bars [start, stop) between dated overrides, each with what holds for the decisions in it."""
    changes = changed_on(config.overrides, list(config.enabled()), list(config.strategies))
    scales = method_of(config.combine, config.global_) == "independent"
    return stretches(times, first_controls(config.enabled(), config.combine, config.global_), changes, scales=scales)


def voice_weights(config: RunConfig, times: IntArray) -> FloatArray:
    """Return (T, S) how much each strategy's opinion counted on each bar."""
    held = _stretches(config, times)
    return np.repeat([controls.weight for _, _, controls in held], [stop - start for start, stop, _ in held], axis=0)


def score_backtest(config: RunConfig, bars: Bars, result: BacktestResult) -> tuple[Scorecard, Benchmark | None]:
    """Return the scorecard of a run, and the benchmark it was measured against."""
    periods = return_periods(result.times, bars.frequency, config.analytics.periods_per_year)
    held = traded_bars(config.data, bars_to_hold(config.data, bars))
    benchmark = make_benchmark(held, config.account.initial_cash, periods, config.analytics)
    return score_run(result, periods, config.analytics, benchmark), benchmark


def attribute_backtest(config: RunConfig, bars: Bars, result: BacktestResult) -> Attribution:
    """Return who earned what in a run: by strategy, symbol, month and exit reason."""
    periods = return_periods(result.times, bars.frequency, config.analytics.periods_per_year)
    by_strategy = result.by_strategy
    if not len(by_strategy):  # one strategy: all but the interest is its own
        interest = np.cumsum(result.carry[:, 2]) if len(result.carry) else 0.0
        by_strategy = (result.equity - result.initial_cash + interest)[:, None]
    stopped = {name: {step: counts[step] for step in COMBINED} for name, counts in result.proposals.items()}
    run = attributed(
        result, by_strategy, result.trades["strategy"], result.decisions["strategy"], stopped, result.contribution
    )
    return attribute(run, periods)
