"""`found_state`, `keep_learned`, `went_on_from`: what a command does with the file of what earlier runs learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stratkit.cli.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from stratkit.backtest import RunConfig
    from stratkit.cli.finished import FinishedRun
    from stratkit.config import FileConfig
    from stratkit.runs.adaptive_state import StateFile


def found_state(config: FileConfig, is_fresh: bool) -> StateFile | None:
    """Return the state file that a configuration names, None = none; a fresh start ignores what is in it.

    Raises `UsageError` for a fresh start of what keeps no state, `OutputError` where none could be saved at the end.
    """
    from stratkit.errors import UsageError
    from stratkit.runs.adaptive_state import check_writable, read_state

    path = _path(config)
    if path is not None:
        found = read_state(path, is_fresh=is_fresh)
        check_writable(path)
        return found
    if is_fresh:
        raise UsageError(
            "--fresh-state must have a state file to start anew; found none: name one in optimization.state_path or "
            "meta_strategy.state_path of a block that is enabled, or leave the option out"
        )
    return None


def keep_learned(terminal: Terminal, run: FinishedRun) -> None:
    """Save what was learned for the next run, unless it stopped on the way: the file then stays as it was."""
    from rich.text import Text

    from stratkit.cli.facts import facts_table
    from stratkit.runs.adaptive_state import keep_state

    adapted = run.result.adapted
    if run.state is None or adapted is None:
        return
    if adapted.fault:
        terminal.warn(f"the adaptive state {run.state.path} stays as it was, for what adapts stopped on the way")
        return
    kept = keep_state(run.state, adapted.state)
    if kept.said:
        terminal.warn(kept.said)
    if not terminal.as_json:
        terminal.show(facts_table([("learned", Text(f"kept in {kept.path}"))]))


def went_on_from(run: FinishedRun) -> str:
    """Say what a run went on from: which file, learned until when, from how many bars; "" where from nothing."""
    from stratkit.adaptive.opening import UNTIL

    adapted = run.result.adapted
    learned = None if run.state is None else run.state.learned
    if adapted is None or run.state is None or not isinstance(learned, Mapping):
        return ""
    bars = adapted.status["bars_before"]
    return f"went on from {run.state.path}, learned until {learned[UNTIL]} ({bars:,} bars)"


def doubt_of(config: RunConfig, state: StateFile | None) -> str:
    """Return why what earlier runs learned may not fit a configuration; "" = nothing, or nothing was learned.

    Of a damaged file nothing is said here: it is refused when it is read.
    """
    from stratkit.adaptive.origin import origin_doubt, origin_of
    from stratkit.adaptive.record import is_whole

    if state is None or not state.is_used or not is_whole(state.learned):
        return ""
    return origin_doubt(state.learned, origin_of(config.enabled(), config.regimes))


def say_unread(terminal: Terminal, *configs: FileConfig | None) -> None:
    """Say of a command that replays many times that none of its replays reads or writes a state file."""
    paths = [_path(config) for config in configs if config is not None]
    for path in dict.fromkeys(path for path in paths if path is not None):
        terminal.say(f"every replay here starts from nothing: the adaptive state {path} is neither read nor written")


def _path(config: FileConfig) -> Path | None:
    from stratkit.adaptive.settings import state_file

    return state_file(config.optimization, config.meta_strategy)
