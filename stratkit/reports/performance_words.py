"""How strategies and machine fared in words, for the page and the terminal."""

from __future__ import annotations

from typing import Final

from stratkit.analytics.performance import StrategyPerformance, SystemPerformance
from stratkit.reports.wording import MISSING, number, percent

_LEAST_MS: Final = 0.01  # what is shorter is told in microseconds


def maybe_number(value: float | None, digits: int = 2) -> str:
    """Return a figure, or that there is none."""
    return MISSING if value is None else number(value, digits)


def maybe_percent(value: float | None, digits: int = 2) -> str:
    """Return a fraction as percent, or that there is none."""
    return MISSING if value is None else percent(value, digits)


def ms_text(value: float | None) -> str:
    """Return milliseconds, or microseconds, with as many digits as say something.

    >>> ms_text(12.345), ms_text(0.25), ms_text(0.0004), ms_text(None)
    ('12 ms', '0.25 ms', '0.4 µs', 'n/a')
    """
    if value is None:
        return MISSING
    return f"{number(1e3 * value, 1)} µs" if value < _LEAST_MS else f"{number(value, 0 if value >= 10 else 2)} ms"


def shadow_text(one: StrategyPerformance) -> str:
    """Return how many trades of the shadow book have closed, and how many of them won; empty without any."""
    if not one.shadow_closed or one.shadow_accuracy is None:
        return ""
    return f"{percent(one.shadow_accuracy, 0)} of {one.shadow_closed:,}"


def system_facts(system: SystemPerformance) -> list[tuple[str, str]]:
    """Return how the machine coped, each fact with its name; what was not measured is left out."""
    took = f"{system.bars:,} bars in {system.seconds:.2f} s"
    if system.bars_per_second is not None and system.symbol_bars_per_second is not None:
        took += f", {number(system.bars_per_second, 0)} a second"
        if system.symbols > 1:
            took += f", {number(system.symbol_bars_per_second, 0)} counting each of {system.symbols:,} symbols"
    facts = [("throughput", took)]
    if system.cores_used is not None:
        facts.append(("processor", f"{system.cpu_seconds:.2f} s, {number(system.cores_used)} cores in use"))
    if system.peak_memory_mb is not None:
        share = "" if system.memory_share is None else f", {percent(system.memory_share, 1)} of the machine"
        facts.append(("memory", f"{number(system.peak_memory_mb, 0)} MB at its peak{share}"))
    facts.append(("faults", _faults(system)))
    if system.updates is not None:
        facts.append(("adaptive", _updates(system.updates, system.update_ms)))
    return facts


def _faults(system: SystemPerformance) -> str:
    asks = f"{system.times_asked:,} {'ask' if system.times_asked == 1 else 'asks'}"
    if not system.faults:
        return f"none in {asks}"
    return f"{system.faults:,} in {asks}, {maybe_percent(system.error_rate)}"


def _updates(updates: int, each_ms: float | None) -> str:
    return f"{updates:,} updates" + ("" if each_ms is None else f" of {ms_text(each_ms)} each")
