"""`write_regime`: the files of a study of regimes: its record, the labels, page and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from stratkit.reports.regime_content import RegimeContent
from stratkit.reports.regime_figures import write_regime_figures
from stratkit.reports.regime_page import write_regime_page
from stratkit.reports.settings import ReportSettings
from stratkit.research.regime_study import RegimeStudy
from stratkit.runs.folder import RunDraft

RECORD: Final = "regime.json"
LABELS: Final = "labels.parquet"
SETTINGS: Final = "regimes.yaml"


def write_regime(
    draft: RunDraft, content: RegimeContent, record: Mapping[str, Any], report: ReportSettings, writes_report: bool
) -> None:
    """Write a study into its folder; none of these names makes it a run."""
    draft.write_json(RECORD, record)
    draft.write_text(SETTINGS, content.config_text)
    draft.write_table(LABELS, _labels(content.study))
    if writes_report and report.html:
        write_regime_page(draft.folder, content)
    if writes_report and report.png:
        write_regime_figures(draft.folder, content, report.png_dpi)


def _labels(study: RegimeStudy) -> dict[str, Any]:
    """Return a row for each bar of each series that has some, symbol by symbol."""
    columns = [one.column for one in study.series]
    has = np.isfinite(study.bars.close[:, columns]).T
    series, bar = np.nonzero(has)
    column = np.array(columns, np.int64)[series]
    code = study.labels.label[bar, column].astype(np.int64)
    return {
        "time": study.times[bar].astype("datetime64[ns]"),
        "symbol": (series.astype(np.int64), [one.name for one in study.series]),
        "regime": (np.where(code < 0, len(study.labels.names), code), [*study.labels.names, ""]),
        "confidence": study.labels.confidence[bar, column],
    }
