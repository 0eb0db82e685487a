"""`keep_features`: the files of a feature matrix: table, picture and record, in a folder of their own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from stratkit.cli.feature_run import FeatureRun
from stratkit.config import resolved_yaml
from stratkit.features.fitting import FeatureFit
from stratkit.features.redundancy import Dropped
from stratkit.panel import FloatArray, format_time
from stratkit.reports.comparison_rows import symbols_text
from stratkit.reports.feature_figure import features_figure
from stratkit.reports.figure_parts import save_png
from stratkit.runs.folder import RunDraft, RunRecord, new_run
from stratkit.runs.manifest import config_digest, run_name

_SYMBOLS: Final = 3  # named in a title


def title(run: FeatureRun) -> str:
    """Return what the features are of, in one line."""
    first, last = (format_time(int(run.made.bars.times[at])) for at in (0, -1))
    bars = f"{len(run.made.bars.times):,} bars of {run.made.bars.frequency}"
    return f"{symbols_text(run.made.bars.symbols, _SYMBOLS)}, {bars}, {first} to {last}"


def keep_features(run: FeatureRun, parent: Path, started: datetime) -> RunRecord:
    """Write features.parquet, features.png, features.json and config.yaml into a new folder below `parent`."""
    plain = run.config.features.model_dump(mode="json")
    name = run_name(started, config_digest(plain), run.made.bars.digest, run.config.seed)
    with new_run(parent, name) as draft:
        _write_table(draft, run)
        draft.write_json("features.json", feature_record(run))
        draft.write_text("config.yaml", resolved_yaml(run.config))
        if run.config.report.png:
            figure = features_figure(run.made.matrix, title(run), method_words(run))
            save_png(figure, draft.folder / "features.png", run.config.report.png_dpi)
    assert draft.record is not None  # it was kept
    return draft.record


def method_words(run: FeatureRun) -> str:
    """Say how features are scored, and against what."""
    settings = run.config.features
    if settings.selection == "none":
        return "not scored"
    what = {"sign": "the sign of the return", "return": "the return", "size": "the size of the return"}
    over = "the next bar" if settings.horizon_bars == 1 else f"the next {settings.horizon_bars} bars"
    return f"scored by {settings.selection} against {what[settings.target]} over {over}"


def known_share(run: FeatureRun) -> FloatArray:
    """Return (F,) the share of the bars that exist on which a feature has a value."""
    exists = max(int(np.isfinite(run.made.bars.close).sum()), 1)
    share: FloatArray = np.isfinite(run.made.features.values).sum(axis=(1, 2)) / exists
    return share


def feature_record(run: FeatureRun) -> dict[str, Any]:
    """Return a matrix without its values for JSON: features with the last fit's verdict, and every fit."""
    matrix, last = run.made.matrix, run.made.matrix.fits[-1]
    dropped = {each.name: each for each in last.dropped}
    known, importance = known_share(run), matrix.importance()
    return {
        "data": {
            "symbols": list(run.made.bars.symbols),
            "frequency": run.made.bars.frequency,
            "bars": len(run.made.bars.times),
            "first": format_time(int(run.made.bars.times[0])),
            "last": format_time(int(run.made.bars.times[-1])),
            "sha256": run.made.bars.digest,
        },
        "seed": run.config.seed,
        "settings": run.config.features.model_dump(mode="json"),
        "features": [
            {
                "name": name,
                "formula": run.made.formulas.get(name),
                "lookback_bars": int(run.made.features.lookback_bars[at]),
                "known": float(known[at]),
                "score": float(last.score[at]),
                "importance": float(importance[at]),
                "fits_kept": sum(at in fit.kept for fit in matrix.fits),
                "kept": name not in dropped,
                **_why(dropped.get(name)),
            }
            for at, name in enumerate(matrix.features)
        ],
        "columns": list(matrix.names),
        "fits": [_fit_record(fit, run) for fit in matrix.fits],
    }


def _why(dropped: Dropped | None) -> dict[str, Any]:
    if dropped is None:
        return {"reason": None, "partner": None, "correlation": None}
    return {"reason": dropped.reason, "partner": dropped.partner, "correlation": dropped.correlation}


def _fit_record(fit: FeatureFit, run: FeatureRun) -> dict[str, Any]:
    return {
        "bar": fit.bar,
        "time": format_time(int(run.made.bars.times[fit.bar])),
        "rows": fit.rows,
        "labelled": fit.labelled,
        "kept": [run.made.matrix.features[at] for at in fit.kept],
        "dropped": [{"name": each.name, **_why(each)} for each in fit.dropped],
        "pca_ratio": None if fit.components is None else fit.components.ratio.tolist(),
    }


def _write_table(draft: RunDraft, run: FeatureRun) -> None:
    """Write a row for each bar of each symbol behind the first fit."""
    first = run.made.matrix.fits[0].bar + 1
    bar, symbol = np.nonzero(np.isfinite(run.made.bars.close[first:]))
    columns: dict[str, Any] = {
        "time": run.made.bars.times[first:][bar].astype("datetime64[ns]"),
        "symbol": (symbol.astype(np.int64), run.made.bars.symbols),
    }
    for name in run.made.matrix.names:
        columns[name] = run.made.matrix.column(name)[first:][bar, symbol]
    draft.write_table("features.parquet", columns)
