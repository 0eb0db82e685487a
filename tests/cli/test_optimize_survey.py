"""What surrounds the choice of `stratkit optimize`: its page, its figures, survey.json, and the robust choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Stratkit

YEARS = ("--from", "2010-01-01")
PAGES = ("search.html", "convergence.png", "importances.png", "heatmaps.png", "overfitting.png")


def searched(stratkit: Stratkit, *options: str, trials: int = 30) -> Any:
    done = stratkit("optimize", *options, *YEARS, "--trials", str(trials), "--json")
    assert done.code == 0, done.err
    return done.json


def test_page_figures_and_survey_stand_beside_the_run(stratkit: Stratkit) -> None:
    record = searched(stratkit)
    folder = Path(record["folder"])
    for name in (*PAGES, "survey.json", "report.html"):
        assert (folder / name).is_file(), name
    assert '<a href="search.html">' in (folder / "report.html").read_text("utf-8")
    kept = json.loads((folder / "survey.json").read_text("utf-8"))
    assert kept == record["survey"]
    assert kept["best"]["number"] == record["chosen"]["number"]
    assert kept["fragility"]["replays"] > 10
    assert kept["fragility"]["base"]["sharpe"] == pytest.approx(record["chosen"]["metrics"]["sharpe"], rel=1e-12)
    assert f"--trial {record['run_id']}:{record['chosen']['number']}" in (folder / "search.html").read_text("utf-8")


def test_no_report_leaves_pages_and_figures_out(stratkit: Stratkit) -> None:
    folder = Path(searched(stratkit, "--no-report", trials=16)["folder"])
    assert (folder / "survey.json").is_file()
    assert not [name for name in PAGES if (folder / name).exists()]


def test_what_surrounds_the_choice_is_printed(stratkit: Stratkit) -> None:
    done = stratkit("optimize", *YEARS, "--trials", "24", "--quiet")
    assert done.code == 0, done.err
    for words in ("fanova", "The best trial, ", "costs x2", "one bar later", "bps of traded notional", "search.html"):
        assert words in done.out


def test_the_robust_choice_is_the_centre_of_the_plateau_of_the_same_trials(stratkit: Stratkit) -> None:
    best, robust = searched(stratkit), searched(stratkit, "--pick", "robust")
    assert [trial["values"] for trial in robust["trials"]] == [trial["values"] for trial in best["trials"]]
    assert robust["chosen"]["number"] == best["survey"]["robust"]["number"] == robust["survey"]["robust"]["number"]
    assert robust["chosen"]["number"] != best["chosen"]["number"]
    page = Path(robust["folder"], "search.html").read_text("utf-8")
    assert "the centre of the plateau</h3>" in page
