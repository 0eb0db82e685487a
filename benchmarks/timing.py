"""`interleaved`: how long each of several calls takes, measured in turn so that all meet the same machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

Calls = Mapping[str, Callable[[], object]]


class Timing(NamedTuple):
    """Durations of one call [ms], wall clock and processor, in order of measurement."""

    wall_ms: list[float]
    cpu_ms: list[float]

    @property
    def best_ms(self) -> float:
        """The wall time that other processes disturbed least."""
        return min(self.wall_ms)

    def line(self) -> str:
        """Return best and median of both clocks, in columns."""
        figures = (min(self.wall_ms), median(self.wall_ms), min(self.cpu_ms), median(self.cpu_ms))
        return "".join(f"{figure:9.2f}" for figure in figures)


def interleaved(calls: Calls, repeats: int) -> dict[str, Timing]:
    """Time every call `repeats` times, A B C A B C, after an untimed round; no garbage collection inside.

    Each is called once untimed just before it is timed, so that none depends on what the one before it left in
    the processor's caches.
    """
    timings = {name: Timing([], []) for name in calls}
    for turn in range(-1, repeats):
        for name, call in calls.items():
            gc.collect()
            gc.disable()
            call()
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            gc.enable()
            if turn >= 0:
                timings[name].wall_ms.append(wall * 1e3)
                timings[name].cpu_ms.append(cpu * 1e3)
    return timings


def ratio(of: Timing, to: Timing) -> tuple[float, float]:
    """Return best over best, and the median over the rounds of one over the other."""
    pairs = zip(of.wall_ms, to.wall_ms, strict=True)
    return of.best_ms / to.best_ms, median(one / other for one, other in pairs)
