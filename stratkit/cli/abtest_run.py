"""`run_ab_test`: the course of `stratkit abtest`: find the arms, replay, pair, compare, keep, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stratkit.cli.ab_conditions import check_condition, condition_of
from stratkit.cli.ab_configs import configured_arms
from stratkit.cli.ab_folder import write_ab_test
from stratkit.cli.ab_tables import print_ab_test
from stratkit.cli.environment import say_variables
from stratkit.cli.learned_state import say_unread
from stratkit.cli.replaying import loaded
from stratkit.cli.terminal import Terminal
from stratkit.config import FileConfig
from stratkit.data.bars import Bars
from stratkit.errors import StratkitError, UsageError
from stratkit.inference.comparable_arms import check_question
from stratkit.inference.comparison import Alternative, ComparedMetric, Question, SequentialMode, SequentialPlan
from stratkit.research.ab_arms import ArmToken, arm_letters, arm_token
from stratkit.research.ab_record import ab_record
from stratkit.research.ab_replay import replay_arms
from stratkit.research.ab_run import Asked, ab_test, look_of, paired_sources
from stratkit.research.ab_source import ArmSource, file_source, replayed_source, run_source
from stratkit.research.ab_test import ArmKind
from stratkit.runs.find import AB_TEST, find_run
from stratkit.runs.folder import RunDraft, new_run
from stratkit.runs.ledger import TrialLedger, open_ledger
from stratkit.runs.manifest import run_name
from stratkit.yaml_positions import Placed

# what is compared when no arm is named: a rule that anyone knows, and doing nothing
DEFAULT_ARMS: Final = ("sma_cross:fast=50,slow=200,direction=long_only", "buy_and_hold")


@dataclass(frozen=True)
class ABOptions:
    """The options of the command that ask something of the arms, or of how it is done."""

    metric: ComparedMetric
    alpha: float
    alternative: Alternative
    margin: float | None
    block: str
    reps: int
    power: float
    risk_free: float | None
    periods: float | None
    sequential: SequentialMode | None
    horizon: int | None
    false_discovery: bool
    fail_unless: str | None
    seed: int
    workers: int
    writes_report: bool


def run_ab_test(
    terminal: Terminal, typed: Sequence[str], options: list[Placed], settings: list[str], asked: ABOptions, out: Path
) -> None:
    """Compare the arms that were typed, keep the test in a folder of its own, and print it.

    Raises `ConditionError` when the condition of ``--fail-unless`` does not hold, after everything is written.
    """
    started = datetime.now(UTC)
    words = list(typed) or list(DEFAULT_ARMS)
    letters = arm_letters(len(words))
    condition = None if asked.fail_unless is None else condition_of(asked.fail_unless, letters)
    asks = _asks(asked)
    if asks.sequential is not None and len(words) > 2:
        raise UsageError(f"--sequential must have two arms; found {len(words)}: compare them pair by pair")
    tokens = [arm_token(word, out) for word in words]
    configs = configured_arms(tokens, out, options, settings)
    made = [one for one, token in zip(configs, tokens, strict=True) if token.kind != "run"]
    say_variables(terminal, *made)
    say_unread(terminal, *made)
    asks = replace(asks, question=replace(asks.question, risk_free_ann=_risk_free(asked, configs)))
    check_question(asks.question)  # before hours of replays
    name = AB_TEST + run_name(started, *words, *(config.model_dump_json() for config in configs if config is not None))
    sources = _sources(terminal, tokens, configs, out, name, asked.workers)
    laid, paired = paired_sources(sources, asks)
    command = " ".join(("stratkit", *sys.argv[1:]))
    with ExitStack() as stack:
        draft = stack.enter_context(new_run(out, name))
        ledger = _ledger(terminal, stack, out)
        counted = tuple(_renamed(one, draft.run_id) for one in laid)
        terminal.say(f"resampling {asks.question.reps:,} times")
        test = ab_test(counted, paired, asks, ledger, test_id=draft.run_id, command=command)
        record = {**ab_record(test), "made": started.isoformat(timespec="seconds")}
        write_ab_test(draft, test, record, counted, configs, asked.writes_report)
        if ledger is not None:
            ledger.add_look(look_of(test))
            for notice in ledger.notices:
                terminal.warn(notice)
    folder = _folder(draft)
    if terminal.as_json:
        terminal.emit({**record, "folder": str(folder)})
    else:
        print_ab_test(terminal, test, folder)
    if condition is not None:
        check_condition(condition, test)


def _asks(asked: ABOptions) -> Asked:
    if asked.horizon is not None and asked.sequential is None:
        raise UsageError("--horizon plans a sequential test: choose one with --sequential, or leave it out")
    if asked.sequential == "alpha-spending" and asked.horizon is None:
        raise UsageError("--sequential alpha-spending must know how long the test shall last: add --horizon N periods")
    plan = None if asked.sequential is None else SequentialPlan(asked.sequential, asked.horizon)
    question = Question(
        asked.metric, asked.alpha, asked.alternative, asked.margin, _block(asked.block), asked.reps, asked.power,
        seed=asked.seed,
    )  # fmt: skip
    return Asked(question, asked.periods, plan, asked.false_discovery)


def _block(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--block must be auto or a number of periods from 1 on; found {text!r}")
    return int(text)


def _risk_free(asked: ABOptions, configs: Sequence[FileConfig | None]) -> float:
    """Return the yearly rate: as given, else that of the configurations, which must agree; 0 for files alone."""
    if asked.risk_free is not None:
        return asked.risk_free
    rates = sorted({config.analytics.risk_free_ann for config in configs if config is not None})
    if len(rates) > 1:
        raise UsageError(
            "arms must be measured against one risk-free rate; found "
            f"{', '.join(f'{rate:g}' for rate in rates)} in their configurations: choose one with --rf"
        )
    return rates[0] if rates else 0.0


def _sources(
    terminal: Terminal, tokens: Sequence[ArmToken], configs: Sequence[FileConfig | None], out: Path, test_id: str,
    workers: int,
) -> list[ArmSource]:  # fmt: skip
    """Return the arms with what they earned: files and runs are read, everything else is replayed."""
    sources: dict[int, ArmSource] = {}
    for place, token in enumerate(tokens):
        if token.kind == "file":
            sources[place] = file_source(token.name or Path(token.target).stem, token.typed, Path(token.target))
        elif token.kind == "run":
            record = find_run(token.target, out)
            sources[place] = run_source(token.name or record.run_id, token.typed, record)
    wanted = [
        (place, config)
        for place, config in enumerate(configs)
        if config is not None and tokens[place].kind in ("configuration", "strategy")
    ]
    bars = _bars(terminal, [config for _, config in wanted])
    with terminal.progress("replaying") as update:
        replayed = replay_arms([config.run() for _, config in wanted], bars, workers, update)
    for (place, _), arm in zip(wanted, replayed, strict=True):
        token = tokens[place]
        kind: ArmKind = "configuration" if token.kind == "configuration" else "strategy"
        name = token.name or (Path(token.target).stem if kind == "configuration" else _short(token))
        sources[place] = replayed_source(name, token.typed, kind, arm, test_id, place)
    return [sources[place] for place in range(len(tokens))]


def _bars(terminal: Terminal, configs: Sequence[FileConfig]) -> list[Bars]:
    """Return the bars of each configuration; those of the same settings are loaded once."""
    known: dict[str, Bars] = {}
    seconds: dict[str, float] = {}
    for config in configs:
        key = config.data.model_dump_json()
        if key not in known:
            known[key] = loaded(terminal, config, seconds)
    return [known[config.data.model_dump_json()] for config in configs]


def _short(token: ArmToken) -> str:
    target = Path(token.target).name
    return f"{target}:{','.join(token.params)}" if token.params else target


def _ledger(terminal: Terminal, stack: ExitStack, out: Path) -> TrialLedger | None:
    """Return the open ledger of the runs in a folder; None, with a warning, where it cannot be written."""
    try:
        return stack.enter_context(open_ledger(out))
    except StratkitError as error:
        terminal.warn(f"trials and looks of this test are not counted: {error}")
        return None


def _renamed(source: ArmSource, test_id: str) -> ArmSource:
    """Return a replayed arm under the name that its test got: another may have had the first one."""
    if source.tried is None or source.record is not None:
        return source
    return replace(source, tried=replace(source.tried, entry=replace(source.tried.entry, run_id=test_id)))


def _folder(draft: RunDraft) -> Path:
    assert draft.record is not None  # the block ended well
    return draft.record.folder
