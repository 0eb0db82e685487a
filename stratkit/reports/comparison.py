"""`write_comparison`: one offline HTML page with the equity curves of several runs together, and what differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from stratkit.errors import OutputError
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray, format_time
from stratkit.reports.comparison_rows import (
    RUN_HEADINGS,
    SECTIONS,
    compared_trials,
    letters_of,
    metric_cells,
    run_cells,
    value_text,
)
from stratkit.reports.offline import interactive_page, trusted
from stratkit.reports.thinning import extreme_points
from stratkit.runs.compare import Comparison
from stratkit.runs.curves import EquityCurve, read_curve, rebased

_BUCKETS: Final = 1_000  # points a curve is thinned to, twice: more than a screen has columns


def write_comparison(path: Path, compared: Comparison) -> Path:
    """Write the page of a comparison to `path` and return it.

    Raises `DataError` when the equity of a run cannot be read, `OutputError` when the file cannot be written.
    """
    page = render_comparison(compared)
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"the page must be writable; {path}: {error.strerror or error}: choose another file"
        ) from error
    return path


def render_comparison(compared: Comparison) -> str:
    """Return the page as text."""
    letters = letters_of(len(compared.runs))
    curves = [read_curve(run.record) for run in compared.runs]
    scaled, start = rebased(curves)
    return interactive_page(
        "comparison",
        title=f"{len(curves)} runs compared",
        headings=RUN_HEADINGS,
        runs=run_cells(compared),
        notes=compared.notes,
        trials=compared_trials(compared),
        caption=_caption(curves, start),
        letters=letters,
        metrics=[(line.label, metric_cells(line)) for line in compared.metrics],
        differences=[
            (heading, [(one.key, [value_text(value) for value in one.values]) for one in getattr(compared, name)])
            for name, heading in SECTIONS
        ],
        curves=trusted(_script_text(_drawn(letters, compared, curves, scaled))),
    )


def _caption(curves: list[EquityCurve], start: int | None) -> str:
    below = "Below, the loss of each from its highest value so far."
    if start is None:
        return f"The runs share no bar: each curve is 1 at its own first bar. {below}"
    when = "the first bar" if len({int(curve.times[0]) for curve in curves}) == 1 else "the first bar that all share"
    return f"Each curve is 1 at {when}, {format_time(start)}. {below}"


def _drawn(
    letters: list[str], compared: Comparison, curves: list[EquityCurve], scaled: list[FloatArray]
) -> dict[str, Any]:
    lines = []
    for letter, run, curve, values in zip(letters, compared.runs, curves, scaled):
        drawdown = values / np.maximum.accumulate(np.maximum(values, np.finfo(float).tiny)) - 1.0
        shown = np.union1d(extreme_points(values, _BUCKETS // 2), extreme_points(drawdown, _BUCKETS // 2))
        lines.append(
            {
                "label": f"{letter} {run.strategy}",
                "times": _stamps(curve.times[shown]),
                "equity": [float(f"{value:.6g}") for value in values[shown]],
                "drawdown": [float(f"{value:.5g}") for value in drawdown[shown]],
            }
        )
    return {"curves": lines, "intraday": any((curve.times % NS_PER_DAY).any() for curve in curves)}


def _stamps(times: IntArray) -> list[str]:
    texts: list[str] = np.datetime_as_string(times.astype("datetime64[ns]"), unit="s").tolist()
    return texts


def _script_text(value: Any) -> str:
    """Return JSON that no text in it can end: a name may hold ``</script>``."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("</", "<\\/").replace("<!--", "<\\!--")
