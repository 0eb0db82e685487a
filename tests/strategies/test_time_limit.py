"""A time limit interrupts, tells where, and leaves the process's timer as it was."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from stratkit.errors import StrategyError
from stratkit.strategies.time_limit import within
from stratkit.strategies.user_code import calling

SHORT = 0.05


class Slow:
    """Code of somebody else."""

    def loop(self) -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            pass

    def swallow(self) -> None:
        try:
            self.loop()
        except BaseException:  # as careless code does
            return


@pytest.fixture(autouse=True)
def the_timer_is_left_alone() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) is before


def test_what_answers_in_time_is_left_alone() -> None:
    with within(5.0, "it"):
        answer = 1
    assert answer == 1


def test_no_limit_is_none() -> None:
    with within(None, "it"):
        time.sleep(SHORT)


def test_a_loop_is_interrupted_in_its_line() -> None:
    begun = time.monotonic()
    with pytest.raises(StrategyError) as caught, within(SHORT, "strategy 'slow'", Slow):
        Slow().loop()
    assert time.monotonic() - begun < 4
    assert f"strategy 'slow' must answer within 0.05 s; took longer: stopped at {__file__}:" in str(caught.value)


def test_it_is_interrupted_through_the_place_where_errors_get_their_place() -> None:
    with (
        pytest.raises(StrategyError, match=r"must answer within 0\.05 s; took longer"),
        within(SHORT, "it", Slow),
        calling("it raised", Slow),
    ):
        Slow().loop()


def test_code_that_swallows_the_interruption_is_found_out() -> None:
    with pytest.raises(StrategyError, match=r"must answer within 0.05 s; took longer: 0.\d+ s"), within(SHORT, "it"):
        Slow().swallow()


def test_an_error_of_the_code_goes_before_the_limit() -> None:
    with pytest.raises(ZeroDivisionError), within(5.0, "it"):
        1 / 0  # noqa: B018  to raise


def test_outside_the_main_thread_it_is_found_out_afterwards() -> None:
    raised: list[str] = []

    def late() -> None:
        try:
            with within(SHORT, "it"):
                time.sleep(3 * SHORT)
        except StrategyError as error:
            raised.append(str(error))

    thread = threading.Thread(target=late)
    thread.start()
    thread.join()
    assert "it must answer within 0.05 s; took longer: 0." in raised[0]


def test_an_earlier_timer_goes_on() -> None:
    rung: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    before = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with within(0.1, "it"):
            time.sleep(0.02)
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 0.2
        time.sleep(0.3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, handler)
    assert rung == [signal.SIGALRM]


def test_the_shorter_of_two_limits_bites_first() -> None:
    message = r"outer must answer within 0\.05 s"
    with pytest.raises(StrategyError, match=message), within(SHORT, "outer"), within(5.0, "inner"):
        Slow().loop()
    message = r"inner must answer within 0\.05 s"
    with pytest.raises(StrategyError, match=message), within(5.0, "outer"), within(SHORT, "inner"):
        Slow().loop()


def test_ctrl_c_passes() -> None:
    with pytest.raises(KeyboardInterrupt), within(5.0, "it"):
        raise KeyboardInterrupt
