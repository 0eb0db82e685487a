"""`system_record`: what may differ between two equal runs: when, where, how long, how much memory."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def system_record(run_id: str, started: datetime, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the time and the place of a run; `seconds` are the durations of its phases, by name."""
    return {
        "run_id": run_id,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "peak_memory_mb": peak_memory_mb(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
    }


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process [MB]; None where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)  # bytes on macOS, KB elsewhere
