"""Contract suites: what every plug-in promises, as checks that its author runs.

A strategy's promises as one test each, in a test file of your own::

    from stratkit.testing import strategy_contract
    from dip import BuyTheDip

    TestBuyTheDip = strategy_contract(BuyTheDip)

or all at once, anywhere: ``check_strategy(BuyTheDip)``. Both need nothing but stratkit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from stratkit.data.bars import FIELDS, PRICES, Bars
from stratkit.data.series import ExternalSeries
from stratkit.data.synthetic_series import synthetic_series
from stratkit.errors import StratkitError
from stratkit.features.external import SeriesSource
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray
from stratkit.research.futures import FUTURES
from stratkit.research.lookahead import check_lookahead
from stratkit.research.outputs import differences
from stratkit.research.sources import StrategySource, signal_outputs
from stratkit.seeds import generator
from stratkit.strategies.context import Context
from stratkit.strategies.needs import needed_series
from stratkit.strategies.parameters import search_space
from stratkit.strategies.running import opinions, run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

_FIRST_DAY_NS: Final = 18_263 * NS_PER_DAY  # 2020-01-02
_DAILY_VOL: Final = 0.02
_MEMORY: Final = 60  # bars after which nothing is left of what parted the twins
_CUTS: Final = 20  # where the future is hidden

Promise = Callable[[Strategy, Bars], None]


def sample_bars(bars: int = 500, seed: int = 0) -> Bars:
    """Return daily bars of six made-up symbols, with everything that a strategy must cope with.

    ``FULL`` and ``TREND`` have every bar, ``GAPS`` misses a tenth of them, ``LATE`` lists after a
    third of the time, ``GONE`` is delisted after four fifths. ``TWIN`` strays from ``FULL`` and comes back.
    """
    symbols = ("FULL", "GAPS", "GONE", "LATE", "TREND", "TWIN")
    shape = (bars, len(symbols) - 1)
    draw = generator(seed, "testing", "sample_bars")
    drift = np.array([0.0, 0.0, -0.001, 0.001, 0.003]) * np.sign(np.sin(np.arange(bars) / 60))[:, None]
    close = 100 * np.exp(np.cumsum(drift + _DAILY_VOL * draw.standard_normal(shape), axis=0))
    open_ = close * np.exp(_DAILY_VOL / 4 * draw.standard_normal(shape))
    spread = 1 + _DAILY_VOL / 2 * np.abs(draw.standard_normal(shape))
    panels = {
        "open": open_,
        "high": np.maximum(open_, close) * spread,
        "low": np.minimum(open_, close) / spread,
        "close": close,
        "volume": np.round(1e6 * np.exp(0.3 * draw.standard_normal(shape))),
    }
    panels = {name: np.column_stack([panel, panel[:, 0]]) for name, panel in panels.items()}
    for name in PRICES:
        panels[name][:, -1] *= np.exp(_apart(bars, generator(seed, "testing", "twin")))
    missing = np.zeros((bars, len(symbols)), np.bool_)
    missing[:, 1] = draw.random(bars) < 0.1
    missing[bars * 4 // 5 :, 2] = True
    missing[: bars // 3, 3] = True
    days = np.arange(bars) // 5 * 7 + np.arange(bars) % 5  # five days on, two days off
    times = (_FIRST_DAY_NS + days * NS_PER_DAY).astype(np.int64)
    return _with_panels(times, symbols, {name: np.where(missing, np.nan, panel) for name, panel in panels.items()})


def _apart(bars: int, draw: np.random.Generator) -> FloatArray:
    """Return (T,) log distances that come back by a tenth in every bar: a weighted mean of the shocks before."""
    weights = 0.9 ** np.arange(_MEMORY)
    shocks = 0.4 * _DAILY_VOL * draw.standard_normal(bars + _MEMORY - 1)
    return np.convolve(shocks, weights, mode="valid")


def sample_series(strategy: Strategy, bars: Bars) -> dict[str, ExternalSeries]:
    """Return a made-up external series beside `bars` for each that a strategy says it needs, as in ``series:vix``."""
    return {name: synthetic_series(name, bars) for name in needed_series(strategy)}


def sample_context(strategy: Strategy, bars: Bars) -> Context:
    """Return what a strategy looks at when its promises are checked: `bars`, and the series of `sample_series`."""
    return Context(bars, assume_positions=True, external=SeriesSource(bars, sample_series(strategy, bars)))


def check_strategy(strategy: type[Strategy] | Strategy, bars: Bars | None = None) -> None:
    """Check every promise of a strategy; raise `AssertionError` naming those it breaks.

    A class is checked with its default parameters. `bars` replace the sample of `sample_bars`. For each external
    series that it says it needs it is handed a made-up one.
    """
    built = _built(strategy)
    sample = bars or _long_enough(built)
    broken: dict[str, str] = {}  # the first promise broken for each reason
    for promise in PROMISES:
        try:
            promise(built, sample)
        except AssertionError as error:
            broken.setdefault(str(error), promise.__name__)
    if broken:
        lines = "".join(f"\n  {promise}: {reason}" for reason, promise in broken.items())
        raise AssertionError(f"strategy {built.name!r} breaks its contract:{lines}")


def strategy_contract(strategy: type[Strategy] | Strategy, bars: Bars | None = None) -> type:
    """Return a class with one test method per promise, for pytest to collect under a Test... name."""

    def method(promise: Promise) -> Callable[[Any], None]:
        def test(self: Any) -> None:
            built = _built(strategy)
            promise(built, bars or _long_enough(built))

        test.__doc__ = promise.__doc__
        return test

    return type("StrategyContract", (), {f"test_{promise.__name__}": method(promise) for promise in PROMISES})


def says_what_it_is(strategy: Strategy, bars: Bars) -> None:
    """A name in snake case, a family, and a description of one line."""
    _hold(
        re.fullmatch(r"[a-z][a-z0-9_]*", strategy.name) is not None,
        f"name must be in snake_case; found {strategy.name!r}",
    )
    _hold(bool(strategy.family), "family must be given")
    _hold(
        bool(strategy.description.strip()) and "\n" not in strategy.description,
        f"description must be one sentence; found {strategy.description!r}: write a docstring",
    )


def has_bounded_parameters(strategy: Strategy, bars: Bars) -> None:
    """Every parameter has bounds or choices and a description, and the defaults hold."""
    for parameter in search_space(strategy.Params):
        _hold(
            parameter.kind != "fixed" or isinstance(parameter.default, str),
            f"parameter {parameter.name} must have bounds: declare it with bounded(...) or choice(...)",
        )
        _hold(bool(parameter.description), f"parameter {parameter.name} must have a description")
    try:
        type(strategy)()
    except StratkitError as error:
        raise AssertionError(f"the defaults must hold: {error}") from error


def keeps_its_word_on_a_run(strategy: Strategy, bars: Bars) -> None:
    """Signals of the right shape, silent in the warm-up and where there is no bar; and not silent for ever."""
    signals = _signals(strategy, bars)
    _hold(
        bool(opinions(signals).any()),
        f"it must have an opinion on some bar, else these checks prove nothing; found none on {bars!r}: "
        "give bars on which it trades",
    )


def covers_its_lookback(strategy: Strategy, bars: Bars) -> None:
    """A declared warm-up is not shorter than the lookback of the indicators computed."""
    context = sample_context(strategy, bars)
    _signals(strategy, bars)
    with _as_assertion():
        strategy.signals(context)
    declared = strategy.warmup_bars
    _hold(
        declared == 0 or declared >= context.lookback_bars,
        f"warmup_bars must cover the longest indicator, {context.lookback_bars} bars; found {declared}",
    )


def is_deterministic(strategy: Strategy, bars: Bars) -> None:
    """Two runs, and a twin built from the same parameters, agree."""
    first = _signals(strategy, bars)
    _same(first, _signals(strategy, bars), bars, "a second run must give the same")
    twin = type(strategy)(**strategy.params.model_dump())
    _same(first, _signals(twin, bars), bars, "a twin with the same parameters must give the same")


def does_not_need_later_bars(strategy: Strategy, bars: Bars) -> None:
    """Signals on the first t bars, and what was known by then, are the first t rows of the signals on all bars."""
    _hold_causal(strategy, bars, ("truncation", "universe"))


def does_not_see_later_bars(strategy: Strategy, bars: Bars) -> None:
    """Other prices, holes, stamps and values of external series from bar t on change nothing before it."""
    _hold_causal(strategy, bars, (*(f"future: {kind}" for kind in FUTURES), "series"))


def leaves_bars_alone(strategy: Strategy, bars: Bars) -> None:
    """The bars are the same after a run, to the last bit."""
    copies = {name: getattr(bars, name).copy() for name in FIELDS}
    times = bars.times.copy()
    _signals(strategy, bars)
    for name, before in copies.items():
        _hold(np.array_equal(before, getattr(bars, name), equal_nan=True), f"bars.{name} must not be written to")
    _hold(np.array_equal(times, bars.times), "bars.times must not be written to")


def copes_with_little(strategy: Strategy, bars: Bars) -> None:
    """One bar, two bars, no more bars than the warm-up, a symbol without any bar: no error, and no opinion."""
    warmup_bars = _signals(strategy, bars).warmup_bars
    for rows in {1, 2, warmup_bars} - {0}:
        signals = _signals(strategy, bars.slice(0, rows))
        if rows <= warmup_bars:
            _hold(not opinions(signals).any(), f"{rows} bars are all warm-up: there must be no opinion")
    empty = {name: getattr(bars, name).copy() for name in FIELDS}
    for panel in empty.values():
        panel[:, 0] = np.nan
    signals = _signals(strategy, _with_panels(bars.times, bars.symbols, empty, bars.frequency))
    _hold(not opinions(signals)[:, 0].any(), "a symbol without any bar must get no opinion")


PROMISES: Final[tuple[Promise, ...]] = (
    says_what_it_is,
    has_bounded_parameters,
    keeps_its_word_on_a_run,
    covers_its_lookback,
    is_deterministic,
    does_not_need_later_bars,
    does_not_see_later_bars,
    leaves_bars_alone,
    copes_with_little,
)


def _hold(condition: bool, message: str) -> None:
    if not condition:  # raised, not asserted: a contract holds under `python -O` too
        raise AssertionError(message)


class _as_assertion:  # noqa: N801  reads as a word after `with`
    """Turn an error that the strategy caused into a failed check."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StratkitError):
            raise AssertionError(str(error)) from error


def _built(strategy: type[Strategy] | Strategy) -> Strategy:
    if isinstance(strategy, Strategy):
        return strategy
    with _as_assertion():
        return strategy()
    raise AssertionError("not reached")


def _signals(strategy: Strategy, bars: Bars) -> Signals:
    with _as_assertion():
        return run_strategy(strategy, sample_context(strategy, bars))
    raise AssertionError("not reached")


def _long_enough(strategy: Strategy) -> Bars:
    short = sample_bars()
    try:
        return sample_bars(len(short.times) + 3 * _signals(strategy, short).warmup_bars)
    except AssertionError:  # it does not run at all: the promises will say so
        return short


def _with_panels(times: IntArray, symbols: tuple[str, ...], panels: dict[str, Any], frequency: str = "1d") -> Bars:
    return Bars(times, symbols, **panels, frequency=frequency, source="made up by stratkit.testing")


def _hold_causal(strategy: Strategy, bars: Bars, checks: tuple[str, ...]) -> None:
    params, series = strategy.params.model_dump(), sample_series(strategy, bars)
    source = StrategySource(type(strategy), params, reload=False, series=series)
    with _as_assertion():
        report = check_lookahead(source, bars, cuts=_CUTS)
        for leak in report.leaks:
            whole, part = leak.values()
            _hold(
                leak.check not in checks,
                f"signals must not change {leak.when()}; found {part} instead of {whole} for {leak.where()}",
            )


def _same(left: Signals, right: Signals, bars: Bars, must: str) -> None:
    for found in differences(signal_outputs(left, bars), signal_outputs(right, bars), len(bars.times)):
        raise AssertionError(f"{must}; found {found.field} {found.part} instead of {found.whole} at bar {found.bar}")
