"""Run one command and print, as JSON, what it took: wall and processor time [s], peak resident memory [bytes].

    python process.py LOG COMMAND...

A process of its own and free of imports: the system counts the memory of the process that starts a command as
the command's own, so a benchmark full of data would find its own size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Run the command, its output written to LOG; return its exit code."""
    log, command = Path(sys.argv[1]), sys.argv[2:]
    begun = time.perf_counter()
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": peak}))
    return child.returncode


if __name__ == "__main__":
    sys.exit(main())
