"""What adapting costs: 100 symbols over 2,520 daily bars, all parts on, an update after every bar.

Run ``python benchmarks/adaptive.py``: it prints the processor seconds of the run without and with the layer, those of
one update, and what the issue of either may be. Time on a busy machine is not wall-clock time, so CPU is measured.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from stratkit.adaptive.layer import Layer
from stratkit.backtest import RunConfig, played, prepare
from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.seeds import generator

SYMBOLS, BARS = 100, 2_520
MOST_RUN_S, MOST_UPDATE_MS = 5.0, 1.5


def panel() -> Bars:
    """Random daily bars."""
    random = generator(0, "benchmark adaptive")
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0003, 0.015, (BARS, SYMBOLS)), axis=0))
    opens = np.vstack((close[:1], close[:-1]))
    high = np.maximum(opens, close) * (1.0 + np.abs(random.normal(0.0, 0.004, close.shape)))
    low = np.minimum(opens, close) * (1.0 - np.abs(random.normal(0.0, 0.004, close.shape)))
    names = tuple(f"S{number:03d}" for number in range(SYMBOLS))
    return Bars(np.arange(BARS) * NS_PER_DAY, names, opens, high, low, close, np.full(close.shape, 1e6), "1d")


def config(adapts: bool) -> RunConfig:
    """Three strategies in books of their own; all parts adapt, and none retires for good."""
    strategies = {
        "cross": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20}},
        "reversion": {"enabled": True, "type": "rsi_reversion"},
        "breakout": {"enabled": True, "type": "donchian_breakout"},
    }
    blocks: dict[str, Any] = {
        "strategies": strategies,
        "combine": {"method": "independent"},
        "regimes": {"method": "rules"},
        "exit_plan": "moderate",
        "risk": {"sizing": {"rule": "fixed_fraction", "fraction": 0.01}},
    }
    if adapts:
        health = {"degraded_bars": 60, "suspended_bars": 100_000}
        blocks["optimization"] = {"enabled": True, "quality": {"threshold": 0.4}, "health": health}
        blocks["meta_strategy"] = {"enabled": True}
    return RunConfig.model_validate(blocks)


def measured(adapts: bool, bars: Bars) -> tuple[float, float, Any]:
    """CPU seconds of the labels and signals, and of the replay, and what it played."""
    settings = config(adapts)
    begun = time.process_time()
    inputs = prepare(settings, bars)
    _ = inputs.regimes
    asked = time.process_time()
    play = played(settings, inputs)
    return asked - begun, time.process_time() - asked, play


def main() -> None:
    """Print what it costs."""
    warnings.simplefilter("ignore")
    bars = panel()
    measured(True, bars), measured(False, bars)  # compile
    spent = [0.0]
    update = Layer.update

    def timed(layer: Layer, *given: Any) -> None:
        begun = time.process_time()
        update(layer, *given)
        spent[0] += time.process_time() - begun

    asked, plain, base = measured(False, bars)
    _, whole, adapted = measured(True, bars)
    setattr(Layer, "update", timed)  # noqa: B010  mypy forbids to assign to a method
    measured(True, bars)
    status = adapted.result.adapted.status
    print(f"{SYMBOLS} symbols x {BARS:,} bars, {len(base.desk.signals)} strategies, an update per bar (CPU)")
    print(f"signals and labels              {asked:7.2f} s")
    print(f"replay, nothing adapts          {plain:7.2f} s   {len(base.result.trades):,} trades")
    print(
        f"replay, everything adapts       {whole:7.2f} s   {len(adapted.result.trades):,} trades, "
        f"{status['shadow_trades']:,} in the shadow, fault {status['fault']}"
    )
    each, rest = 1e3 * spent[0] / BARS, 1e3 * (whole - plain) / BARS
    print(f"one update (shadow and adapt)   {each:7.3f} ms  at most {MOST_UPDATE_MS}")
    print(f"all that the layer adds per bar {rest:7.3f} ms")
    print(f"whole run without report        {asked + whole:7.2f} s   at most {MOST_RUN_S}")


if __name__ == "__main__":
    main()
