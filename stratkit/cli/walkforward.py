"""`stratkit walkforward`: parameters chosen on the past again and again, and the account that lived by them."""

from __future__ import annotations

from typing import Annotated, Literal

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
from stratkit.cli.optimize import ObjectiveOption, PickOption, SamplerOption, WorkersOption, configured_study
from stratkit.cli.run_options import bars_given, run_options
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

TrainOption = Annotated[
    str | None, typer.Option("--train", metavar="L", help="Length of each training, such as 5y, 18m or 1250 (bars).")
]
TestOption = Annotated[str | None, typer.Option("--test", metavar="L", help="Length of each test, likewise.")]
AnchoredOption = Annotated[
    bool, typer.Option("--anchored", help="Train on all bars before each test, not on the last ones.")
]
FoldsOption = Annotated[
    int | None,
    typer.Option("--folds", metavar="N", help="Combinatorial: N equal parts, tested two at a time in every way."),
]
OnSwitchOption = Annotated[
    Literal["adopt", "keep", "close"] | None,
    typer.Option(
        "--on-switch",
        help="Adopt what the new parameters would hold by then, keep what the old ones held, or close it.",
    ),
]
TrialsOption = Annotated[int | None, typer.Option("--trials", metavar="N", help="Trials of each fold's search.")]
ResumeOption = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Go on with a walk-forward that was stopped.")
]


def walkforward(
    configs: ConfigArguments = None,
    data: DataOption = None,
    strategy: StrategyOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    train: TrainOption = None,
    test: TestOption = None,
    anchored: AnchoredOption = False,
    folds: FoldsOption = None,
    on_switch: OnSwitchOption = None,
    trials: TrialsOption = None,
    sampler: SamplerOption = None,
    objective: ObjectiveOption = None,
    pick: PickOption = None,
    resume: ResumeOption = None,
    workers: WorkersOption = 1,
    periods: PeriodsOption = None,
    accept: AcceptOption = None,
    out: OutOption = REPORTS,
    no_report: NoReportOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Choose parameters on the past, trade them on what follows, and move on; say what that earned.

    Without CONFIG a built-in one runs on the bundled S&P 500, trained on five years for each year of trading. Only what
    the chosen parameters did after they were chosen counts: one account lives through all tests. Its report goes to
    reports/<run-id>/, every fold with it.
    """
    from stratkit.errors import UsageError

    if anchored and folds is not None:
        raise UsageError("--anchored and --folds divide the bars in two ways; found both: leave one out")
    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        from stratkit.config import WALKFORWARD_CONFIG

        no = False if no_report else None
        method = "anchored" if anchored else None if folds is None else "combinatorial"
        options = run_options(
            *bars_given(data, start, end, accept), ("walkforward.train", _length(train), "--train"),
            ("walkforward.test", _length(test), "--test"),
            ("walkforward.method", method, "--anchored" if anchored else "--folds"),
            ("walkforward.folds", folds, "--folds"), ("walkforward.on_switch", on_switch, "--on-switch"),
            ("search.trials", trials, "--trials"), ("search.sampler", sampler, "--sampler"),
            ("search.objectives", objective or None, "--objective"), ("search.pick", pick, "--pick"),
            ("analytics.periods_per_year", periods, "--periods"), ("seed", seed, "--seed"),
            ("report.html", no, "--no-report"), ("report.png", no, "--no-report"),
        )  # fmt: skip
        config = configured_study(
            WALKFORWARD_CONFIG, configs or [], options, settings or [], strategy, only, resume, out
        )
        say_variables(terminal, config)
        from stratkit.cli.walk_run import run_walk

        run_walk(terminal, config, out, resume, workers)


def _length(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text
