"""`write_ab_test`: the files of an A/B test: its record, the paired returns, the trials it made, page and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stratkit.config import FileConfig, resolved_yaml
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_figures import write_ab_figures
from stratkit.reports.ab_page import write_ab_page
from stratkit.reports.settings import ReportSettings
from stratkit.research.ab_run import replayed_entries
from stratkit.research.ab_source import ArmSource
from stratkit.research.ab_test import ABTest
from stratkit.runs.ab_looks import AB_RECORD
from stratkit.runs.folder import RunDraft
from stratkit.runs.ledger_table import ENTRIES, write_entries

RETURNS: Final = "returns.parquet"


def write_ab_test(
    draft: RunDraft, test: ABTest, record: Mapping[str, Any], sources: Sequence[ArmSource],
    configs: Sequence[FileConfig | None], writes_report: bool,
) -> None:  # fmt: skip
    """Write an A/B test into its folder; none of these names makes it a run."""
    draft.write_json(AB_RECORD, record)
    found = test.comparison
    columns = {arm.letter: found.returns[:, place] for place, arm in enumerate(test.arms)}
    draft.write_table(RETURNS, {"time": test.times.astype("datetime64[ns]"), **columns})
    if entries := replayed_entries(sources):
        write_entries(draft.folder / ENTRIES, entries)  # from which a lost ledger is made again
    texts = {
        arm.letter: resolved_yaml(config)
        for arm, config in zip(test.arms, configs, strict=True)
        if config is not None and arm.kind in ("configuration", "strategy")
    }
    for letter, text in texts.items():
        draft.write_text(f"{letter}.yaml", text)
    if writes_report:
        content = ABContent(
            ab_title(test), test, config_text="\n".join(f"# arm {letter}\n{text}" for letter, text in texts.items())
        )
        write_ab_page(draft.folder, content)
        write_ab_figures(draft.folder, content, ReportSettings().png_dpi)


def ab_title(test: ABTest) -> str:
    """Return what is compared, in one line."""
    names = [arm.name for arm in test.arms]
    return f"{names[0]} against {', '.join(names[1:-1]) + ' and ' if len(names) > 2 else ''}{names[-1]}"
