"""A signal waits for the end of what must not be cut in two, and then does what it always does."""

from __future__ import annotations

import signal
import threading

import pytest

from stratkit.errors import Terminated
from stratkit.research.interrupts import interrupted_later


def test_ctrl_c_waits_until_the_end() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt), interrupted_later():  # noqa: PT012  the end of the block is what raises
        signal.raise_signal(signal.SIGINT)
        done.append(1)
    assert done == [1]


def test_a_termination_signal_goes_to_its_own_handler() -> None:
    def stop(number: int, frame: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(Terminated), interrupted_later():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is stop
    finally:
        signal.signal(signal.SIGTERM, before)


def test_one_inside_the_other_waits_for_the_outer_end() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt), interrupted_later():  # noqa: PT012  the end of the block is what raises
        with interrupted_later():
            signal.raise_signal(signal.SIGINT)
        done.append(1)
    assert done == [1]


def test_without_a_signal_everything_is_as_before() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    with interrupted_later():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == mask


def test_another_thread_leaves_signals_alone() -> None:
    seen: list[object] = []

    def work() -> None:
        with interrupted_later():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
