"""`needed_series`: which external series a strategy says that it needs."""

from __future__ import annotations

from typing import Final

from stratkit.errors import UsageError
from stratkit.strategies.context import Context
from stratkit.strategies.strategy import Strategy

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


def check_needs(name: str, strategy: Strategy, context: Context) -> None:
    """Raise `UsageError` when the run has no series that the strategy configured as `name` needs."""
    for series in needed_series(strategy):
        try:
            context.external.check(series)
        except UsageError as error:
            raise UsageError(
                f"strategies.{name} reads an external series: {error}, as in "
                f'--set "data.series.{series}={{path: FILE, publication_lag: 1d}}"'
            ) from None
