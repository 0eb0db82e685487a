"""Do the tests keep their promise? How often each calls luck a difference, and how often it finds one that is there.

python benchmarks/calibration.py                        # 4,000 pairs a cell, two processes, ten to twenty minutes
python benchmarks/calibration.py --quick                # 200 pairs: a first look
python benchmarks/calibration.py --write-docs           # writes the tables of docs/calibration.md and measured_size.py
python benchmarks/calibration.py --json calibration.json

Ends with 1 when a limit is broken. The figures hang on --seed and --pairs alone, not on --workers.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from calibrated_tests import (
    BASE,
    LEVEL,
    PAIR_TESTS,
    PERIODS_PER_YEAR,
    PRIMARY,
    REPS,
    SLOW_TESTS,
    Cell,
    Rate,
    Truth,
    rejections,
)
from calibration_page import printed, write_page, write_sizes
from null_worlds import AR1, CORRELATION, EDGE, GARCH11, IID, MAIN, STUDENT

from stratkit.inference.power import power_at

PAIRS: Final = 4_000
QUICK: Final = 200
LENGTHS: Final = (60, 250, 1_000, 2_500)
EDGE_LENGTHS: Final = (30, 60, 120, 250, 1_000)
GAPS: Final = (0.5, 1.0, 2.0)  # yearly Sharpe ratios
HIGH: Final = (2.0, 4.0)  # likewise, of both arms: .13 and .25 a day
CHUNK: Final = 50  # pairs a task: a second, and 20 MB of returns

# What is promised of the primary test at 5 % and 1,000 periods, of 4,000 pairs: rejections of a true hypothesis
LIMITS: Final = {IID.name: (0.040, 0.060), AR1.name: (0.035, 0.065)}
LIMIT_LENGTH: Final = 1_000
# and how far its power may lie from what `stratkit.inference.power` promises beforehand
POWER_LIMIT: Final = 0.05


def cells(pairs: int) -> tuple[Cell, ...]:
    """Return every cell; tests that take long see an eighth of the pairs, planted effects a quarter."""
    slow, planted = max(1, pairs // 8), max(1, pairs // 4)
    one = (PRIMARY,)
    size = [Cell(Truth(world.name, n), PAIR_TESTS, pairs) for world in MAIN for n in LENGTHS]
    size += [Cell(Truth(world.name, n), SLOW_TESTS, slow) for world in MAIN for n in LENGTHS]
    size += [Cell(Truth(world.name, n), one, pairs) for world in MAIN for n in EDGE_LENGTHS if n not in LENGTHS]
    size += [Cell(Truth(world.name, n), one, pairs) for world in EDGE for n in EDGE_LENGTHS]
    high = [Truth(world.name, n, base=base) for world in (IID, GARCH11, STUDENT) for n in LENGTHS[1:] for base in HIGH]
    size += [Cell(truth, one, planted) for truth in high]
    size.append(Cell(Truth(IID.name, LENGTHS[-1], leverage=2.0), PAIR_TESTS, planted))
    effects = [Truth(IID.name, n, gap) for n in LENGTHS[1:] for gap in GAPS]
    effects += [Truth(world.name, n, 1.0) for world in MAIN if world is not IID for n in LENGTHS[1:]]
    power = [Cell(truth, PAIR_TESTS, planted) for truth in effects]
    power += [Cell(truth, ("SPA",), max(1, slow // 2)) for truth in effects]
    return (*size, *power)


def rates(wanted: Sequence[Cell], seed: int, workers: int, tell: bool = True) -> tuple[Rate, ...]:
    """Measure every cell; sums of counts, so that the number of processes cannot matter."""
    pool = ProcessPoolExecutor(workers, get_context("spawn")) if workers > 1 else nullcontext()
    found: list[Rate] = []
    with pool as opened:
        for cell, counted in zip(wanted, _counted(wanted, seed, opened), strict=True):
            found += [Rate(cell.truth, test, cell.pairs, counted[test]) for test in cell.tests]
            if tell:
                said = ", ".join(f"{each.test} {each.rate:.1%}" for each in found[-len(cell.tests) :])
                print(f"{cell.truth}: {said}", file=sys.stderr, flush=True)
    return tuple(found)


def _counted(wanted: Sequence[Cell], seed: int, pool: Executor | None) -> Iterator[dict[str, int]]:
    tasks = [
        (cell, range(first, min(first + CHUNK, cell.pairs))) for cell in wanted for first in range(0, cell.pairs, CHUNK)
    ]
    run = pool.map if pool is not None else map
    answers = iter(run(rejections, *zip(*[(cell, pairs, seed) for cell, pairs in tasks], strict=True)))
    for cell in wanted:
        parts = [next(answers) for _ in range(0, cell.pairs, CHUNK)]
        yield {test: sum(part[test] for part in parts) for test in cell.tests}


def limits(found: Sequence[Rate]) -> list[tuple[bool, str]]:
    """Return whether each promise is kept, with its sentence.

    The limits are those of 4,000 pairs. Fewer pairs show less: they are only held to three of their standard errors
    beyond.
    """
    sizes = [_size_limit(_rate(found, Truth(world, LIMIT_LENGTH)), *limit) for world, limit in LIMITS.items()]
    return [*sizes, _power_limit(_rate(found, Truth(IID.name, LIMIT_LENGTH, gap=1.0)))]


def _size_limit(one: Rate, low: float, high: float) -> tuple[bool, str]:
    slack = 0.0 if one.pairs >= PAIRS else 3 * math.sqrt(LEVEL * (1 - LEVEL) / one.pairs)
    seen = f"{one.rate:.2%} +- {one.error:.2%} of {one.pairs:,} pairs"
    promised = f"promised [{low:.1%}, {high:.1%}]" + (f" +- {slack:.1%} for few pairs" if slack else "")
    sentence = f"size of the primary test, {one.truth.world}, n = {one.truth.n:,}: {seen}, {promised}"
    return low - slack <= one.rate <= high + slack, sentence


def _power_limit(one: Rate) -> tuple[bool, str]:
    # of normal pairs without autocorrelation (Jobson, Korkie, Memmel), both about at the base, ratios a year
    ratio = BASE / math.sqrt(PERIODS_PER_YEAR)
    theta = 2 - 2 * CORRELATION + ratio**2 * (1 - CORRELATION**2)
    se = math.sqrt(theta / one.truth.n * PERIODS_PER_YEAR)
    planned = float(power_at(np.array([one.truth.gap]), se, LEVEL)[0])
    slack = POWER_LIMIT if one.pairs >= PAIRS // 4 else POWER_LIMIT + 3 * math.sqrt(planned * (1 - planned) / one.pairs)
    seen = f"{one.rate:.1%} +- {one.error:.1%} of {one.pairs:,} pairs"
    sentence = f"power of the primary test, gap {one.truth.gap:g} a year, n = {one.truth.n:,}: {seen}"
    return abs(one.rate - planned) <= slack, f"{sentence}, planned {planned:.1%} +- {slack:.1%}"


def _rate(found: Sequence[Rate], truth: Truth) -> Rate:
    return next(each for each in found if (each.truth, each.test) == (truth, PRIMARY))


def as_json(found: Sequence[Rate], seed: int, pairs: int, kept: list[tuple[bool, str]]) -> dict[str, Any]:
    """Return all cells and limits as plain values."""
    return {
        "schema": "stratkit.calibration/1",
        "seed": seed,
        "pairs": pairs,
        "reps": REPS,
        "level": LEVEL,
        "cells": [_flat(each) for each in found],
        "limits": [{"kept": held, "sentence": sentence} for held, sentence in kept],
    }


def _flat(one: Rate) -> dict[str, Any]:
    counts = {"test": one.test, "pairs": one.pairs, "rejected": one.rejected}
    return {**asdict(one.truth), **counts, "rate": one.rate, "error": one.error}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs a cell; slow tests see an eighth of them")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} pairs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write every cell there")
    parser.add_argument(
        "--write-docs", action="store_true", help="write the page's tables and the sizes in the package"
    )
    chosen = parser.parse_args()
    pairs = QUICK if chosen.quick else chosen.pairs
    began = time.perf_counter()
    found = rates(cells(pairs), chosen.seed, chosen.workers)
    kept = limits(found)
    print(printed(found))
    for held, sentence in kept:
        print(f"{'kept  ' if held else 'MISSED'}  {sentence}")
    if chosen.json:
        text = json.dumps(as_json(found, chosen.seed, pairs, kept), indent=1)
        chosen.json.write_text(text + "\n", "utf-8")
    if chosen.write_docs:
        write_page(found, pairs, chosen.seed)
        write_sizes(found)
    print(f"{time.perf_counter() - began:.0f} s")
    sys.exit(0 if all(held for held, _ in kept) else 1)


if __name__ == "__main__":
    main()
