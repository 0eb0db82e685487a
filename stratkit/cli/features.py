"""`stratkit features`: one causal matrix of features: what is in it, what was left out and why, and the file."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stratkit.cli.backtest import AcceptOption, DataOption, EndOption, StartOption
from stratkit.cli.config import ConfigArguments, OnlyOption, SetOption, StrategyOption
from stratkit.cli.environment import say_variables
from stratkit.cli.run_options import bars_given, run_options
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.cli.feature_run import FeatureRun
    from stratkit.config import FileConfig

FEATURES: Final = Path("features")  # not reports/: every folder there is a run
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder in which a folder of files is made.")]
NoFilesOption = Annotated[bool, typer.Option("--no-files", help="Print only: no table, no picture.")]


def features(
    configs: ConfigArguments = None,
    data: DataOption = None,
    strategy: StrategyOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    accept: AcceptOption = None,
    out: OutOption = FEATURES,
    no_files: NoFilesOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Compute, scale and choose features, each row from earlier bars only, and show what became of each.

    Without a CONFIG the standard set on the bundled S&P 500. The features block of a configuration names formulas,
    scaling, selection and refits. Writes features.parquet, features.png and features.json to a folder below features/.
    """
    from stratkit.cli.feature_files import keep_features
    from stratkit.cli.feature_tables import print_features
    from stratkit.config import load_config

    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        options = run_options(
            *bars_given(data, start, end, accept), ("seed", seed, "--seed"),
        )  # fmt: skip
        config = load_config(
            configs or [], options=options, settings=settings or [], strategy=strategy, only=only, needs_strategy=False,
            environment=os.environ,
        )  # fmt: skip
        say_variables(terminal, config)
        run = _made(terminal, config)
        if not no_files:
            run = replace(run, record=keep_features(run, out, datetime.now(UTC)))
        if json_:
            from stratkit.cli.feature_files import feature_record

            written = {} if run.record is None else {"folder": str(run.record.folder), "files": list(run.record.files)}
            terminal.emit(
                {**feature_record(run), **written, "seconds": dict(run.made.seconds), "warnings": terminal.noted}
            )
        else:
            print_features(terminal, run)


def _made(terminal: Terminal, config: FileConfig) -> FeatureRun:
    from stratkit.cli.feature_run import FeatureRun
    from stratkit.data.acceptance import finding_line
    from stratkit.data.store import load_bars
    from stratkit.research.feature_matrix import make_matrix

    bars = load_bars(config.data)
    for finding in bars.findings:
        terminal.warn(finding_line(finding))
    with terminal.progress("fitting") as progress:
        made = make_matrix(
            bars, config.data, config.features, config.strategies, seed=config.seed, progress=progress
        )  # fmt: skip
    for note in made.notes:
        terminal.warn(note)
    return FeatureRun(config, made)
