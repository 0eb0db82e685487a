"""The case of several strategies in one account: five of them with plans, budgets and caps, netted and in books.

python benchmarks/several.py SYMBOLS BARS      # once, for a process whose peak memory is measured
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, Final

import bare
import numpy as np
from cases import CASH, DAILY_COSTS, OVERSOLD, PLAN, STOP, TARGET, TRAIL, Case, Row, complete_universe

from stratkit.backtest import RunConfig, play_through, prepare, replay
from stratkit.combine.blend import blend_rows, open_blend
from stratkit.combine.settings import CombineSettings, GlobalSettings
from stratkit.data.bars import Bars
from stratkit.engine.run import Replay, play
from stratkit.features.indicators import rsi

STRATEGIES: Final[dict[str, dict[str, Any]]] = {
    "dip": {"type": "rsi_reversion"},
    "bands": {"type": "bollinger_reversion"},
    "breakout": {"type": "donchian_breakout"},
    "trend": {"type": "sma_cross", "params": {"direction": "long_only"}},
    "momentum": {"type": "macd_trend", "params": {"direction": "long_only"}},
}
LEADING: Final = "dip"  # what the bare loop plays
BARE: Final = "bare loop, one strategy, independent symbols"
ALONE: Final = "five runs of one strategy each: engine"
BUDGETS: Final = {"max_at_risk_pct": 40.0, "max_trades_per_cycle": 20}
CAPS: Final = {"max_total_at_risk_pct": 100.0, "max_symbol_pct": 5.0, "max_open_positions": 400}


def config(method: str, only: str | None = None) -> RunConfig:
    """Return five strategies under one exit plan, with budgets and caps; or one of them."""
    strategies = {
        name: {**block, "enabled": only in (None, name), "risk_budgets": BUDGETS} for name, block in STRATEGIES.items()
    }
    return RunConfig.model_validate(
        {
            "strategies": strategies,
            "combine": {"method": method},
            "global": {"max_total_proposals_per_cycle": 100},
            "risk": {"sizing": {"fraction": 0.005}, "caps": CAPS},
            "exit_plan": PLAN.model_dump(exclude_none=True),
            "costs": DAILY_COSTS.model_dump(),
            "analytics": {"benchmark": "none"},
        }
    )


def several_case(symbols: int, bars: int) -> Case:
    """Return five strategies on a panel of daily bars, from signals to trades, beside a bare loop of one of them."""
    panel = complete_universe(symbols, bars)
    side = (rsi(panel.close, 14) < OVERSOLD).astype(np.int8)
    commission, spread = DAILY_COSTS.commission_bps * 1e-4, DAILY_COSTS.half_spread_bps * 1e-4

    def alone() -> bare.Floats:
        return bare.stop_target_trail(
            panel.open, panel.high, panel.low, panel.close, side, CASH, STOP, TARGET, TRAIL, commission, spread
        )  # fmt: skip

    netted, books = config("highest_confidence"), config("independent")
    singles = [_engine(config("independent", name), panel) for name in STRATEGIES]
    signals = prepare(netted, panel).desk.signals
    limits, overall = [20] * len(signals), GlobalSettings(max_total_proposals_per_cycle=100)

    def blended() -> None:
        blending = open_blend(signals, CombineSettings(method="highest_confidence"), overall, limits=limits)
        blend_rows(blending, 0, bars)

    in_one, in_five = _engine(netted, panel), _engine(books, panel)
    rows = {
        BARE: Row(alone),
        ALONE: Row(lambda: [engine() for engine in singles]),
        "five netted: engine": Row(in_one, times_bare=8.0),
        "five books: engine": Row(in_five, times_of=(ALONE, 4.0 / len(singles))),  # 4 x the average one
        "five: signals": Row(lambda: prepare(netted, panel)),
        "five netted: blend": Row(blended),
        "five netted: signals to trades": Row(lambda: replay(netted, prepare(netted, panel)), limit_ms=2_000.0),
        "five books: signals to trades": Row(lambda: replay(books, prepare(books, panel)), limit_ms=2_000.0),
    }
    alone_trades = sum(len(engine().trades) for engine in singles)
    facts = f"{alone_trades:,} trades in five runs, {len(in_one().trades):,} netted, {len(in_five().trades):,} in books"
    title = f"five strategies with plans, budgets and caps, {symbols} x {bars:,} daily bars"
    return Case(title, rows, facts, float(in_one().equity[-1]))


def _engine(settings: RunConfig, panel: Bars) -> Callable[[], Replay]:
    """Return the engine's part of a run: everything behind the targets that were filled in."""
    stage = play_through(settings, prepare(settings, panel)).stage
    market, targets, rules = stage.playing.market, stage.sheet.targets, stage.playing.rules
    return lambda: play(market, targets, rules)


def main() -> int:
    """Play both forms once."""
    symbols, bars = (int(word) for word in sys.argv[1:3])
    panel = complete_universe(symbols, bars)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in ("highest_confidence", "independent"):
            settings = config(method)
            print(len(replay(settings, prepare(settings, panel)).trades))
    return 0


if __name__ == "__main__":
    sys.exit(main())
