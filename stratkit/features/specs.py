"""`IndicatorSpec`: what is known of an indicator: its name, its inputs, its lookback."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final, TypeVar, get_type_hints

from stratkit.errors import UsageError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
_FEATURES: Final = "stratkit.features."


@dataclass(frozen=True)
class IndicatorSpec:
    """An indicator's `name`, the fields of the bars it reads by default, and its lookback.

    `lookback` takes the parameters by name and returns the index of the first value on a series
    without holes: how many own bars must come before it. An average over 20 bars looks back 19.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    lookback: Callable[..., int]

    def parameters(self, *args: object, **params: object) -> dict[str, Any]:
        """Return every parameter by name, defaults filled in; raise `UsageError` when they do not fit."""
        try:
            return dict(_bound_before(self.function, self.inputs, *args, **params))
        except TypeError:  # arguments that do not fit, or that cannot be remembered
            pass
        try:
            return dict(_bound(self.function, self.inputs, *args, **params))
        except TypeError as error:
            names = list(_signature(self.function).parameters)[len(self.inputs) :]
            raise UsageError(f"indicator {self.name!r} takes {', '.join(names)}; found: {error}") from None

    @property
    def is_built_in(self) -> bool:
        """Whether it is one of the features, not a user's own."""
        return self.function.__module__.startswith(_FEATURES)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its panels, as its annotation names them; none when it returns a single panel."""
        try:
            returned = get_type_hints(self.function).get("return")
        except NameError:  # an annotation of names that only a type checker sees
            return ()
        return getattr(returned, "_fields", ())


_BY_FUNCTION: Final[dict[Callable[..., Any], IndicatorSpec]] = {}


def indicator(*inputs: str, lookback: Callable[..., int]) -> Callable[[F], F]:
    """Declare a function to be an indicator, so that contexts compute it once and know its lookback.

    `inputs` name the fields of the bars that it reads, one per panel; the parameters come after
    them. The function itself is returned unchanged.

    >>> @indicator("high", "low", lookback=lambda: 0)
    ... def middle(high, low):
    ...     return (high + low) / 2
    """

    def declare(function: F) -> F:
        _BY_FUNCTION[function] = IndicatorSpec(function.__name__, function, inputs, lookback)
        return function

    return declare


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)  # ten times as long as everything else that `parameters` does


def _bound(
    function: Callable[..., Any], inputs: tuple[str, ...], /, *args: object, **params: object
) -> tuple[tuple[str, Any], ...]:
    bound = _signature(function).bind(*inputs, *args, **params)
    bound.apply_defaults()
    return tuple(bound.arguments.items())[len(inputs) :]


# binding takes longer than looking up an indicator that is kept, which a sweep does in every trial
_bound_before = lru_cache(maxsize=4096, typed=True)(_bound)


def spec_of(function: Callable[..., Any]) -> IndicatorSpec:
    """Return the spec of a declared indicator; raise `UsageError` for any other function."""
    if function not in _BY_FUNCTION:
        name = getattr(function, "__name__", repr(function))
        known = [spec.name for spec in _BY_FUNCTION.values()]
        raise UsageError(
            f"{name!r} is not declared as an indicator ({did_you_mean(name, known)}): decorate it "
            'with @indicator("close", lookback=...), or call it yourself'
        )
    return _BY_FUNCTION[function]


def declared_indicators(module_prefix: str = "") -> list[IndicatorSpec]:
    """Return the indicators declared so far in modules whose name begins with `module_prefix`."""
    return [spec for function, spec in _BY_FUNCTION.items() if function.__module__.startswith(module_prefix)]


def indicators_by_name() -> dict[str, IndicatorSpec]:
    """Return every indicator by its name: all of the features, and those of a user's own that are declared so far.

    Of two with one name that of the features counts, else the later one.
    """
    _import_features()
    declared = sorted(declared_indicators(), key=lambda spec: spec.is_built_in)
    return {spec.name: spec for spec in declared}


@cache
def _import_features() -> None:
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{_FEATURES}{module.name}")
