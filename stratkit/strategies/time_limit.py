"""`within`: the time in which other people's code must answer."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any, Final

from stratkit.strategies.user_code import LocatedError, place_of_error

_SOON: Final = 1e-6  # seconds; a timer of 0 would be none


class _TimeIsUp(BaseException):
    """Raised inside code that takes too long; no `Exception`, so that it does not end in a handler of that code."""


class within:  # noqa: N801  reads as a word after `with`
    """Raise `StrategyError` when what happens inside takes longer than `seconds`; None = no limit.

    In the main thread of a system with interval timers it is interrupted there and then, in the line of the class
    `owner` that the message names; elsewhere, and inside a single call that Python cannot interrupt, it is found
    out afterwards. Of two limits, one inside the other, the one that is due first bites. Whether one does depends on
    the machine, so a run that must repeat sets a generous one.
    """

    def __init__(self, seconds: float | None, what: str, owner: type | None = None) -> None:
        self._seconds = seconds
        self._what = what
        self._owner = owner
        self._alarm: _Alarm | None = None

    def __enter__(self) -> None:
        self._begun = time.monotonic()
        if self._seconds is not None and _can_interrupt():
            self._alarm = _Alarm(self._seconds)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._alarm is not None:
            self._alarm.silence()
        is_stopped = isinstance(error, _TimeIsUp) and self._alarm is not None and self._alarm.is_set
        if self._seconds is None or not (error is None or is_stopped):
            return
        elapsed = time.monotonic() - self._begun
        if is_stopped or elapsed > self._seconds:
            found = f"{elapsed:.3g} s" if error is None else f"stopped at {place_of_error(error, self._owner)}"
            raise LocatedError(f"{self._what} must answer within {self._seconds:g} s; took longer: {found}") from None


class _Alarm:
    """One shot of the process's interval timer; what the timer did before goes on afterwards."""

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._timer = signal.getitimer(signal.ITIMER_REAL)
        self._before: Any = None
        if 0 < self._timer[0] <= seconds:  # an earlier alarm is due first
            return
        self._before = signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    @property
    def is_set(self) -> bool:
        """Whether it is this one that rings first."""
        return self._before is not None

    def silence(self) -> None:
        """Let the earlier timer and its handler go on."""
        if not self.is_set:
            return
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, self._before)
        due, interval = self._timer
        if due:
            signal.setitimer(signal.ITIMER_REAL, max(due - (time.monotonic() - self._begun), _SOON), interval)


def _can_interrupt() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def _ring(number: int, frame: FrameType | None) -> None:
    # in a function of this file it comes too late, or hardly after the beginning: the clock is read at the end
    if frame is None or frame.f_code.co_filename != __file__:
        raise _TimeIsUp
