"""`Formula`: an expression over prices and indicators, written as text, as a panel of numbers or a mask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.formula_operations import kind_of
from stratkit.features.formula_parsing import parse_term
from stratkit.features.formula_terms import Term, given_names
from stratkit.features.formula_text import FormulaText
from stratkit.features.formula_values import Values, lookback_bars
from stratkit.features.source import IndicatorSource
from stratkit.panel import BoolArray, FloatArray, on_axes, read_only

_NOTHING: Final[Mapping[str, npt.ArrayLike]] = {}


@dataclass(frozen=True)
class Formula:
    """A formula that was found to hold: `text` as it was written, `names` that must be handed in to compute it.

    Every number at bar t is made of what is known at close[t].
    """

    text: str
    names: tuple[str, ...]
    _term: Term = field(repr=False)

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false on each bar; a given name alone may be either, and counts as both."""
        return kind_of(self._term) != "number"

    def compute(self, source: IndicatorSource, names: Mapping[str, npt.ArrayLike] = _NOTHING) -> FloatArray:
        """Return (T, N) float64, read-only: its value on each bar of `source`, 1 and 0 for true and false.

        NaN where a symbol has no bar, where an operand is NaN, as in a warm-up, and where a value is not defined, such
        as 1 / 0. `names` holds a panel (T, N) for each of its own `names`; raises `UsageError` when one is missing.
        """
        panels = {name: _panel(name, names, source) for name in self.names}
        return read_only(Values(source, panels).panel(self._term))

    def mask(self, source: IndicatorSource, names: Mapping[str, npt.ArrayLike] = _NOTHING) -> BoolArray:
        """Return (T, N) where a condition is true, False where it is NaN.

        Raises `UsageError` for a formula that is no condition.
        """
        if not self.is_condition:
            raise UsageError(
                f"a formula must be a condition to be true or false; found {self.text!r}: compare it with something"
            )
        values = self.compute(source, names)
        return read_only((values != 0) & ~np.isnan(values))

    def lookback_bars(self, bars: Bars) -> int:
        """Return the index of its first value on bars without holes; T or more when `bars` are too few.

        It depends on the bars only where the formula looks at coarser ones.
        """
        return lookback_bars(self._term, IndicatorSource(bars))

    def lookback_on(self, source: IndicatorSource) -> int:
        """Return `lookback_bars` on the bars of a source, with the coarser ones that it has made already."""
        return lookback_bars(self._term, source)

    @property
    def own_lookback_bars(self) -> int:
        """What of `lookback_bars` is known without any bars: all of it, but for indicators of coarser bars."""
        return lookback_bars(self._term, None)


def parse_formula(text: str, names: Collection[str] = ()) -> Formula:
    """Return the formula that `text` stands for, in which `names` may be used beside prices and indicators.

    Raises `UsageError` naming the column, what is allowed there and the nearest known name.

    >>> parse_formula("crosses_above(rsi(14), 30) and close > sma(200)").is_condition
    True
    >>> parse_formula("close > smaa(200)")
    Traceback (most recent call last):
    stratkit.errors.UsageError: a formula must call known names; found smaa at column 9 of
    'close > smaa(200)': did you mean 'sma'?
    """
    term = parse_term(FormulaText(text), names)
    return Formula(text, tuple(dict.fromkeys(given_names(term))), term)


def _panel(name: str, names: Mapping[str, npt.ArrayLike], source: IndicatorSource) -> FloatArray:
    if name not in names:
        raise UsageError(f"a formula must be handed every name in it; found none for {name!r}: give its panel in names")
    panel = on_axes(names[name], source.bars.shape, name)
    return np.where(source.has_bar & np.isfinite(panel), panel, np.nan)
