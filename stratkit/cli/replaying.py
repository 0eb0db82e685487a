"""`loaded`, `replayed`, `finish`: the steps of a run that several commands share."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stratkit.cli.terminal import Terminal

if TYPE_CHECKING:
    from stratkit.cli.finished import FinishedRun
    from stratkit.config import FileConfig
    from stratkit.data.bars import Bars
    from stratkit.runs.adaptive_state import StateFile

COMPILE_S: Final = 20  # measured on two cores


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
    terminal: Terminal, config: FileConfig, bars: Bars, seconds: dict[str, float], explains_caps: bool = False,
    state: StateFile | None = None,
) -> FinishedRun:  # fmt: skip
    """Replay a configuration over bars, with everything that is shown of a run; `state` is what it goes on from."""
    from stratkit.backtest import attribute_backtest, played, prepare, score_backtest
    from stratkit.cli.finished import FinishedRun
    from stratkit.cli.learned_state import doubt_of
    from stratkit.cli.watched import watch
    from stratkit.research.ambiguity import ambiguity_of
    from stratkit.research.refused_trades import explain_caps

    started, run, cpu = datetime.now(UTC), config.run(), time.process_time()
    with timed(seconds, "replay"), terminal.progress("replaying") as progress:
        inputs = replace(prepare(run, bars), learned=None if state is None else state.learned)
        if doubt := doubt_of(run, state):
            terminal.warn(doubt)
        if inputs.detail is not None and inputs.detail.doubt:
            terminal.warn(inputs.detail.doubt)
        play = played(run, inputs, progress)
    cpu = time.process_time() - cpu
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
    watched = watch(config.alerts, play, scorecard, attribution, seconds["replay"], cpu)
    noted, command = tuple(terminal.noted), ("stratkit", *sys.argv[1:])
    return FinishedRun(
        config, bars, result, scorecard, benchmark, noted, command, started, seconds, ambiguity=ambiguity,
        attribution=attribution, cap_effects=cap_effects, watched=watched, state=state,
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
