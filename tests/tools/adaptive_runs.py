"""Replays of scripted strategies on made bars, with what adapts switched on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from stratkit.adaptive.opening import open_layer
from stratkit.backtest import Inputs, RunConfig, blend_for, gather, open_stage, play_rows
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.panel import NS_PER_DAY, SideArray
from stratkit.seeds import generator
from stratkit.strategies.context import Context
from stratkit.strategies.desk import desk_of
from stratkit.strategies.signals import Signals

START = 17_897 * NS_PER_DAY  # 2019-01-01
# where trades come as fast as these, everything that adapts is reached within a few hundred bars
FAST: dict[str, Any] = {
    "enabled": True,
    "update_every_bars": 5,
    "quality": {"threshold": 0.5, "success_min_trades": 3},
    "weights": {"score_trades": 8, "min_trades": 3},
    "health": {"min_trades": 3, "min_new_trades": 1, "degraded_bars": 5, "suspended_bars": 40},
    "cooldown": {"losses_in_row": 3, "bars": 4},
}
SELECTOR: dict[str, Any] = {"enabled": True, "epsilon": 0.3}


def walk(bars: int = 200, symbols: int = 3, seed: int = 0) -> Bars:
    """Random daily bars."""
    random = generator(seed, "adaptive walk")
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, (bars, symbols)), axis=0))
    opens = np.vstack((close[:1], close[:-1])) * (1.0 + random.normal(0.0, 0.003, close.shape))
    high = np.maximum(opens, close) * (1.0 + np.abs(random.normal(0.0, 0.005, close.shape)))
    low = np.minimum(opens, close) * (1.0 - np.abs(random.normal(0.0, 0.005, close.shape)))
    times = START + np.arange(bars) * NS_PER_DAY
    names = tuple(f"S{number}" for number in range(symbols))
    return Bars(times, names, opens, high, low, close, np.full(close.shape, 1e6), "1d")


def script(bars: Bars, strategies: int = 2, seed: int = 0) -> tuple[Signals, ...]:
    """Random opinions: entries, exits and silence, each sure of itself in its own way."""
    random = generator(seed, "adaptive script")
    said = []
    for number in range(strategies):
        side = random.choice(np.array([0, 1, -1, 2], np.int8), bars.shape, p=[0.5, 0.2, 0.15, 0.15])
        sure = random.choice(np.array([0.5, 0.7, 0.9, 1.0], np.float32), bars.shape)
        said.append(Signals(f"s{number}", side=side, confidence=sure))
    return tuple(said)


def config(strategies: int = 2, **blocks: Any) -> RunConfig:
    """A configuration of that many strategies, whose signals are given, with an exit plan in R."""
    names = {f"s{number}": {"enabled": True, "type": "sma_cross"} for number in range(strategies)}
    given: dict[str, Any] = {"strategies": names, "exit_plan": "scalp", "regimes": {"method": "rules"}, **blocks}
    return RunConfig.model_validate(given)


def inputs_of(settings: RunConfig, bars: Bars, said: Sequence[Signals]) -> Inputs:
    """What a replay reads, with what strategies say given."""
    around = gather(settings, bars)
    context = replace(around.context or Context(bars), regime_settings=settings.regimes, seed=settings.seed)
    first = len(bars.times) - len(around.bars.times)
    cut = [
        replace(one, side=_rows(one.side, first), confidence=None if one.confidence is None else one.confidence[first:])
        for one in said
    ]
    return replace(around, desk=desk_of(*cut), context=context)


def _rows(side: SideArray | None, first: int) -> SideArray | None:
    return None if side is None else side[first:]


def in_parts(
    settings: RunConfig, inputs: Inputs, stops: Sequence[int], between: Callable[[Any], None] | None = None
) -> tuple[Any, Any]:
    """Replay in parts that end at `stops`, with something done to the layer `between` them; the stage and the layer."""
    desk = inputs.desk.fresh()
    layer = open_layer(
        settings.optimization, settings.meta_strategy, settings.enabled(), settings.combine, settings.global_,
        desk.signals, inputs.regimes, inputs.bars, seed=settings.seed, learned=inputs.learned, context=inputs.context,
        regimes=settings.regimes,
    )  # fmt: skip
    signals = layer.signals(desk.signals)
    blending = blend_for(settings, signals)
    stage = open_stage(settings, inputs, signals, blending, layer=layer)
    for start, stop in zip([0, *stops], [*stops, len(inputs.bars.times)], strict=True):
        if between is not None and start:
            between(layer)
        play_rows(settings, stage, desk, blending, start, stop, layer=layer)
    return stage, layer


def same_records(one: Any, other: Any) -> bool:
    """Whether two arrays of records are the same bytes."""
    return bool(one.tobytes() == other.tobytes())


def rules_of(result: BacktestResult) -> set[str]:
    """The rules that decided something."""
    return set(result.decisions_frame()["rule"])
