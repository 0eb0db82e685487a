"""`CoarserIndicators` and `Formulas` as causal sources: what stands on indicators, for `check_lookahead` to prove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import ascii_letters
from typing import Any, Final

from stratkit.data.bars import Bars
from stratkit.features.formula import Formula, parse_formula
from stratkit.features.indicators import atr, bollinger, rsi, sma
from stratkit.features.source import IndicatorSource
from stratkit.frequency import frequency_ns
from stratkit.panel import NS_PER_DAY
from stratkit.research.outputs import CausalSource, Outputs, Panel

Indicator = Callable[..., Any]

_COARSER: Final = 3  # bars in a coarser one where days and weeks are not made of whole bars

# one of each kind: a window, one that remembers all bars, one of several fields, one of several panels
_JOINED: Final[dict[Indicator, dict[str, Any]]] = {
    sma: {"window_bars": 2},
    rsi: {"window_bars": 3},
    atr: {"window_bars": 3},
    bollinger: {"window_bars": 3, "deviations": 2.0},
}
# every operation of the language, on the bars and on coarser ones; short windows, so that much is compared
_EXAMPLES: Final = {
    "arithmetic": "(high + low - 2 * close) / max(high - low, 0.01) ** 2",
    "functions": "sign(change(close, 3)) * sqrt(abs(log(close))) + exp(-clip(rsi(5) / 100, 0.2, min(open, 0.9)))",
    "conditions": "not (1 < rsi(5) <= 60 or close == open) and volume != lag(volume, 2) and close >= lowest(5)",
    "counts": "(close > open) + (volume > sma(3, on=volume))",
    "crossings": "where(crosses_above(close, sma(5)), 1, where(crosses_below(close, sma(5)), -1, 0))",
    "expressions": "sma(5, on=close / open) - highest(3, on=change(rsi(4), 2)) + macd(3, 6, 2, on=volume).histogram",
    "coarser bars": 'lag(sma(2, on=open, timeframe="{timeframe}"), 1) < bollinger(3, timeframe="{timeframe}").mid',
    "expressions on coarser bars": 'highest(2, on=change(close, 1) / atr(2), timeframe="{timeframe}")',
}


@dataclass(frozen=True)
class CoarserIndicators:
    """A handful of indicators on several timeframes coarser than the bars, joined to them, as outputs."""

    name: str = "indicators on coarser bars"

    @property
    def code(self) -> object:
        """None: no code of a user's own."""
        return None

    def outputs(self, bars: Bars) -> Outputs:
        """Compute each indicator on each timeframe that is made of whole bars."""
        source = IndicatorSource(bars)
        panels: dict[str, Panel] = {}
        for timeframe in timeframes_beside(bars.frequency):
            for function, params in _JOINED.items():
                found = source.compute(function, timeframe=timeframe, **params)
                parts = found._asdict() if hasattr(found, "_asdict") else {"": found}
                panels |= {f"{timeframe} {function.__name__} {part}".strip(): panel for part, panel in parts.items()}
        return Outputs(panels, bars.symbols)

    def fresh(self, known_until_ns: int | None = None) -> CoarserIndicators:
        """Return itself: it is a function of the bars."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


@dataclass(frozen=True)
class Formulas:
    """Formulas by name, each of the bars alone, as outputs; ``{timeframe}`` in a text is one coarser than the bars."""

    texts: Mapping[str, str] = field(default_factory=lambda: _EXAMPLES)
    name: str = "formulas"

    @property
    def code(self) -> object:
        """None: a formula runs no code of its own."""
        return None

    def outputs(self, bars: Bars) -> Outputs:
        """Compute each formula."""
        source, (timeframe, *_) = IndicatorSource(bars), timeframes_beside(bars.frequency)
        parsed = {name: _parsed(text, timeframe) for name, text in self.texts.items()}
        return Outputs({name: formula.compute(source) for name, formula in parsed.items()}, bars.symbols)

    def fresh(self, known_until_ns: int | None = None) -> Formulas:
        """Return itself: a formula is a function of the bars."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


def timeframes_beside(frequency: str) -> tuple[str, ...]:
    """Return the timeframes that are looked at beside bars of `frequency`.

    >>> timeframes_beside("1h"), timeframes_beside("1d"), timeframes_beside("1mo")
    (('1d', '3d', '1w'), ('1w', '1mo'), ('3mo',))
    """
    if frequency == "1d":
        return ("1w", "1mo")
    if NS_PER_DAY % frequency_ns(frequency) == 0:
        return ("1d", "3d", "1w")
    count = frequency.rstrip(ascii_letters)
    return (f"{_COARSER * int(count)}{frequency.removeprefix(count)}",)


def feature_sources() -> list[CausalSource]:
    """Return what is proved of indicators beside each by itself: their joins to finer bars, and formulas of them."""
    return [CoarserIndicators(), Formulas()]


@cache
def _parsed(text: str, timeframe: str) -> Formula:
    return parse_formula(text.replace("{timeframe}", timeframe))
