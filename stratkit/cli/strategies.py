"""`stratkit strategies`: which strategies there are, and what one of them takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.strategies.parameters import SearchParameter
    from stratkit.strategies.strategy import Strategy

app = typer.Typer(
    help="List the strategies, and show what one of them takes.", no_args_is_help=True, rich_markup_mode=None
)

SpecArgument = Annotated[
    str,
    typer.Argument(metavar="NAME|FILE.py:Class", help="A strategy's name, or a file of your own and the class in it."),
]


@app.command("list")
def list_strategies(
    as_json: JsonOption = False, seed: SeedOption = None, quiet: QuietOption = False, debug: DebugOption = False
) -> None:
    """List the built-in strategies and those of installed packages."""
    from stratkit.errors import StrategyError
    from stratkit.strategies.catalog import STRATEGIES, build_strategy

    terminal = Terminal(as_json, quiet)
    records = []
    for name in STRATEGIES.names():
        try:
            records.append(_record(build_strategy(name)))
        except StrategyError as error:  # a package that is broken must not hide the others
            terminal.warn(str(error))
    if as_json:
        terminal.emit({"strategies": records})
        return
    table = _table("name", "family", "warm-up", "what it does")
    for record in records:
        table.add_row(record["name"], record["family"], f"{record['warmup_bars']} bars", record["description"])
    terminal.out.print(table)
    terminal.say("stratkit strategies show NAME lists the parameters of one")


@app.command("show")
def show_strategy(
    strategy: SpecArgument,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a strategy's description, source, warm-up, and its parameters with their bounds."""
    from stratkit.strategies.catalog import build_strategy

    terminal = Terminal(as_json, quiet)
    record = _record(build_strategy(strategy))
    if as_json:
        terminal.emit(record)
        return
    facts = {"family": record["family"], "source": record["source"] or "not given"}
    facts["warm-up"] = f"{record['warmup_bars']} bars with the defaults"
    lines = [f"{record['name']}: {record['description']}", *(f"  {key:8} {value}" for key, value in facts.items())]
    for line in lines:
        terminal.out.print(line, markup=False, soft_wrap=True)
    if not record["parameters"]:
        terminal.out.print("it has no parameters")
        return
    table = _table("parameter", "default", "allowed", "what it is")
    for parameter in record["parameters"]:
        table.add_row(parameter["name"], str(parameter["default"]), _allowed(parameter), parameter["description"])
    terminal.out.print(table)


def _record(strategy: Strategy) -> dict[str, Any]:
    from stratkit.strategies.catalog import source_digest
    from stratkit.strategies.parameters import search_space

    return {
        "name": strategy.name,
        "family": strategy.family,
        "description": strategy.description,
        "source": strategy.source,
        "warmup_bars": _warmup_bars(strategy),
        "source_sha256": source_digest(strategy),
        "parameters": [_parameter(parameter) for parameter in search_space(strategy.Params)],
    }


def _warmup_bars(strategy: Strategy) -> int:
    """Return the declared warm-up; one that is not declared is seen on a few bars."""
    from stratkit.strategies.context import Context
    from stratkit.strategies.running import run_strategy
    from stratkit.testing import sample_bars

    return strategy.warmup_bars or run_strategy(strategy, Context(sample_bars(3), assume_positions=True)).warmup_bars


def _parameter(parameter: SearchParameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "default": parameter.default,
        "low": parameter.low,
        "high": parameter.high,
        "step": parameter.step,
        "log": parameter.log,
        "choices": list(parameter.choices),
        "allowed": parameter.allowed,
        "description": parameter.description,
    }


def _allowed(parameter: dict[str, Any]) -> str:
    if parameter["kind"] in ("int", "float"):
        return f"{parameter['low']:g} to {parameter['high']:g}"
    return str(parameter["allowed"]).removeprefix("one of ")


def _table(*titles: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == titles[0])
    return table
