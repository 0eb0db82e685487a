"""What a strategy says that it needs beside prices, and whether a run has it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.strategies.context import Context
from stratkit.strategies.strategy import Strategy

SEVERAL: Final = "several symbols"
VOLUME: Final = "volume"
_SERIES: Final = "series:"


def needed_series(strategy: Strategy) -> tuple[str, ...]:
    """Return the names of the external series in `strategy.needs`.

    A strategy whose parameter `series` names the series reads the one that is given there, in the place of the
    parameter's default.
    """
    names = [need.removeprefix(_SERIES) for need in strategy.needs if need.startswith(_SERIES)]
    field = type(strategy.params).model_fields.get("series")
    if field is None:
        return tuple(names)
    return tuple(str(strategy.params.series) if name == field.default else name for name in names)


def check_needs(name: str, strategy: Strategy, context: Context, symbols: Sequence[str] = ()) -> None:
    """Raise `UsageError` when the run lacks a series, or symbols, that the strategy configured as `name` needs.

    `symbols` are those that it may trade, none = all of the bars. Without them it would be silent for ever. Where only
    volume is missing that is a warning: some of it may speak.
    """
    symbols = symbols or context.bars.symbols
    if SEVERAL in strategy.needs and len(symbols) < 2:
        raise UsageError(
            f"strategies.{name} trades several symbols against each other; found only {', '.join(symbols)}: "
            "name more in data.symbols, or --data a file that holds more"
        )
    if VOLUME in strategy.needs and not (np.nan_to_num(context.bars.volume) > 0).any():
        warnings.warn(
            f"strategies.{name} reads volume, and the bars hold none: what depends on it stays silent", stacklevel=2
        )
    for series in needed_series(strategy):
        try:
            context.external.check(series)
        except UsageError as error:
            raise UsageError(
                f"strategies.{name} reads an external series: {error}, as in "
                f'--set "data.series.{series}={{path: FILE, publication_lag: 1d}}"'
            ) from None
