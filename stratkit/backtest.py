"""The hallway: `RunConfig`, composed of every room's settings, and the whole replay on one screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stratkit.analytics.benchmark import Benchmark, make_benchmark
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.data.actions import CorporateActions, adjusted, events_on_bars
from stratkit.data.actions_file import load_actions
from stratkit.data.bars import Bars
from stratkit.data.funding import load_funding
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.engine.detail import Detail, detail_of
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import UsageError, did_you_mean
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray
from stratkit.plans import ExitPlan
from stratkit.risk.settings import RiskSettings
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import Signals


class RunConfig(BaseModel):
    """Everything that decides what a run computes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DataSettings = Field(default_factory=DataSettings, description="which bars")
    strategies: dict[str, StrategySettings] = Field(
        default_factory=dict, description="strategies by a name of your choice; they are off until enabled"
    )
    risk: RiskSettings = Field(default_factory=RiskSettings, description="sizing, caps and breakers")
    exit_plan: ExitPlan | None = Field(
        None, description="how positions are left, in R; none = the plan the strategy was designed with, if any"
    )
    account: AccountSettings = Field(default_factory=AccountSettings, description="the cash account")
    costs: CostSettings = Field(default_factory=CostSettings, description="what trading and holding cost")
    execution: ExecutionSettings = Field(default_factory=ExecutionSettings, description="how orders are filled")
    analytics: AnalyticsSettings = Field(
        default_factory=AnalyticsSettings, description="what the run is measured against"
    )
    seed: int = Field(0, ge=0, description="seed of everything random")

    def enabled(self) -> tuple[str, StrategySettings]:
        """Return the name and settings of the one strategy that runs; raise `UsageError` when it is not one."""
        names = [name for name, settings in self.strategies.items() if settings.enabled]
        if len(names) != 1:
            found = ", ".join(names) or "none"
            raise UsageError(f"exactly one strategy must be enabled; found {found}: choose with --only NAME")
        return names[0], self.strategies[names[0]]


@dataclass(frozen=True)
class Inputs:
    """What a replay reads, whatever is assumed about fills: bars, the opinion on them, and what surrounds them.

    `signal_bars` are the split-adjusted bars that the signals stand on when raw prices are traded, None when these
    are `bars`; `events` are split ratios and dividends per share, (T, N) each; `detail` the finer bars inside each bar.
    """

    bars: Bars
    signals: Signals
    signal_bars: Bars | None = None
    events: tuple[FloatArray, FloatArray] | None = None
    funding: FloatArray | None = None
    detail: Detail | None = None


def run_backtest(config: RunConfig, bars: Bars, progress: Progress | None = None) -> BacktestResult:
    """Replay the configured strategy over `bars`; `progress` is told (bars done, bars)."""
    return replay(config, prepare(config, bars), progress)


def prepare(config: RunConfig, bars: Bars) -> Inputs:
    """Compute what the configured strategy wants on `bars`, and gather what the replay needs beside them."""
    name, settings = config.enabled()
    strategy = build_strategy(settings.spec, settings.params)
    events, seen = _corporate_actions(config.data, bars)
    signals = run_strategy(strategy, Context(seen))
    return Inputs(
        bars,
        restricted(replace(signals, strategy=name), bars, settings.symbols),
        None if seen is bars else seen,
        events,
        None if config.costs.funding_path is None else load_funding(config.costs.funding_path, bars),
        None if config.data.detail_path is None else detail_of(bars, load_bars(detail_settings(config.data, bars))),
    )


def replay(config: RunConfig, inputs: Inputs, progress: Progress | None = None) -> BacktestResult:
    """Replay what was prepared, under the account, costs, fills and risk of `config`."""
    result = simulate(
        inputs.bars,
        inputs.signals,
        account=config.account,
        costs=config.costs,
        execution=config.execution,
        risk=config.risk,
        exit_plan=config.exit_plan,
        funding=inputs.funding,
        events=inputs.events,
        signal_bars=inputs.signal_bars,
        detail=inputs.detail,
        progress=progress,
    )
    told = {"seed": config.seed, "warmup_bars": inputs.signals.warmup_bars}
    return replace(result, provenance={**result.provenance, **told})


def _corporate_actions(data: DataSettings, bars: Bars) -> tuple[tuple[FloatArray, FloatArray] | None, Bars]:
    """Return the events that prices have not been adjusted for, and the bars that signals are computed on."""
    if data.actions_path is None:
        return None, bars
    actions = load_actions(data.actions_path)
    events = events_on_bars(bars, actions, data.adjust)
    # a moving average across a split of raw prices would say nothing about the market
    return events, adjusted(bars, actions, "splits") if data.adjust is None else bars


def _bars_to_hold(data: DataSettings, bars: Bars) -> Bars:
    """Return the bars that tell what holding was worth: where the account is paid dividends, with them reinvested."""
    if data.actions_path is None or data.adjust == "total":
        return bars
    actions = load_actions(data.actions_path)
    if data.adjust is None:
        return adjusted(bars, actions, "total")
    _, cash = events_on_bars(bars, actions, data.adjust)
    bar, column = np.nonzero(cash)
    symbols = tuple(bars.symbols[place] for place in column)
    dividends = CorporateActions(bars.times[bar], symbols, np.zeros(len(bar), bool), cash[bar, column], actions.source)
    return adjusted(bars, dividends, "total")


def detail_settings(data: DataSettings, bars: Bars) -> DataSettings:
    """Return which finer bars stand inside `bars`: those of the same symbols and dates at `detail_path`."""
    return data.model_copy(
        update={"path": data.detail_path, "symbols": bars.symbols, "frequency": None, "detail_path": None}
    )


def score_backtest(config: RunConfig, bars: Bars, result: BacktestResult) -> tuple[Scorecard, Benchmark | None]:
    """Return the scorecard of a run, and the benchmark it was measured against."""
    periods = return_periods(bars.times, bars.frequency, config.analytics.periods_per_year)
    held = _bars_to_hold(config.data, bars)
    benchmark = make_benchmark(held, config.account.initial_cash, periods, config.analytics)
    return score_run(result, periods, config.analytics, benchmark), benchmark


def restricted(signals: Signals, bars: Bars, symbols: tuple[str, ...] | None) -> Signals:
    """Return the signals with no opinion on symbols outside `symbols`; None allows all."""
    if symbols is None:
        return signals
    for symbol in symbols:
        if symbol not in bars.symbols:
            raise UsageError(f"no symbol {symbol!r} in the bars; {did_you_mean(symbol, bars.symbols)}")
    outside = ~np.isin(bars.symbols, symbols)
    if signals.weight is not None:
        return replace(signals, weight=np.where(outside, np.nan, signals.weight))
    return replace(signals, side=np.where(outside, 0, np.asarray(signals.side)))
