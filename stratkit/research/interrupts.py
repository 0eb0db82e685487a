"""`interrupted_later`: a piece of work that Ctrl-C and a termination signal do not cut in two."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupted_later() -> Iterator[None]:
    """Let both signals wait until the end. A process that is started inside blocks them until it says otherwise.

    In a thread that is not the main one it does nothing: Python handles signals in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    # the mask is what a new process inherits; alone it would not do, for the system may give a signal to another thread
    can_mask = hasattr(signal, "pthread_sigmask")  # not on Windows
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS) if can_mask else set()
    handlers = {number: signal.signal(number, note) for number in _STOPS}
    try:
        yield
    finally:
        if can_mask:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)  # what the system held back is noted here
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if waiting:
            signal.raise_signal(waiting[0])


def ignore_ctrl_c() -> None:
    """Let this process ignore Ctrl-C, which every process of a terminal hears, and end by a termination signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
