"""A walk-forward made up: folds, a stitched equity, and paths of cross-validation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from made_searches import CAP, FAST, SIDE, SLOW

from stratkit.inference.verdict import verdict
from stratkit.panel import NS_PER_DAY
from stratkit.reports.walk_content import FoldLine, WalkContent


def walk_content(folds: int = 8, paths: int = 0, seed: int = 3, **changes: Any) -> WalkContent:
    """Return what a page shows of folds of 500 + 125 daily bars."""
    draw = np.random.default_rng(seed)
    times = (10_000 + np.arange(500 + 125 * folds)) * NS_PER_DAY
    lines = tuple(_fold(number, times, draw) for number in range(1, folds + 1))
    content = WalkContent(
        title="cross on SP500",
        metric="sharpe",
        space=(FAST, SLOW, SIDE, CAP),
        folds=lines,
        times=times[500:],
        equity=100_000 * np.exp(np.cumsum(draw.normal(0.0004, 0.01, 125 * folds))),
        initial_cash=100_000.0,
        cards=(
            ("Sharpe ratio", "0.54", "95% interval −0.10 to 1.18"), ("Total return", "21.40%", ""),
            ("Maximum drawdown", "−18.20%", ""), ("Efficiency", "0.47", "out of sample over in sample"),
            ("Profitable folds", "63%", f"of {folds}"), ("Stability", "0.71", "of the chosen values"),
        ),
        scheme="rolling, 500 bars to choose on, 125 to test on, purge of 5",
        switches=tuple(fold.test[0] for fold in lines[1:]),
        path_sharpes=draw.normal(0.4, 0.5, paths),
        verdict=verdict(0.8, 0.35, 0.1, 0.03),
        command="stratkit walkforward --folds 8",
        facts=(("Symbols", "SP500"), ("Sampler", "tpe"), ("Trials", "1,600"), ("Seed", "0")),
        config_text="walkforward:\n  train_bars: 500\n",
    )  # fmt: skip
    return replace(content, **changes)


def _fold(number: int, times: Any, draw: np.random.Generator) -> FoldLine:
    start = 500 + 125 * (number - 1)
    inside, outside = float(draw.normal(1.2, 0.3)), float(draw.normal(0.5, 0.6))
    return FoldLine(
        number, (int(times[start - 500]), int(times[start - 6])), (int(times[start]), int(times[start + 124])),
        495, 125,
        {FAST.name: int(draw.integers(15, 30)), SLOW.name: int(draw.integers(90, 160)),
         SIDE.name: "long_only" if number % 4 else "both", CAP.name: float(draw.uniform(40, 60))},
        inside, outside, outside / inside, float(draw.normal(0.02, 0.05)), int(draw.integers(2, 9)),
    )  # fmt: skip
