"""`system_record`: what may differ between two equal runs: when, where, how long, how much memory."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from stratkit.runs.places import places_record


def system_record(
    run_id: str, started: datetime, seconds: Mapping[str, float], folder: Path | None = None
) -> dict[str, Any]:
    """Return the time and the place of a run; `seconds` are the durations of its phases, by name.

    With its `folder`, also from where relative paths of its configuration are seen.
    """
    return {
        "run_id": run_id,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "peak_memory_mb": peak_memory_mb(),
        **machine(),
        **({} if folder is None else places_record(folder)),
    }


def machine() -> dict[str, Any]:
    """Return the operating system and the processor."""
    return {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process [MB]; None where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)  # bytes on macOS, KB elsewhere
