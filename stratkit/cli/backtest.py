"""`stratkit backtest`: strategies over bars, a summary on the terminal, a folder with everything else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stratkit.cli.config import ConfigArguments, OnlyOption, SetOption, StrategyOption
from stratkit.cli.environment import say_variables
from stratkit.cli.learned_state import found_state, keep_learned, say_unread
from stratkit.cli.replaying import finish, loaded, replayed, timed
from stratkit.cli.run_options import bars_given, run_options
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.config import FileConfig
    from stratkit.yaml_positions import Placed

REPORTS: Final = Path("reports")
ALL: Final = "all"  # --fills: every profile
JUDGE_SEEDS: Final = 20

DataOption = Annotated[
    str | None, typer.Option("--data", metavar="PATH", help="Bars: a store, a folder or a Parquet file.")
]
StartOption = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First date, such as 2010-01-01.")]
EndOption = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last date, inclusive.")]
FillsOption = Annotated[
    str | None,
    typer.Option(
        "--fills",
        metavar="PROFILE",
        help="Fill profile: conservative, close, tradingview, vectorbt or freqtrade; all = each of them, in one table.",
    ),
]
DetailOption = Annotated[
    str | None,
    typer.Option("--detail", metavar="PATH", help="Finer bars of the same symbols, to walk the inside of each bar."),
]
PeriodsOption = Annotated[
    float | None, typer.Option("--periods", metavar="N", help="Return periods a year, instead of counting them.")
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="CODE", help="Run on bars with this finding of data check all the same. Repeat."),
]
ExplainCapsOption = Annotated[
    bool,
    typer.Option("--explain-caps", help="Replay what caps and cash refused on its own: what did each save or cost?"),
]
FreshStateOption = Annotated[
    bool,
    typer.Option(
        "--fresh-state",
        help="Start from nothing learned. The state file of earlier runs gets another name when the new one is saved.",
    ),
]
JudgeOption = Annotated[
    bool,
    typer.Option(
        "--judge-adaptive",
        help="Is the adaptive layer worth anything here? Replay base, each part and all, against random and fixed.",
    ),
]
JudgeSeedsOption = Annotated[
    int | None,
    typer.Option(
        "--judge-seeds",
        metavar="N",
        help=f"Seeds over which chance is judged, with --judge-adaptive; {JUDGE_SEEDS}.",
    ),
]
TrialOption = Annotated[
    str | None,
    typer.Option(
        "--trial", metavar="RUN:ID", help="Replay a trial of a search, and say whether it comes out the same."
    ),
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder in which the run's own folder is made.")]
NoReportOption = Annotated[bool, typer.Option("--no-report", help="Write tables and metrics, but no page or figures.")]


def backtest(
    configs: ConfigArguments = None,
    data: DataOption = None,
    strategy: StrategyOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    fills: FillsOption = None,
    detail: DetailOption = None,
    periods: PeriodsOption = None,
    accept: AcceptOption = None,
    explain_caps: ExplainCapsOption = False,
    fresh_state: FreshStateOption = False,
    judge_adaptive: JudgeOption = False,
    judge_seeds: JudgeSeedsOption = None,
    trial: TrialOption = None,
    out: OutOption = REPORTS,
    no_report: NoReportOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Replay strategies over bars, in one account, and write a report.

    Without CONFIG a built-in one runs on the bundled S&P 500. The metrics go to stdout; the report, the tables and
    what is needed to run it again go to reports/<run-id>/.
    """
    terminal = Terminal(json_, quiet)
    seconds: dict[str, float] = {}
    if trial is not None:
        given = (
            configs, strategy, only, settings, start, end, fills, detail, periods, accept, explain_caps or None,
            fresh_state or None, judge_adaptive or None, judge_seeds, seed,
        )  # fmt: skip
        _replay_trial(terminal, trial, out, data, no_report, any(one is not None for one in given))
        return
    _check_together(fills, explain_caps, fresh_state, judge_adaptive, judge_seeds)
    with terminal.warnings_as_lines():
        with timed(seconds, "configure"):
            profile = _profile(fills, settings or [])
            no = False if no_report else None
            options = run_options(
                *bars_given(data, start, end, accept), ("data.detail_path", detail, "--detail"),
                ("execution.profile", profile, "--fills"), ("analytics.periods_per_year", periods, "--periods"),
                ("seed", seed, "--seed"), ("report.html", no, "--no-report"), ("report.png", no, "--no-report"),
            )  # fmt: skip
            config = _configured(configs or [], options, settings or [], strategy, only, compares=fills == ALL)
        say_variables(terminal, config)
        if judge_adaptive:
            from stratkit.cli.judging import judge_adaptive_layer

            seeds = JUDGE_SEEDS if judge_seeds is None else judge_seeds
            judge_adaptive_layer(terminal, config, loaded(terminal, config, seconds), seeds, out)
            return
        if fills == ALL:
            from stratkit.cli.fills import compare_all_fills

            say_unread(terminal, config)
            compare_all_fills(terminal, config, loaded(terminal, config, seconds), seconds, out)
            return
        state = found_state(config, fresh_state)
        run = replayed(terminal, config, loaded(terminal, config, seconds), seconds, explain_caps, state)
        finish(terminal, run, out)
        keep_learned(terminal, run)


def _replay_trial(terminal: Terminal, trial: str, out: Path, data: str | None, no_report: bool, has_more: bool) -> None:
    from stratkit.errors import UsageError

    if has_more:
        raise UsageError(
            "--trial replays a trial as it was: leave CONFIG and every other option but --data and --out out"
        )
    with terminal.warnings_as_lines():
        from stratkit.cli.trial_replay import replay_trial

        replay_trial(terminal, trial, out, data, no_report)


def _check_together(fills: str | None, explains_caps: bool, is_fresh: bool, judges: bool, seeds: int | None) -> None:
    """Raise `UsageError` for options that do not go together."""
    from stratkit.errors import UsageError

    if seeds is not None and not judges:
        raise UsageError("--judge-seeds belongs to --judge-adaptive; found it alone: add that, or leave it out")
    of_one_run = [option for option, given in (("--explain-caps", explains_caps), ("--fresh-state", is_fresh)) if given]
    others = [f"--fills {ALL}", *of_one_run] if fills == ALL else of_one_run
    if judges and others:
        raise UsageError(
            f"--judge-adaptive compares many replays of one configuration; {others[0]} asks something else of one "
            "replay; found both: leave one out"
        )
    if fills == ALL and of_one_run:
        raise UsageError(f"{of_one_run[0]} is of one run; --fills {ALL} makes several: leave one of them out")


def _profile(fills: str | None, settings: list[str]) -> str | None:
    """Return the profile that ``--fills`` names, None without one or for all of them."""
    from stratkit.engine.profiles import PROFILE_NAMES
    from stratkit.errors import UsageError, did_you_mean

    if fills is None:
        return None
    if fills != ALL and fills not in PROFILE_NAMES:
        known = (*PROFILE_NAMES, ALL)
        raise UsageError(
            f"--fills must be {', '.join(known[:-1])} or {ALL}; found {fills!r}; {did_you_mean(fills, known)}"
        )
    if any(setting.startswith("execution.profile=") for setting in settings):
        raise UsageError("--fills and --set execution.profile choose the same thing; found both: leave one out")
    return None if fills == ALL else fills


def _configured(
    configs: list[Path],
    options: list[Placed],
    settings: list[str],
    strategy: str | None,
    only: str | None,
    compares: bool,
) -> FileConfig:
    from stratkit.config import DEFAULT_CONFIG, FILLS_CONFIG, load_config

    # the exits and costs of that example belong to its own strategy
    built_in = FILLS_CONFIG if compares and strategy is None else DEFAULT_CONFIG
    return load_config(
        configs, options=options, settings=settings, strategy=strategy, only=only, built_in=built_in,
        environment=os.environ,
    )  # fmt: skip
