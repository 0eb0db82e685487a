"""`stratkit backtest`: strategies over bars, a summary on the terminal, a folder with everything else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stratkit.cli.config import ConfigArguments, OnlyOption, SetOption, StrategyOption
from stratkit.cli.run_options import run_options
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.cli.finished import FinishedRun
    from stratkit.config import FileConfig
    from stratkit.data.bars import Bars
    from stratkit.yaml_positions import Placed

REPORTS: Final = Path("reports")
ALL: Final = "all"  # --fills: every profile
COMPILE_S: Final = 20  # measured on two cores

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
            configs, strategy, only, settings, start, end, fills, detail, periods, accept, explain_caps or None, seed,
        )  # fmt: skip
        _replay_trial(terminal, trial, out, data, no_report, any(one is not None for one in given))
        return
    with terminal.warnings_as_lines():
        with timed(seconds, "configure"):
            profile = _profile(fills, settings or [])
            no = False if no_report else None
            options = run_options(
                ("data.path", data, "--data"), ("data.start", start, "--from"), ("data.end", end, "--to"),
                ("data.accept", accept or None, "--accept"), ("data.detail_path", detail, "--detail"),
                ("execution.profile", profile, "--fills"), ("analytics.periods_per_year", periods, "--periods"),
                ("seed", seed, "--seed"), ("report.html", no, "--no-report"), ("report.png", no, "--no-report"),
            )  # fmt: skip
            config = _configured(configs or [], options, settings or [], strategy, only, compares=fills == ALL)
        if fills == ALL:
            from stratkit.cli.fills import compare_all_fills

            compare_all_fills(terminal, config, loaded(terminal, config, seconds), seconds, out)
            return
        run = replayed(terminal, config, loaded(terminal, config, seconds), seconds, explain_caps)
        finish(terminal, run, out)


def _replay_trial(terminal: Terminal, trial: str, out: Path, data: str | None, no_report: bool, has_more: bool) -> None:
    from stratkit.errors import UsageError

    if has_more:
        raise UsageError(
            "--trial replays a trial as it was: leave CONFIG and every other option but --data and --out out"
        )
    with terminal.warnings_as_lines():
        from stratkit.cli.trial_replay import replay_trial

        replay_trial(terminal, trial, out, data, no_report)


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
    return load_config(configs, options=options, settings=settings, strategy=strategy, only=only, built_in=built_in)


def loaded(terminal: Terminal, config: FileConfig, seconds: dict[str, float]) -> Bars:
    """Return the bars of a run, and say what was found in them."""
    from stratkit.compiled import is_cold
    from stratkit.data.acceptance import finding_line
    from stratkit.data.store import load_bars

    with timed(seconds, "load"):
        bars = load_bars(config.data)
    for finding in bars.findings:
        terminal.warn(finding_line(finding))
    if is_cold():
        terminal.say(f"compiling once (about {COMPILE_S} s)")
    return bars


def replayed(
    terminal: Terminal, config: FileConfig, bars: Bars, seconds: dict[str, float], explains_caps: bool = False
) -> FinishedRun:
    """Replay a configuration over bars, with everything that is shown of a run."""
    from stratkit.backtest import attribute_backtest, played, prepare, score_backtest
    from stratkit.cli.finished import FinishedRun
    from stratkit.cli.watched import alerts_of
    from stratkit.research.ambiguity import ambiguity_of
    from stratkit.research.refused_trades import explain_caps

    started, run = datetime.now(UTC), config.run()
    with timed(seconds, "replay"), terminal.progress("replaying") as progress:
        inputs = prepare(run, bars)
        if inputs.detail is not None and inputs.detail.doubt:
            terminal.warn(inputs.detail.doubt)
        play = played(run, inputs, progress)
    result = play.result
    with timed(seconds, "score"):
        scorecard, benchmark = score_backtest(run, bars, result)
        attribution = attribute_backtest(run, bars, result)
    with timed(seconds, "ambiguity"):
        ambiguity = ambiguity_of(run, inputs, result, scorecard)
    cap_effects = None
    if explains_caps:
        with timed(seconds, "explain caps"):
            cap_effects = explain_caps(run, inputs, result)
    alerts = alerts_of(config.alerts, play, scorecard)
    noted, command = tuple(terminal.noted), ("stratkit", *sys.argv[1:])
    return FinishedRun(
        config, bars, result, scorecard, benchmark, noted, command, started, seconds, ambiguity=ambiguity,
        attribution=attribution, cap_effects=cap_effects, alerts=alerts,
    )  # fmt: skip


def finish(terminal: Terminal, run: FinishedRun, out: Path, beside: Mapping[str, Any] | None = None) -> None:
    """Keep a run, send its alerts and print it; `beside` are more keys of the JSON record."""
    from stratkit.cli.finished import keep_run
    from stratkit.cli.summary import print_summary
    from stratkit.cli.watched import sent

    kept = keep_run(run, out)
    for failure in sent(run.config.alerts, kept.alerts, kept.run_id):
        terminal.warn(failure)
    if terminal.as_json:
        terminal.emit({**kept.as_record(), **(beside or {})})
    else:
        print_summary(terminal, kept)


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Note how long a phase takes."""
    begun = time.perf_counter()
    yield
    seconds[phase] = time.perf_counter() - begun
