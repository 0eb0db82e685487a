"""`serve`: what a worker process of a `ProcessPool` does: take chunks from its pipe, send back what they came to."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import platform
import shutil
import threading
import time
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from stratkit.data.bars import Bars
from stratkit.errors import RunError, StratkitError
from stratkit.panel import FloatArray
from stratkit.research.interrupts import ignore_ctrl_c
from stratkit.research.shared_bars import open_bars
from stratkit.research.trials import Assignment, Evaluation


class WorksOnBars(Protocol):
    """A dataclass that evaluates sets of values on its `bars`; an `Evaluator` is one. It travels to each worker."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def bars(self) -> Bars:
        """What it works on: written into files once, which the workers share."""

    def evaluate(self, values: Sequence[Assignment], stop_below: FloatArray | None = None) -> list[Evaluation]:
        """Return what each set came to, in their order."""


Request = tuple[Sequence[Assignment], FloatArray | None]  # a chunk, and below what it is stopped
Answer = tuple[list[Evaluation] | StratkitError, float]  # what it came to, and how many seconds that took

# parameters of glibc's mallopt and the size up to which freed memory stays with the process instead of
# going back to the system: a replay frees and takes arrays of the same few sizes all the time
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 1 << 28


def serve(connection: Connection, evaluator: WorksOnBars, folder: Path) -> None:
    """Evaluate chunks on the bars in `folder`, until the process that asked ends this one or is gone."""
    ignore_ctrl_c()  # the process that asked hears of it and ends this one
    warnings.simplefilter("ignore")  # each worker would say once more what is said where the choice is replayed
    _keep_freed_memory()
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    with suppress(EOFError, OSError):
        evaluator = replace(evaluator, bars=open_bars(folder))
        connection.send(None)
        while True:
            connection.send(_answer(evaluator, connection.recv()))
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed


def as_stratkit_error(error: Exception) -> StratkitError:
    """Return an error that another process can raise: itself, or for a defect one with its traceback as a note."""
    if isinstance(error, StratkitError):
        return error
    defect = RunError(f"a worker must compute a trial or say why not; found {type(error).__name__}: {error}")
    defect.add_note("".join(traceback.format_exception(error)))
    return defect


def _answer(evaluator: WorksOnBars, request: Request) -> Answer:
    begun = time.perf_counter()
    found: list[Evaluation] | StratkitError
    try:
        found = evaluator.evaluate(*request)
    except Exception as error:  # whatever it is, it is raised where the trial was asked for
        found = as_stratkit_error(error)
    return found, time.perf_counter() - begun


def _end_with_parent(folder: Path) -> None:
    """End this process, whatever it computes, when the one that started it is gone, and take its files away."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed; other systems do as they are used to."""
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
