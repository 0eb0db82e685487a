"""`stratkit abtest`: is A better than B, and how sure can anyone be?"""

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
from stratkit.cli.config import SetOption
from stratkit.cli.optimize import WorkersOption
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

ArmArguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ARM",
        help="Arms A, B, C ...: CONFIG.yaml, a run id, latest, strategy:param=value, FILE.py:Class, or a .csv or "
        ".parquet file of returns, equity or trades; NAME=ARM names one.",
    ),
]
MetricOption = Annotated[
    Literal["sharpe", "mean", "sortino", "calmar", "win_rate", "profit_factor"],
    typer.Option("--metric", help="What the one primary test is about."),
]
AlphaOption = Annotated[
    float, typer.Option("--alpha", metavar="P", help="Chance of a false find; intervals are at 1 - P.")
]
AlternativeOption = Annotated[
    Literal["two-sided", "greater"],
    typer.Option("--alternative", help="Ask for any difference, or only whether A is better."),
]
MarginOption = Annotated[
    float | None,
    typer.Option("--margin", metavar="X", help="Differences within +-X, in the metric's yearly unit, are equivalence."),
]
BlockOption = Annotated[
    str, typer.Option("--block", metavar="auto|N", help="Periods in a block of the bootstrap; auto = Politis-White.")
]
RepsOption = Annotated[int, typer.Option("--reps", metavar="N", help="Resamples of the bootstrap.")]
PowerOption = Annotated[
    float, typer.Option("--power", metavar="P", help="Probability with which the detectable difference is found.")
]
RateOption = Annotated[
    float | None,
    typer.Option("--rf", metavar="R", help="Risk-free rate a year, a fraction; default: that of the configurations."),
]
SequentialOption = Annotated[
    Literal["always-valid", "alpha-spending"] | None,
    typer.Option("--sequential", help="Bounds for a test that is looked at while it runs."),
]
HorizonOption = Annotated[
    int | None, typer.Option("--horizon", metavar="N", help="Planned length of a sequential test, in periods.")
]
BHOption = Annotated[
    bool, typer.Option("--bh", help="Of more than two arms, the p values of Benjamini and Hochberg as well.")
]
FailUnlessOption = Annotated[
    str | None,
    typer.Option(
        "--fail-unless",
        metavar="CONDITION",
        help="Leave with 5 unless it holds: a-better, b-better, ..., not-worse, equivalent or different.",
    ),
]


def abtest(
    arms: ArmArguments = None,
    data: DataOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    metric: MetricOption = "sharpe",
    alpha: AlphaOption = 0.05,
    alternative: AlternativeOption = "two-sided",
    margin: MarginOption = None,
    block: BlockOption = "auto",
    reps: RepsOption = 4999,
    power: PowerOption = 0.8,
    risk_free: RateOption = None,
    periods: PeriodsOption = None,
    sequential: SequentialOption = None,
    horizon: HorizonOption = None,
    bh: BHOption = False,
    fail_unless: FailUnlessOption = None,
    workers: WorkersOption = 1,
    accept: AcceptOption = None,
    out: OutOption = REPORTS,
    no_report: NoReportOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say whether A is better than B, and how sure anyone can be.

    Without arms two bundled strategies are compared on the bundled S&P 500. Configurations and strategies are replayed,
    runs and files are read; all are paired by time. One test decides, chosen before anything is looked at; its report
    goes to reports/abtest-.../.
    """
    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        from stratkit.cli.abtest_run import ABOptions, run_ab_test
        from stratkit.cli.run_options import bars_given, run_options

        options = run_options(
            *bars_given(data, start, end, accept), ("seed", seed, "--seed"),
        )  # fmt: skip
        asked = ABOptions(
            metric=metric, alpha=alpha, alternative=alternative, margin=margin, block=block, reps=reps, power=power,
            risk_free=risk_free, periods=periods, sequential=sequential, horizon=horizon, false_discovery=bh,
            fail_unless=fail_unless, seed=seed or 0, workers=workers, writes_report=not no_report,
        )  # fmt: skip
        run_ab_test(terminal, arms or [], options, settings or [], asked, out)
