"""`ArmReplays`: what one arm of a judgement of what adapts came to: once, or over several seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.backtest import Inputs, RunConfig, prepare, replay
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.frequency import ReturnPeriods, return_periods
from stratkit.inference.sharpe import ROUNDING
from stratkit.panel import FloatArray, IntArray
from stratkit.research.ab_series import replayed_series
from stratkit.research.adaptive_arms import AdaptiveArm, AdaptiveArms
from stratkit.research.adaptive_regret import realised_r

Told = Callable[[int, int, str], None]  # bars done, bars in all, the arm

# the figures of an arm by their names in a scorecard
FIGURES: Final = ("trades", "sharpe", "cagr", "max_drawdown", "cost_ann", "turnover_ann", "win_rate")
_SILENT: Final = 5  # seeds with which nothing was traded, before the others are left out


@dataclass(frozen=True)
class ArmReplays:
    """An arm with what S replays came to; S is 1 where no seed matters.

    `times` (n,) are the starts of return periods, `returns` (n, S) simple, `realised_r` (S, T) R of the trades closed
    on each bar. `figures` are means over the seeds, by name as in a scorecard, with total_r and mean_r; `spread` their
    5 % and 95 % quantiles. `first` is the replay of the first seed and `card` its scorecard; `faults` say what stopped
    adapting on the way.
    """

    arm: AdaptiveArm
    times: IntArray
    returns: FloatArray
    realised_r: FloatArray
    figures: Mapping[str, float]
    spread: Mapping[str, tuple[float, float]]
    first: BacktestResult
    card: Scorecard
    faults: tuple[str, ...]

    @property
    def seeds(self) -> int:
        """How many replays stand behind it."""
        return len(self.realised_r)

    @property
    def is_idle(self) -> bool:
        """Whether it made no trade at all: none was closed, and its account never moved."""
        return _is_idle(self.figures, self.returns)


@dataclass(frozen=True)
class _Replay:
    times: IntArray
    returns: FloatArray
    realised_r: FloatArray
    figures: Mapping[str, float]
    result: BacktestResult | None
    card: Scorecard | None
    fault: str


def replay_adaptive_arms(
    arms: AdaptiveArms, inputs: Inputs, bars: Bars, seeds: Sequence[int], told: Told | None = None
) -> list[ArmReplays]:
    """Replay each arm on `inputs`, prepared for the base on `bars`: those that hang on the seed over all `seeds`.

    Others are replayed once, and so are equal configurations. Nothing of an arm hangs on the others. An arm that made
    no trade with any of the first five seeds is not replayed with more.
    """
    of_arm = {arm.name: seeds if arm.is_seeded else seeds[:1] for arm in arms.arms}
    known: dict[str, _Replay] = {}
    total, done = sum(map(len, of_arm.values())), 0
    periods = return_periods(inputs.bars.times, inputs.bars.frequency, arms.base.config.analytics.periods_per_year)
    found = []
    for arm in arms.arms:
        replays = []
        for seed in of_arm[arm.name]:
            if told is not None:
                told(done, total, arm.name)
            config = arm.config.model_copy(update={"seed": seed})
            key = config.model_dump_json(by_alias=True)
            if key not in known:
                one = _replayed(config, _inputs_of(arm, arms.base, inputs, bars), periods)
                known[key] = one if seed == seeds[0] else replace(one, result=None, card=None)
            replays.append(known[key])
            done += 1
            if len(replays) == _SILENT and all(_is_idle(one.figures, one.returns) for one in replays):
                done += len(of_arm[arm.name]) - _SILENT
                break
        found.append(_gathered(arm, replays))
    return found


def _is_idle(figures: Mapping[str, float], returns: FloatArray) -> bool:
    """Whether nothing was closed and the account, (n,) or (n, S), never moved: a position still open is a trade too."""
    return not figures["trades"] and bool((np.ptp(returns, axis=0) <= ROUNDING).all())


def _inputs_of(arm: AdaptiveArm, base: AdaptiveArm, inputs: Inputs, bars: Bars) -> Inputs:
    """Return the inputs of an arm: other strategies say other things, and nothing else does."""
    if list(arm.config.enabled()) == list(base.config.enabled()):
        return inputs
    return prepare(arm.config, bars, inputs)


def _replayed(config: RunConfig, inputs: Inputs, periods: ReturnPeriods) -> _Replay:
    result = replay(config, inputs)
    card = score_run(result, periods, config.analytics)
    series = replayed_series(result, inputs.bars.frequency)
    earned = realised_r(result.trades, len(result.times))
    with_r = int(np.isfinite(result.closed_trades["r_multiple"]).sum())
    total = float(earned.sum())
    figures = {name: card.value(name) for name in FIGURES if name in card}
    figures |= {"total_r": total, "mean_r": total / with_r if with_r else np.nan}
    fault = "" if result.adapted is None else result.adapted.fault
    return _Replay(series.times, series.returns, earned, figures, result, card, fault)


def _gathered(arm: AdaptiveArm, replays: Sequence[_Replay]) -> ArmReplays:
    first = replays[0]
    periods = min(len(one.returns) for one in replays)  # the first bar counts where it moved the account
    table = {name: np.array([one.figures[name] for one in replays]) for name in first.figures}
    spread: dict[str, Any] = {}
    if len(replays) > 1:
        spread = {name: tuple(np.quantile(values, (0.05, 0.95)).tolist()) for name, values in table.items()}
    assert first.result is not None  # those of the first seed are kept
    assert first.card is not None
    return ArmReplays(
        arm, first.times[-periods:], np.column_stack([one.returns[-periods:] for one in replays]),
        np.stack([one.realised_r for one in replays]),
        {name: float(values.mean()) for name, values in table.items()}, spread, first.result, first.card,
        tuple(dict.fromkeys(one.fault for one in replays if one.fault)),
    )  # fmt: skip
