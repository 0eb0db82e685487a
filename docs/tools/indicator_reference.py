"""`indicators_page`: docs/indicators.md from what the indicators declare and say of themselves."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable
from typing import Any

from page_parts import NOTE, cell, paragraphs, table

from stratkit.features.events import crossing, lag, last_nonzero
from stratkit.features.pairwise import rolling_beta, rolling_correlation
from stratkit.features.pieces import on_pieces
from stratkit.features.specs import IndicatorSpec, declared_indicators
from stratkit.research.sources import built_in_indicators

# the families in the order of the page: modules of stratkit.features and their titles
FAMILIES = {
    "indicators": "Averages, bands, momentum and range",
    "oscillators": "Oscillators",
    "trend": "Trend",
    "channels": "Channels",
    "volume": "Volume",
    "volume_profile": "Volume profile",
    "statistics": "Statistics",
}
OTHERS = "Others"
PLAIN = (crossing, lag, last_nonzero, rolling_correlation, rolling_beta, on_pieces)
RULES = """
A strategy asks its context, which fills in the fields: `context.compute(stochastic, 14)`, or `on="high"` to read
other fields than the usual ones. As a function an indicator takes the panels themselves:
`stochastic(bars.high, bars.low, bars.close, 14)`. All are imported from `stratkit.features`.

- **Panels** are (T, N), one row per bar and one column per symbol; NaN where there is no bar and before the first
  value. Nothing at a bar depends on a later one.
- **Lookback** is the number of own bars before the first value, with the default parameters; several panels of one
  indicator start together.
- **Holes**, bars that a symbol does not have, are skipped: 20 bars are 20 bars of that symbol. With
  `context.compute(rsi, 14, holes="restart")` the indicator begins anew behind each hole.
- **Nothing to say is NaN**, not 0: a window without range, a mean of no volume. A bar of unknown volume (NaN) is no
  bar to an indicator that reads volume.
- `stratkit check lookahead` proves all of them causal on your bars.
"""


def indicators_page() -> str:
    """Every built-in indicator: parameters, fields, lookback, meaning and source."""
    built_in_indicators()  # imports every module that declares one
    sections = ["# Indicators", NOTE, paragraphs(RULES)]
    declared = declared_indicators("stratkit.features.")
    for title in dict.fromkeys([*FAMILIES.values(), OTHERS]):
        own = [spec for spec in declared if FAMILIES.get(spec.function.__module__.split(".")[-1], OTHERS) == title]
        if own:
            sections += [f"## {title}", table(("indicator", "reads", "lookback", "meaning", "source"), _rows(own))]
    sections += ["## Of panels", "Plain functions of panels; they take no fields of the bars."]
    sections.append(table(("function", "meaning"), [(_call(each, 0), cell(_sentence(each))) for each in PLAIN]))
    return "\n\n".join(sections) + "\n"


def _rows(specs: list[IndicatorSpec]) -> list[tuple[str, ...]]:
    return [
        (
            _call(spec.function, len(spec.inputs)) + _parts(spec.function),
            ", ".join(spec.inputs),
            _lookback(spec),
            cell(_sentence(spec.function)),
            cell(_source(spec.function)),
        )
        for spec in specs
    ]


def _call(function: Callable[..., Any], inputs: int) -> str:
    """A function with its parameters behind the panels that are filled in."""
    words = []
    for each in list(inspect.signature(function).parameters.values())[inputs:]:
        given = "" if each.default is inspect.Parameter.empty else f"={each.default}"
        stars = "*" if each.kind is each.VAR_POSITIONAL else "**" if each.kind is each.VAR_KEYWORD else ""
        words.append(stars + each.name + given)
    return f"`{function.__name__}({', '.join(words)})`"


def _parts(function: Callable[..., Any]) -> str:
    """The names of the panels, where there are several."""
    result = typing.get_type_hints(function)["return"]
    fields = getattr(result, "_fields", ())
    return " → " + ", ".join(f"`{name}`" for name in fields) if fields else ""


def _lookback(spec: IndicatorSpec) -> str:
    """The lookback with the defaults, or what it is of a window that has no default."""
    parameters = list(inspect.signature(spec.function).parameters.values())[len(spec.inputs) :]
    given = {each.name: each.default for each in parameters if each.default is not inspect.Parameter.empty}
    needed = [each.name for each in parameters if each.name not in given]
    if not needed:
        return str(spec.lookback(**given))
    more = {spec.lookback(**given, **dict.fromkeys(needed, bars)) - bars for bars in (10, 20, 50)}
    if len(needed) > 1 or len(more) > 1:
        raise SystemExit(f"{spec.name} must have defaults for its windows: its lookback has no short form")
    (offset,) = more
    return f"`{needed[0]}`" + (f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else "")


def _sentence(function: Callable[..., Any]) -> str:
    """The first paragraph of what it says of itself, without the "Return"."""
    first = paragraphs(function.__doc__ or "").split("\n\n")[0]
    first = re.sub(r"^Return (\(T, N\) )?(int8: )?", "", first)
    return first[:1].upper() + first[1:]


def _source(function: Callable[..., Any]) -> str:
    found = re.search(r"Source: (.*)", paragraphs(function.__doc__ or ""))
    return found.group(1) if found else ""


if __name__ == "__main__":
    sys.stdout.write(indicators_page())
