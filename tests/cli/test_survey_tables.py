"""What the terminal says about what surrounds the choice of a search."""

from __future__ import annotations

import json
from typing import Any

import pytest
from made_searches import crossing_search, searched_content

from stratkit.cli.survey_tables import (
    fragility_record,
    fragility_table,
    importances_table,
    plateau_line,
    survey_record,
)
from stratkit.cli.terminal import Terminal
from stratkit.research.survey import survey_of
from stratkit.runs.json_text import json_text


def test_importances_are_printed_with_the_name_of_their_method(capsys: pytest.CaptureFixture[str]) -> None:
    content = searched_content()
    importances_table(Terminal(), content.survey)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split() == ["parameter", "fanova", "ped-anova"]
    assert lines[1].split()[0] == content.survey.ranked[0].split(".")[-1]
    assert "fANOVA" in out
    assert "Hutter" in out
    assert f"{content.survey.importances[0].trials:,} trials" in out


def test_why_there_are_no_importances_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    importances_table(Terminal(), survey_of(crossing_search(10)))
    assert "at least 16 trials with an objective are needed" in capsys.readouterr().out


def test_the_plateau_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    plateau_line(Terminal(), searched_content())
    out = capsys.readouterr().out
    assert out.startswith("The best trial, ")
    assert out.count("\n") == 1


def test_the_fragility_table_names_each_change_and_what_could_not_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    fragility_table(Terminal(), searched_content())
    out = capsys.readouterr().out
    for words in ("costs x2", "0.80 (0.66)", "−0.21", "SP500 is the", "61.2 bps", "33 replays"):
        assert words in out
    fragility_table(Terminal(), searched_content(fragility=None))
    assert capsys.readouterr().out == ""


def test_records_are_plain_values() -> None:
    content = searched_content()
    assert content.fragility is not None
    record: dict[str, Any] = json.loads(
        json_text(
            {
                **survey_record(content.survey),
                "fragility": fragility_record(content.fragility),
            }
        )
    )
    assert record["importances"][0]["method"] == "fanova"
    assert record["best"]["number"] == content.result.best
    assert record["fragility"]["rows"][0]["figures"]["sharpe"] == 0.81
    assert record["fragility"]["rows"][-1]["figures"]["sharpe"] is None
