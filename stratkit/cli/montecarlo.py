"""`stratkit montecarlo`: what chance could have made of a kept run, procedure by procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stratkit.cli.backtest import NoReportOption
from stratkit.cli.optimize import WorkersOption
from stratkit.cli.runs import REPORTS, OutOption
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.research.monte_carlo_settings import MonteCarloSettings

RunArgument = Annotated[
    str, typer.Argument(metavar="[RUN]", help="A run id, the beginning of one, a run's folder, or latest.")
]
ProcedureOption = Annotated[
    list[str] | None,
    typer.Option(
        "--procedure",
        metavar="NAME",
        help="trade_shuffle, trade_resample, returns_bootstrap, drawdowns, ruin, cone, random_entries, cost_stress, "
        "parameter_jitter, bar_permutation, or all. Repeat. Without it all but cost_stress and parameter_jitter.",
    ),
]
PathsOption = Annotated[int | None, typer.Option("--paths", metavar="N", help="Paths of each procedure: 10000.")]
PermutationsOption = Annotated[
    int | None,
    typer.Option(
        "--permutations", metavar="N", help="Bar permutations: 999, 99 with --reoptimize, as many as are quick unasked."
    ),
]
JittersOption = Annotated[
    int | None, typer.Option("--jitters", metavar="N", help="Neighbours in parameter space that are replayed: 100.")
]
BlockOption = Annotated[
    float | None,
    typer.Option("--block", metavar="L", help="Mean length of a block of returns, instead of Politis and White's."),
]
RuinOption = Annotated[
    list[float] | None,
    typer.Option(
        "--ruin", metavar="D", help="A loss that counts as ruin, such as 0.5 for half of the account. Repeat."
    ),
]
MetricOption = Annotated[
    list[str] | None,
    typer.Option("--metric", metavar="NAME", help="A metric of returns_bootstrap, such as omega. Repeat."),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split", metavar="DATE", help="From when the cone is a forecast: the last quarter, or what a search held out."
    ),
]
ReoptimizeOption = Annotated[
    bool, typer.Option("--reoptimize", help="Make the search of the run again inside each bar permutation.")
]


def montecarlo(
    run: RunArgument = "latest",
    procedure: ProcedureOption = None,
    paths: PathsOption = None,
    permutations: PermutationsOption = None,
    reoptimize: ReoptimizeOption = False,
    jitters: JittersOption = None,
    block: BlockOption = None,
    metric: MetricOption = None,
    ruin: RuinOption = None,
    split: SplitOption = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="PATH", help="Where the bars are now, when they moved.")
    ] = None,
    workers: WorkersOption = 1,
    out: OutOption = REPORTS,
    no_report: NoReportOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say what chance could have made of a run: its drawdown, its figures, its entries, its parameters, its costs.

    Without RUN the latest one. Every procedure says what it tests and what it does not. Results go into the folder of
    the run, as montecarlo/.
    """
    from stratkit.cli.montecarlo_run import run_montecarlo

    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        given: dict[str, object] = {
            "paths": paths, "permutations": permutations, "jitters": jitters, "block_bars": block,
            "metrics": tuple(metric) if metric else None, "ruin": tuple(ruin) if ruin else None, "split": split,
            "seed": seed,
        }  # fmt: skip
        settings = _settings(procedure, reoptimize, workers, given)
        run_montecarlo(terminal, run, settings, out, data, seed is not None, not no_report)


def _settings(
    procedures: list[str] | None, reoptimize: bool, workers: int, given: dict[str, object]
) -> MonteCarloSettings:
    from stratkit.analytics.resampled import check_metrics_of_returns
    from stratkit.research.monte_carlo_settings import PROCEDURES, MonteCarloSettings

    chosen = None if not procedures else PROCEDURES if "all" in procedures else tuple(procedures)
    kept = {name: value for name, value in given.items() if value is not None}
    settings = MonteCarloSettings(chosen, reoptimize=reoptimize, workers=workers, **kept)  # type: ignore[arg-type]  # typed by their options
    check_metrics_of_returns(settings.metrics)
    return settings
