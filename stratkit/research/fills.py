"""`compare_fills`: one strategy under every fill profile: what the fill assumption alone is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stratkit.analytics.scorecard import Scorecard
from stratkit.backtest import Inputs, RunConfig, prepare, replay, score_backtest
from stratkit.data.bars import Bars
from stratkit.engine.profiles import PROFILE_NAMES, is_optimistic, profile_label
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import FillProfile

Told = Callable[[str], None]


@dataclass(frozen=True)
class FillsRun:
    """One replay under one profile; `label` names the profile and every option that was set beside it."""

    profile: FillProfile
    label: str
    optimistic: bool
    result: BacktestResult
    scorecard: Scorecard


@dataclass(frozen=True)
class FillsComparison:
    """The same signals under several profiles, in their order; `spread` is what the assumption alone moves."""

    runs: tuple[FillsRun, ...]
    inputs: Inputs

    def spread(self, metric: str) -> float:
        """Return the largest less the smallest value of a metric over the profiles; NaN when one is undefined."""
        values = [run.scorecard.value(metric) for run in self.runs]
        return max(values) - min(values) if all(value == value for value in values) else float("nan")


def compare_fills(
    config: RunConfig, bars: Bars, profiles: Sequence[FillProfile] = PROFILE_NAMES, told: Told | None = None
) -> FillsComparison:
    """Replay the configured strategy once per profile; its signals are computed once.

    Fill options that the configuration sets alone hold in every profile. `told` hears each profile's name before its
    replay.
    """
    inputs = prepare(config, bars)
    return FillsComparison(tuple(_run(config, inputs, profile, told) for profile in profiles), inputs)


def _run(config: RunConfig, inputs: Inputs, profile: FillProfile, told: Told | None) -> FillsRun:
    if told is not None:
        told(profile)
    execution = config.execution.model_copy(update={"profile": profile})
    under = config.model_copy(update={"execution": execution})
    result = replay(under, inputs)
    scorecard, _ = score_backtest(under, inputs.bars, result)
    return FillsRun(profile, profile_label(execution), is_optimistic(execution), result, scorecard)
