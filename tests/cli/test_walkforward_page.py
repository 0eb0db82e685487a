"""The page and the figures of `stratkit walkforward` hold the folds that it keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from command_line import Stratkit, WriteBars

BASE = ("--strategy", "sma_cross", "--train", "120", "--test", "60", "--trials", "6", "--sampler", "random")
SPACE = "search.space={fast: {low: 3, high: 9, step: 1, log: false}, slow: {low: 12, high: 30, step: 1, log: false}}"
SMALL = ("--set", SPACE, "--set", "search.fixed=[direction]", "--set", "search.batch=6")


def charts_of(folder: Path) -> dict[str, Any]:
    page = (folder / "walk.html").read_text("utf-8")
    (text,) = re.findall(r'<script type="application/json" id="charts">(.*?)</script>', page, flags=re.S)
    return {chart["id"]: chart for chart in json.loads(text)}


def test_the_page_holds_the_folds_of_the_run(stratkit: Stratkit, write_bars: WriteBars) -> None:
    record = stratkit("walkforward", "--data", write_bars(bars=400), *BASE, *SMALL, "--json").json
    folder, walk = Path(record["folder"]), record["walk_forward"]
    for name in ("walk.html", "stitched.png", "folds.png", "parameter_path.png", "report.html"):
        assert (folder / name).is_file(), name
    assert '<a href="walk.html">' in (folder / "report.html").read_text("utf-8")
    charts = charts_of(folder)
    for place, key in enumerate(("fast", "slow")):
        chosen = [fold["values"][f"strategies.sma_cross.params.{key}"] for fold in walk["folds"]]
        assert charts[f"path-{place}"]["data"][0]["y"] == chosen
    lines = charts["stitched"]["layout"]["shapes"]
    assert [line["x0"][:10] for line in lines] == [reign["first"] for reign in walk["reigns"][1:]]
    page = (folder / "walk.html").read_text("utf-8")
    evidence = record["evidence"]
    assert evidence["walk_forward"]["verdict"] in page
    figures = dict(re.findall(r'<h2>([^<]*)</h2>\s*<p class="figure">([^<]*)</p>', page))
    shown = [figures[label] for label in ("Deflated Sharpe", "PBO", "SPA p value")]
    inside = evidence["walk_forward"]
    known = [(evidence["deflated_sharpe"], "%.2f"), (inside["pbo"], "%.2f"), (inside["spa_p"], "%.3f")]
    assert shown == ["n/a" if value is None else form % value for value, form in known]


def test_paths_of_combinatorial_splits_are_drawn_and_no_report_is_none(
    stratkit: Stratkit, write_bars: WriteBars
) -> None:
    bars = write_bars(bars=400)
    record = stratkit("walkforward", "--data", bars, "--strategy", "sma_cross", "--folds", "4", "--trials", "6",
                      "--sampler", "random", *SMALL, "--json").json  # fmt: skip
    folder = Path(record["folder"])
    assert (folder / "cross_validation.png").is_file()
    assert sum(charts_of(folder)["paths"]["data"][0]["y"]) == 3  # C(4, 2) 2 / 4 paths
    quiet = stratkit("walkforward", "--data", bars, *BASE, *SMALL, "--no-report", "--json").json
    assert not [file for file in quiet["files"] if file.endswith((".html", ".png"))]
