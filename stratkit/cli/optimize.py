"""`stratkit optimize`: a search over parameters, and what its best is worth."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stratkit.cli.backtest import (
    REPORTS,
    AcceptOption,
    DataOption,
    EndOption,
    NoReportOption,
    OutOption,
    PeriodsOption,
    StartOption,
)
from stratkit.cli.config import ConfigArguments, OnlyOption, SetOption, StrategyOption
from stratkit.cli.environment import say_variables
from stratkit.cli.run_options import bars_given, run_options
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.config import FileConfig
    from stratkit.yaml_positions import Placed

TrialsOption = Annotated[int | None, typer.Option("--trials", metavar="N", help="Trials at most; 200 unless set.")]
TimeOption = Annotated[
    float | None, typer.Option("--time", metavar="S", help="Begin no batch of trials after so many seconds.")
]
SamplerOption = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        metavar="NAME",
        help="Who proposes: tpe, gp, cmaes, nsga2, nsga3, qmc, random, grid or genetic.",
    ),
]
ObjectiveOption = Annotated[
    list[str] | None,
    typer.Option("--objective", metavar="METRIC", help="A metric to search for, such as sharpe or calmar. Repeat."),
]
PickOption = Annotated[
    Literal["best", "robust"] | None,
    typer.Option("--pick", help="Choose the best trial, or the centre of the plateau."),
]
ResumeOption = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a search that was stopped, or join one that runs."),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, help="Work with so many cores; the result is the same.")
]
ClusterOption = Annotated[
    str | None, typer.Option("--cluster", metavar="ADDRESS", help="Work on the Dask scheduler at this address.")
]
StorageOption = Annotated[
    str | None,
    typer.Option("--storage", metavar="URL", help="Database of trials that several hosts share, instead of a file."),
]


def optimize(
    configs: ConfigArguments = None,
    data: DataOption = None,
    strategy: StrategyOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    trials: TrialsOption = None,
    seconds: TimeOption = None,
    sampler: SamplerOption = None,
    objective: ObjectiveOption = None,
    pick: PickOption = None,
    resume: ResumeOption = None,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    storage: StorageOption = None,
    periods: PeriodsOption = None,
    accept: AcceptOption = None,
    out: OutOption = REPORTS,
    no_report: NoReportOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Search parameters, and say whether the best of them is more than luck.

    Without CONFIG a built-in one runs on the bundled S&P 500. The last quarter of the bars is held out: no trial sees
    it, and the choice is judged there. The run folder of the chosen set goes to reports/<run-id>/, every trial with it.
    """
    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        from stratkit.config import OPTIMIZE_CONFIG

        no = False if no_report else None
        options = run_options(
            *bars_given(data, start, end, accept), ("search.trials", trials, "--trials"),
            ("search.time_limit_seconds", seconds, "--time"), ("search.sampler", sampler, "--sampler"),
            ("search.objectives", objective or None, "--objective"), ("search.pick", pick, "--pick"),
            ("search.storage", storage, "--storage"), ("analytics.periods_per_year", periods, "--periods"),
            ("seed", seed, "--seed"), ("report.html", no, "--no-report"), ("report.png", no, "--no-report"),
        )  # fmt: skip
        config = configured_study(OPTIMIZE_CONFIG, configs or [], options, settings or [], strategy, only, resume, out)
        say_variables(terminal, config)
        from stratkit.cli.search_run import run_search

        run_search(terminal, config, out, resume, workers, cluster)


def configured_study(
    built_in: str,
    configs: list[Path],
    options: list[Placed],
    settings: list[str],
    strategy: str | None,
    only: str | None,
    resume: str | None,
    out: Path,
) -> FileConfig:
    """Return the configuration of a study, `built_in` without files; of one to go on with, that which it kept."""
    from stratkit.config import DEFAULT_CONFIG, load_config

    environment: Mapping[str, str] = os.environ
    if resume is not None and not configs:
        from stratkit.cli.study_folder import kept_config

        configs, environment = [kept_config(out, resume)], {}  # which holds what variables said
    return load_config(
        configs, options=options, settings=settings, strategy=strategy, only=only,
        built_in=built_in if strategy is None else DEFAULT_CONFIG, environment=environment,
    )  # fmt: skip
