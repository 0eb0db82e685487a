"""`peak_memory_share`: how much of the machine's memory this process has held at its peak."""

from __future__ import annotations

import os

from stratkit.runs.system import peak_memory_mb


def peak_memory_share() -> float | None:
    """Return peak resident memory / physical memory [fraction]; None where the system does not tell."""
    peak = peak_memory_mb()
    if peak is None or not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return peak * 1e6 / physical if physical > 0 else None
