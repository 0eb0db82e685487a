"""`judge_adaptive_layer`: the course of ``backtest --judge-adaptive``: replay all arms, compare, keep, print."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stratkit.cli.judging_tables import print_judgement
from stratkit.config import FileConfig, resolved_yaml
from stratkit.errors import StratkitError
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.judgement_figures import write_judgement_figures
from stratkit.reports.judgement_page import write_judgement_page
from stratkit.reports.wording import first_names
from stratkit.research.adaptive_counted import judged_entries
from stratkit.research.adaptive_judgement import AdaptiveJudgement, judge_adaptive
from stratkit.research.adaptive_plain import judgement_record
from stratkit.research.adaptive_warnings import adaptive_warnings
from stratkit.runs.find import JUDGEMENT
from stratkit.runs.folder import RunDraft, new_run
from stratkit.runs.ledger import open_ledger
from stratkit.runs.ledger_entry import LedgerEntry
from stratkit.runs.ledger_table import ENTRIES, write_entries
from stratkit.runs.manifest import run_name

if TYPE_CHECKING:
    from stratkit.cli.terminal import Terminal
    from stratkit.data.bars import Bars

RECORD: Final = "adaptive_judgement.json"
RETURNS: Final = "returns.parquet"
CONFIG: Final = "judged.yaml"
_NAMED: Final = 3  # strategies, or symbols, in a title


def judge_adaptive_layer(terminal: Terminal, config: FileConfig, bars: Bars, seeds: int, out: Path) -> None:
    """Judge what adapts in a configuration, keep it in a folder of its own, and print it.

    The folder is begun before the work, which would be lost where nothing can be kept; stopped, nothing is left of it.
    """
    started = datetime.now(UTC)
    name = JUDGEMENT + run_name(started, config.model_dump_json(), bars.digest, str(seeds))
    with new_run(out, name) as draft:
        with terminal.progress("judging") as update:
            judgement = judge_adaptive(config.run(), bars, seeds=seeds, told=update)
        for warning in adaptive_warnings(judgement):
            terminal.warn(warning)
        content = JudgementContent(
            _title(config, judgement), judgement, tuple(terminal.noted), " ".join(("stratkit", *sys.argv[1:])),
            resolved_yaml(config),
        )  # fmt: skip
        record = {**judgement_record(judgement), "warnings": list(content.warnings), "command": content.command}
        entries = judged_entries(judgement, bars, draft.run_id)
        _write(draft, config, content, record, entries)
        _count(terminal, entries, out)
    assert draft.record is not None  # the block ended well
    folder = draft.record.folder
    if terminal.as_json:
        terminal.emit({**record, "folder": str(folder)})
    else:
        print_judgement(terminal, content, folder)


def _write(
    draft: RunDraft, config: FileConfig, content: JudgementContent, record: dict[str, object],
    entries: list[LedgerEntry],
) -> None:  # fmt: skip
    draft.write_json(RECORD, record)
    draft.write_text(CONFIG, content.config_text)
    draft.write_table(RETURNS, _returns(content.judgement))
    write_entries(draft.folder / ENTRIES, entries)  # from which a lost ledger is made again
    if config.report.html:
        write_judgement_page(draft.folder, content)
    if config.report.png:
        write_judgement_figures(draft.folder, content, config.report.png_dpi)


def _returns(judgement: AdaptiveJudgement) -> dict[str, Any]:
    """Return the returns of each period by arm, those of an arm with seeds by seed."""
    columns: dict[str, Any] = {"time": judgement.times.astype("datetime64[ns]")}
    for one in judgement.arms:
        returns = one.replays.returns[-len(judgement.times) :]
        if one.replays.seeds == 1:
            columns[one.arm.name] = returns[:, 0].copy()
            continue
        for seed, column in zip(judgement.seeds, returns.T):  # an arm that trades with none has fewer
            columns[f"{one.arm.name}, seed {seed}"] = column.copy()
    return columns


def _count(terminal: Terminal, entries: list[LedgerEntry], out: Path) -> None:
    """Enter the arms in the trial ledger; a judgement is whole without it."""
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(out))
            ledger.add(entries, [entries[0].run_id])
        except StratkitError as error:
            terminal.warn(f"the trials of this judgement are not counted: {error}")
            return
        for notice in ledger.notices:
            terminal.warn(notice)


def _title(config: FileConfig, judgement: AdaptiveJudgement) -> str:
    return f"{first_names(list(config.enabled()), _NAMED)} on {first_names(judgement.symbols, _NAMED)}"
