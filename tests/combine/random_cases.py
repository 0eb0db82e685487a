"""`random_case`: opinions of several strategies with every option on at times, ties and conflicts common."""

from __future__ import annotations

import numpy as np
from blend_twin import Case

from stratkit.combine.blend import Blending, blend_rows, open_blend
from stratkit.combine.settings import CombineSettings, GlobalSettings, Method
from stratkit.strategies.signals import Signals

# the last two give target weights: all strategies, averaged, or some of them in books
METHODS = (
    "highest_confidence", "weighted_average", "majority", "consensus", "priority", "unanimous", "independent",
    "averaged", "mixed_books",
)  # fmt: skip


def random_signals(random: np.random.Generator, number: int, shape: tuple[int, int], weights: bool) -> Signals:
    """Opinions that last a while, or come and go; confidences in tenths, so that they are often equal."""
    quiet = random.uniform(0.0, 0.7)
    side = random.choice([0, 1, -1, 2], shape, p=[quiet, (1 - quiet) * 0.45, (1 - quiet) * 0.4, (1 - quiet) * 0.15])
    if random.random() < 0.5:
        stays = random.random(shape) < 0.6
        for bar in range(1, shape[0]):
            side[bar] = np.where(stays[bar], side[bar - 1], side[bar])
    confidence = None if random.random() < 0.3 else random.integers(0, 11, shape).astype(np.float32) / np.float32(10)
    if not weights:
        return Signals(f"s{number}", side=side.astype(np.int8), confidence=confidence)
    size = random.integers(1, 5, shape) / 4
    weight = np.where(side == 0, np.nan, np.where(side == 2, 0.0, side * size))
    return Signals(f"s{number}", weight=weight, confidence=confidence)


def random_case(seed: int, method: str, shape: tuple[int, int] | None = None) -> Case:
    """One case of a method."""
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 6))
    shape = shape or (int(random.integers(1, 15)), int(random.integers(1, 7)))
    kinds = {"averaged": [True] * count, "mixed_books": list(random.random(count) < 0.5)}.get(method, [False] * count)
    changing = random.random() < 0.3
    weights, enabled = [1.0] * count, [True] * count
    every_row: list[tuple[list[float], list[bool]]] = []
    for bar in range(shape[0]):
        if bar == 0 or (changing and random.random() < 0.4):
            weights = random.choice([0.0, 0.1, 0.2, 0.3, 1.0, 1.0, 2.0], count).tolist()
            enabled = (random.random(count) < 0.85).tolist()
        every_row.append((weights, enabled))
    limited = random.random() < 0.6
    return Case(
        [random_signals(random, number, shape, bool(kind)) for number, kind in enumerate(kinds)],
        {"averaged": "weighted_average", "mixed_books": "independent"}.get(method, method),
        [row[0] for row in every_row],
        [row[1] for row in every_row],
        random.integers(0, 3, count).tolist(),
        random.integers(0, 4, count).tolist() if limited else [0] * count,
        random.choice([1, 1, 1, 2, 3], count).tolist(),
        float(random.choice([0.0, 0.3, 0.5, 0.7])),
        float(random.choice([0.2, 0.4, 0.5, 0.6, 1.0])),
        int(random.integers(1, 4)),
        int(random.integers(0, 5)),
    )


def opened(case: Case) -> Blending:
    """The blend of a case before its first row."""
    method: Method = case.method  # type: ignore[assignment]  # one of the names above
    return open_blend(
        case.signals,
        CombineSettings(
            method=method,
            min_confidence=case.min_confidence,
            threshold=case.threshold,
            min_strategies=case.min_strategies,
        ),
        GlobalSettings(max_total_proposals_per_cycle=case.max_total or None),
        priorities=case.priorities,
        limits=case.limits,
        every_bars=case.every_bars,
    )


def play(case: Case, stops: list[int] | None = None) -> Blending:
    """Blend a case, in stretches that end at `stops` and wherever weights or switches change."""
    blending, bars = opened(case), case.signals[0].shape[0]
    changes = [
        bar
        for bar in range(1, bars)
        if (case.weights[bar], case.enabled[bar]) != (case.weights[bar - 1], case.enabled[bar - 1])
    ]
    for stop in sorted({*changes, *(stops or []), bars}):
        start = blending.next_bar
        blend_rows(blending, start, stop, case.weights[start], case.enabled[start])
    return blending
