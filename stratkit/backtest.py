"""The hallway: `RunConfig`, composed of every room's settings, and the whole replay on one screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stratkit.analytics.benchmark import Benchmark, make_benchmark
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.data.bars import Bars
from stratkit.data.funding import load_funding
from stratkit.data.settings import DataSettings
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import UsageError, did_you_mean
from stratkit.frequency import return_periods
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


def run_backtest(config: RunConfig, bars: Bars, progress: Progress | None = None) -> BacktestResult:
    """Replay the configured strategy over `bars`; `progress` is told (bars done, bars)."""
    name, settings = config.enabled()
    strategy = build_strategy(settings.type, settings.params)
    signals = run_strategy(strategy, Context(bars))
    result = simulate(
        bars,
        restricted(replace(signals, strategy=name), bars, settings.symbols),
        account=config.account,
        costs=config.costs,
        execution=config.execution,
        risk=config.risk,
        exit_plan=config.exit_plan,
        funding=None if config.costs.funding_path is None else load_funding(config.costs.funding_path, bars),
        progress=progress,
    )
    return replace(result, provenance={**result.provenance, "seed": config.seed, "warmup_bars": signals.warmup_bars})


def score_backtest(config: RunConfig, bars: Bars, result: BacktestResult) -> tuple[Scorecard, Benchmark | None]:
    """Return the scorecard of a run, and the benchmark it was measured against."""
    periods = return_periods(bars.times, bars.frequency, config.analytics.periods_per_year)
    benchmark = make_benchmark(bars, config.account.initial_cash, periods, config.analytics)
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
