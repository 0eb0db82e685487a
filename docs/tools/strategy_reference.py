"""`strategies_page`: docs/strategy-library.md from what the built-in strategies say of themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from page_parts import NOTE, cell, paragraphs, table

from stratkit.errors import ParameterError
from stratkit.strategies.catalog import STRATEGIES, find_strategy
from stratkit.strategies.parameters import ParameterValue, SearchParameter, search_space
from stratkit.strategies.strategy import Strategy

INTRODUCTION = """
Every strategy that comes with stratkit, by family. `stratkit strategies list` and `stratkit strategies show NAME` say
the same in the terminal.

- **Edge** is the hypothesis: who pays, and why. It is no promise. Each strategy is tested to win, net of costs, on a
  made-up market into which its edge was planted, and not to win on one where it is absent or reversed; whether your
  market has the edge is for you to find out, and costs come first.
- **Needs** names what bars of prices do not give. Everything works on one symbol unless it says otherwise.
- **Warm-up** is how many first bars it is silent with its defaults.
- A stop, target or time stop that belongs to the idea comes with it; `exit_plan` in a configuration replaces it.
- Confidence, where a strategy gives one, weighs votes and may scale sizes; see [Many strategies](strategies.md).
"""


def strategies_page() -> str:
    """Every built-in strategy with edge, source, needs, warm-up, parameters and a command."""
    built = [find_strategy(name)() for name in STRATEGIES.builtin]
    sections = ["# Strategy library", NOTE, *paragraphs(INTRODUCTION).split("\n\n"), _overview(built)]
    for family, own in _families(built):
        sections.append(f"## {_title(family)}")
        for strategy in own:
            sections += _section(strategy)
    return "\n\n".join(sections) + "\n"


def example(strategy: Strategy) -> str:
    """Return a command that runs a strategy with one parameter changed."""
    words = [f"stratkit backtest --strategy {strategy.name}"]
    for series in (need.removeprefix("series:") for need in strategy.needs if need.startswith("series:")):
        words.append(f"--set data.series.{series}.path={series}.parquet")
        words.append(f"--set data.series.{series}.publication_lag=1d")
    changed = next(_changes(strategy), None)
    if changed is not None:
        name, value = changed
        words.append(f"--set strategies.{strategy.name}.params.{name}={str(value).lower()}")
    return " ".join(words)


def _families(built: list[Strategy]) -> Iterator[tuple[str, list[Strategy]]]:
    for family in dict.fromkeys(strategy.family for strategy in built):
        yield family, [strategy for strategy in built if strategy.family == family]


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _overview(built: list[Strategy]) -> str:
    rows = [
        (f"[`{one.name}`](#{one.name})", _title(family), ", ".join(one.needs), cell(one.description))
        for family, own in _families(built)
        for one in own
    ]
    return table(("strategy", "family", "needs", "what it does"), rows)


def _section(strategy: Strategy) -> list[str]:
    facts = {
        "Edge": strategy.edge,
        "Source": strategy.source,
        "Needs": ", ".join(strategy.needs) or "bars of prices",
        "Warm-up": f"{strategy.warmup_bars:,} bars with the defaults",
    }
    said = [f"### {strategy.name}", paragraphs(type(strategy).__doc__ or "")]
    said.append("\n".join(f"- **{name}**: {fact}" for name, fact in facts.items()))
    rows = [
        (f"`{each.name}`", f"`{_shown(each.default)}`", cell(_allowed(each)), cell(each.description))
        for each in search_space(strategy.Params)
    ]
    said.append(table(("parameter", "default", "allowed", "what it is"), rows) if rows else "It has no parameters.")
    return [*said, f"```bash\n{example(strategy)}\n```"]


def _allowed(parameter: SearchParameter) -> str:
    if parameter.kind == "choice":
        return ", ".join(f"`{_shown(value)}`" for value in parameter.choices)
    return "a text" if parameter.kind == "fixed" else f"{parameter.low:g} to {parameter.high:g}"


def _shown(value: ParameterValue | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changes(strategy: Strategy) -> Iterator[tuple[str, ParameterValue | None]]:
    """Yield parameters with another value that holds beside the defaults, windows first."""
    for parameter in search_space(strategy.Params):
        value = _another(parameter)
        try:
            type(strategy)(**{parameter.name: value})
        except ParameterError:  # at odds with another parameter, or not to be changed by a number
            continue
        if value != parameter.default:
            yield parameter.name, value


def _another(parameter: SearchParameter) -> ParameterValue | None:
    if parameter.kind == "choice":
        return parameter.choices[-1]
    if parameter.kind == "fixed" or parameter.low is None or parameter.high is None:
        return parameter.default
    assert isinstance(parameter.default, int | float)  # it has bounds
    half_more = min(parameter.default * 1.5, parameter.high)
    return round(half_more) if parameter.kind == "int" else round(half_more, 3)


if __name__ == "__main__":
    sys.stdout.write(strategies_page())
