"""`stratkit config`: the schema of a configuration, a complete one to start from, and one as it is resolved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stratkit.cli.environment import say_variables
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.config import FileConfig

app = typer.Typer(
    name="config", help="Write, check and explain configuration files.", no_args_is_help=True, rich_markup_mode=None
)

OnlyOption = Annotated[
    str | None, typer.Option("--only", metavar="NAME", help="Run this one of the configured strategies.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set one key, as in costs.commission_bps=5; may be repeated."),
]
StrategyOption = Annotated[
    str | None,
    typer.Option("--strategy", metavar="NAME|FILE.py:Class", help="Run this strategy instead of the configured ones."),
]
ConfigArguments = Annotated[
    list[Path] | None, typer.Argument(metavar="CONFIG", help="YAML files; of several, later ones win.")
]


@app.command("schema")
def schema(json_: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False) -> None:
    """Print the JSON Schema of a configuration.

    Editors complete and check a file with it. The output is always JSON.
    """
    from stratkit.config import config_schema

    Terminal(json_, quiet).emit(config_schema())


@app.command("show")
def show(
    configs: ConfigArguments = None,
    strategy: StrategyOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Print the whole configuration of a run, defaults included."""
    from stratkit.config import load_config, resolved_yaml
    from stratkit.yaml_positions import from_option

    options = [] if seed is None else [from_option("seed", seed, "--seed")]
    config = load_config(
        configs or (), options=options, settings=settings or (), strategy=strategy, only=only, environment=os.environ
    )
    terminal = Terminal(json_, quiet)
    say_variables(terminal, config)
    if json_:
        terminal.emit(config.plain())
    else:
        typer.echo(resolved_yaml(config), nl=False)


@app.command("init")
def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File to write.")] = Path("stratkit.yaml"),
    strategy: StrategyOption = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a complete, commented configuration that runs as it is."""
    from stratkit.config import load_config

    terminal = Terminal(json_, quiet)
    _write_new(path, _starter(load_config(strategy=strategy), path), force)
    if json_:
        terminal.emit({"path": str(path)})
    else:
        typer.echo(f"wrote {path}")
        terminal.say(f"run it with: stratkit backtest {path}")


def _starter(config: FileConfig, path: Path) -> str:
    from stratkit.config import resolved_yaml

    head = (
        "# A complete stratkit configuration. Any key may be left out; null switches an option off.\n"
        f"# Run it:             stratkit backtest {path.name}\n"
        f"# Change one key:     stratkit backtest {path.name} --set costs.commission_bps=5\n"
        "# Strategies to name: stratkit strategies list\n\n"
    )
    return head + resolved_yaml(config, comments=True)


def _write_new(path: Path, text: str, force: bool) -> None:
    from stratkit.errors import OutputError, UsageError

    try:
        with path.open("w" if force else "x", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{path}: a new file must not replace one that is there; use --force to overwrite it"
        ) from None
    except OSError as error:
        raise OutputError(f"{path}: the file must be writable; {error.strerror or error}") from error
