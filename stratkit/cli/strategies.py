"""`stratkit strategies`: which strategies there are, what one of them takes, and files to start one from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stratkit.cli.bar_tables import literal
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.strategies.parameters import SearchParameter
    from stratkit.strategies.strategy import Strategy

app = typer.Typer(
    help="List the strategies, show what one of them takes, and start one of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_NEEDS_WIDTH: Final = 10  # columns: "several symbols" takes two lines

SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.py:Class|MODULE:Class",
        help="A strategy's name, or a file or module of your own and the class in it.",
    ),
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
    terminal.show(_by_family(records))
    terminal.say("stratkit strategies show NAME lists the parameters of one")
    terminal.say("one of your own is named path/to/file.py:Class or package.module:Class, here and everywhere")
    terminal.say("stratkit strategies new NAME writes one to start from")


@app.command("show")
def show_strategy(
    strategy: SpecArgument,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a strategy's description, edge, source, needs, warm-up, and its parameters with their bounds."""
    from stratkit.strategies.catalog import build_strategy

    terminal = Terminal(as_json, quiet)
    record = _record(build_strategy(strategy))
    if as_json:
        terminal.emit(record)
        return
    facts = {"family": record["family"], "edge": record["edge"], "source": record["source"] or "not given"}
    facts |= {"needs": ", ".join(record["needs"]), "warm-up": f"{record['warmup_bars']} bars with the defaults"}
    given = {key: value for key, value in facts.items() if value}
    lines = [f"{record['name']}: {record['description']}", *(f"  {key:8} {value}" for key, value in given.items())]
    for line in lines:
        terminal.out.print(line, markup=False, soft_wrap=True)
    if not record["parameters"]:
        terminal.out.print("it has no parameters")
        return
    table = _table("parameter", "default", "allowed", "what it is")
    for parameter in record["parameters"]:
        cells = (parameter["name"], str(parameter["default"]), _allowed(parameter), parameter["description"])
        table.add_row(*map(literal, cells))
    terminal.show(table)


@app.command("new")
def new_strategy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the strategy and of its file, in snake_case.")],
    per_bar: Annotated[
        bool, typer.Option("--per-bar", help="One that is asked bar by bar and proposes trades; slower.")
    ] = False,
    folder: Annotated[Path, typer.Option("--dir", metavar="PATH", help="Folder to write to.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a strategy of ten lines, NAME.py, and its test, test_NAME.py.

    The test holds the promises that every strategy makes, and one signal worked out by hand.
    """
    from stratkit.cli.new_files import write_new_files
    from stratkit.strategies.new_name import check_new_name
    from stratkit.strategies.templates import strategy_files

    terminal = Terminal(as_json, quiet)
    check_new_name(name, folder)
    strategy, test = write_new_files(folder, strategy_files(name, per_bar=per_bar), force=force)
    if as_json:
        terminal.emit({"strategy": str(strategy), "test": str(test)})
        return
    typer.echo(f"wrote {strategy} and {test}")
    terminal.say(f"test it:  pytest {shlex.quote(str(test))}")
    terminal.say(f"run it:   stratkit backtest --strategy {shlex.quote(str(strategy))}")


def _record(strategy: Strategy) -> dict[str, Any]:
    from stratkit.strategies.catalog import source_digest
    from stratkit.strategies.parameters import search_space

    return {
        "name": strategy.name,
        "family": strategy.family,
        "description": strategy.description,
        "edge": strategy.edge,
        "source": strategy.source,
        "needs": list(strategy.needs),
        "warmup_bars": _warmup_bars(strategy),
        "source_sha256": source_digest(strategy),
        "parameters": [_parameter(parameter) for parameter in search_space(strategy.Params)],
    }


def _warmup_bars(strategy: Strategy) -> int:
    """Return the declared warm-up; one that is not declared is seen on a few bars."""
    from stratkit.strategies.running import run_strategy
    from stratkit.testing import sample_bars, sample_context

    return strategy.warmup_bars or run_strategy(strategy, sample_context(strategy, sample_bars(3))).warmup_bars


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


def _by_family(records: list[dict[str, Any]]) -> Table:
    """Return one table with the strategies of a family together, families in the order in which they first come."""
    table = _table("strategy", "warm-up", "needs", "what it does")
    table.collapse_padding, table.pad_edge = True, False  # room for the words on a terminal of 80 columns
    table.columns[2].max_width = _NEEDS_WIDTH
    for family in dict.fromkeys(record["family"] for record in records):
        table.add_row(literal(family), style="bold")
        for record in (each for each in records if each["family"] == family):
            needs = ", ".join(record["needs"]).replace(":", " ")  # "series vix" may be broken in two
            cells = (f"  {record['name']}", f"{record['warmup_bars']} bars", needs, record["description"])
            table.add_row(*map(literal, cells))
    return table


def _table(*titles: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == titles[0])
    return table
