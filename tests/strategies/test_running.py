"""Running a strategy: its signals are checked, and what it raises gets a place and a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import StrategyError, Terminated, UsageError
from stratkit.features.indicators import rsi, sma
from stratkit.features.source import IndicatorSource
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.running import opinions, run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

T, N = 12, 2


@pytest.fixture
def bars() -> Bars:
    close = 100.0 + np.arange(T * N, dtype=np.float64).reshape(T, N) % 5
    close[4, 1] = np.nan
    return Bars(np.arange(T) * 86_400 * 10**9, ("A", "B"), close, close, close, close, close, "1d")


def everywhere(value: bool = True) -> npt.NDArray[Any]:
    return np.full((T, N), value)


class Says(Strategy):
    """Say what the test put into `said`."""

    family = "test"
    said: Any = None

    def signals(self, context: Context) -> Signals:
        return self.said(self, context) if callable(self.said) else self.said  # type: ignore[no-any-return]


def saying(said: Any) -> Says:
    strategy = Says()
    strategy.said = said
    return strategy


def test_masks_become_sides_with_no_opinion_where_there_is_no_bar(bars: Bars) -> None:
    long, short, out = everywhere(False), everywhere(False), everywhere(True)
    long[2], short[3], long[4] = True, True, True
    strategy = saying(lambda self, context: self.sides(context, long=long, short=short, exit=out))
    signals = run_strategy(strategy, Context(bars))
    assert signals.side is not None
    np.testing.assert_array_equal(signals.side[:, 1], [2, 2, 1, -1, 0] + [2] * 7)
    np.testing.assert_array_equal(signals.side[:, 0], [2, 2, 1, -1, 1] + [2] * 7)


def test_a_bar_that_is_both_long_and_short_is_refused(bars: Bars) -> None:
    strategy = saying(lambda self, context: self.sides(context, long=everywhere(), short=everywhere()))
    with pytest.raises(StrategyError, match="must be long or short, not both; found both at bar 0, A"):
        run_strategy(strategy, Context(bars))


def test_weights_are_left_alone_where_there_is_no_bar(bars: Bars) -> None:
    strategy = saying(lambda self, context: self.weights(context, np.full((T, N), 0.5)))
    signals = run_strategy(strategy, Context(bars))
    assert signals.weight is not None
    assert np.isnan(signals.weight[4, 1])
    assert np.nansum(signals.weight) == 0.5 * (T * N - 1)
    assert opinions(signals).sum() == T * N - 1


def test_details_go_along(bars: Bars) -> None:
    level = np.full((T, N), 90.0)
    strategy = saying(lambda self, context: self.sides(context, long=everywhere(), stop_level=level))
    stop_level = run_strategy(strategy, Context(bars)).stop_level
    assert stop_level is not None
    np.testing.assert_array_equal(stop_level, level)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "must return Signals, such as self.sides(context, long=...); found NoneType"),
        (
            Signals("says", np.zeros((3, N), np.int8)),
            "must hold an opinion on each of 12 bars x 2 symbols; found the shape (3, 2)",
        ),
        (
            Signals("says", np.ones((T, N), np.int8)),
            "must have no opinion where a symbol has no bar; found one on bar 4 (1970-01-05) of B",
        ),
        (
            Signals("says", np.ones((T, N), np.int8), warmup_bars=3),
            "must be silent for its 3 warm-up bars; found an opinion on bar 0 (1970-01-01) of A",
        ),
        (lambda self, context: 1 / 0, "strategy 'says' raised: "),
        (lambda self, context: Signals("says", np.full((T, N), np.nan)), "found NaN at bar 0, column 0"),
        (lambda self, context: context.bars.close.fill(1.0), "ValueError: assignment destination is read-only"),
    ],
)
def test_a_broken_promise_is_named(bars: Bars, said: Any, message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        run_strategy(saying(said), Context(bars))
    assert message in str(caught.value)


def test_an_error_names_the_line_of_the_strategy_and_not_of_the_library(bars: Bars) -> None:
    class Wrong(Strategy):
        def signals(self, context: Context) -> Signals:
            context.compute(sma, 0)
            raise AssertionError("not reached")

    with pytest.raises(StrategyError) as caught:
        run_strategy(Wrong(), Context(bars))
    line = Wrong.signals.__code__.co_firstlineno + 1
    assert str(caught.value) == (
        f"strategy 'wrong' raised: {__file__}:{line}: window_bars must be a whole number of bars from 1 up; found 0"
    )


def test_even_leaving_the_process_is_an_error_of_the_strategy(bars: Bars) -> None:
    def leave(self: Strategy, context: Context) -> None:
        raise SystemExit(3)

    with pytest.raises(StrategyError, match="SystemExit: 3"):
        run_strategy(saying(leave), Context(bars))


@pytest.mark.parametrize("stop", [Terminated, KeyboardInterrupt])
@pytest.mark.parametrize("is_hidden", [False, True])
def test_being_stopped_is_no_error_of_the_strategy(bars: Bars, stop: type[BaseException], is_hidden: bool) -> None:
    def stopped(self: Strategy, context: Context) -> None:
        try:
            raise stop
        except BaseException as error:  # as a library may that a strategy calls
            if is_hidden:
                raise ValueError("no data") from error
            raise

    with pytest.raises(stop):
        run_strategy(saying(stopped), Context(bars))


def test_what_a_strategy_prints_goes_to_stderr(bars: Bars, capsys: pytest.CaptureFixture[str]) -> None:
    def prints(self: Strategy, context: Context) -> Signals:
        print("hello")
        return self.sides(context, long=everywhere())

    run_strategy(saying(prints), Context(bars))
    print("result")
    assert tuple(capsys.readouterr()) == ("result\n", "hello\n")


def test_the_warm_up_of_a_strategy_that_declares_none_is_the_lookback_it_used(bars: Bars) -> None:
    strategy = saying(lambda self, context: self.sides(context, long=context.compute(sma, 6) > 0))
    assert run_strategy(strategy, Context(bars)).warmup_bars == 5


def test_a_lookback_that_the_strategy_did_not_wait_for_is_no_warm_up(bars: Bars) -> None:
    def early(self: Strategy, context: Context) -> Signals:
        context.compute(sma, 6)
        mask = everywhere(False)
        mask[2] = True
        return self.sides(context, long=mask)

    assert run_strategy(saying(early), Context(bars)).warmup_bars == 2


class Declared(Strategy):
    """Be long always, but for a declared warm-up."""

    class Params(Parameters):
        window: int = bounded(3, low=1, high=9, description="bars")

    @property
    def warmup_bars(self) -> int:
        return int(self.params.window)

    def signals(self, context: Context) -> Signals:
        assert context.params is self.params
        return self.sides(context, long=everywhere())


def test_a_declared_warm_up_is_kept_silent(bars: Bars) -> None:
    signals = run_strategy(Declared(window=5), Context(bars))
    assert signals.warmup_bars == 5
    assert signals.params == {"window": 5}
    assert signals.strategy == "declared"
    assert signals.side is not None
    assert not signals.side[:5].any()
    assert signals.side[5:, 0].all()


def test_indicators_are_shared_between_contexts_of_the_same_bars_only(bars: Bars) -> None:
    source = IndicatorSource(bars)
    first, second = Context(bars, source), Context(bars, source)
    assert first.compute(rsi, 3) is second.compute(rsi, 3)
    assert (first.lookback_bars, Context(bars, source).lookback_bars) == (3, 0)
    with pytest.raises(UsageError, match="must be of its own bars"):
        Context(bars.slice(0, 5), source)


def test_names_come_from_the_class_unless_given() -> None:
    class BuyTheDip2(Strategy):
        """Buy it.

        And more words.
        """

    class Given(Strategy):
        name, description = "mine", "Do this."

    class Heir(Given):
        """Do that."""

    assert (BuyTheDip2.name, BuyTheDip2.description) == ("buy_the_dip2", "Buy it.")
    assert (Given.name, Given.description) == ("mine", "Do this.")
    assert (Heir.name, Heir.description) == ("heir", "Do that.")
    assert repr(Declared(window=4)) == "Declared(window=4)"
