"""`stratkit features`: one causal matrix of features: what is in it, what was left out and why, and the file."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stratkit.cli.backtest import AcceptOption, DataOption, EndOption, StartOption
from stratkit.cli.config import ConfigArguments, OnlyOption, SetOption, StrategyOption
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.cli.feature_run import FeatureRun
    from stratkit.config import FileConfig
    from stratkit.yaml_positions import Placed

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
        options = _options(not configs, data, start, end, accept, seed)
        config = load_config(
            configs or [], options=options, settings=settings or [], strategy=strategy, only=only, needs_strategy=False
        )
        run = _made(terminal, config)
        if not no_files:
            run = replace(run, record=keep_features(run, out, datetime.now(UTC)))
        if json_:
            from stratkit.cli.feature_files import feature_record

            written = {} if run.record is None else {"folder": str(run.record.folder), "files": list(run.record.files)}
            terminal.emit({**feature_record(run), **written, "seconds": run.seconds, "warnings": terminal.noted})
        else:
            print_features(terminal, run)


def _options(
    built_in: bool, data: str | None, start: str | None, end: str | None, accept: list[str] | None, seed: int | None
) -> list[Placed]:
    from stratkit.errors import UsageError
    from stratkit.yaml_positions import from_option

    if data == "":  # would be the current folder
        raise UsageError("--data must name a path; found an empty text: is a variable of your shell not set?")
    given: list[tuple[str, str | int | list[str] | None, str]] = [
        ("data.path", data, "--data"),
        ("data.start", start, "--from"),
        ("data.end", end, "--to"),
        ("data.accept", accept or None, "--accept"),
        ("seed", seed, "--seed"),
    ]
    options = [from_option(key, value, option) for key, value, option in given if value is not None]
    if data is not None and built_in:  # the built-in configuration names a symbol of the bundled data
        options.append(from_option("data.symbols", None, "--data"))
    return options


def _made(terminal: Terminal, config: FileConfig) -> FeatureRun:
    from stratkit.cli.feature_run import FeatureRun
    from stratkit.data.acceptance import finding_line
    from stratkit.data.beside import external_series
    from stratkit.data.store import load_bars
    from stratkit.errors import UsageError
    from stratkit.features.compute import feature_formulas
    from stratkit.features.external import SeriesSource
    from stratkit.features.matrix import aggregate
    from stratkit.strategies.context import Context
    from stratkit.strategies.handed_on import handed_on

    bars = load_bars(config.data)
    for finding in bars.findings:
        terminal.warn(finding_line(finding))
    if len(bars.times) < config.features.min_bars:
        raise UsageError(
            f"features.min_bars must be at most the number of bars; found {config.features.min_bars:,} and "
            f"{len(bars.times):,}: set it lower, or give more bars"
        )
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    outside = SeriesSource(bars, external_series(config.data, bars))
    for gap in outside.gaps():
        terminal.warn(gap)
    context = Context(bars, external=outside)
    formulas = feature_formulas(config.features, bars.frequency)
    chosen = config.features
    running = {name: settings for name, settings in config.strategies.items() if settings.enabled}
    told = handed_on(running, context, features=chosen.from_strategies, signals=chosen.from_signals)
    computed = formulas.compute(context.indicators, told)
    seconds["compute"] = time.perf_counter() - begun
    begun = time.perf_counter()
    with terminal.progress("fitting") as progress:
        matrix = aggregate(computed, bars, config.features, config.seed, progress)
    seconds["fit"] = time.perf_counter() - begun
    if config.features.selection != "none" and matrix.fits and not any(fit.labelled for fit in matrix.fits):
        terminal.warn(
            f"nothing was scored, for no return over {config.features.horizon_bars:,} bars had ended at a fit: "
            "features are kept in their order"
        )
    texts = {name: formula.text for name, formula in formulas.formulas.items()}
    return FeatureRun(config, bars, computed, matrix, texts, seconds)
