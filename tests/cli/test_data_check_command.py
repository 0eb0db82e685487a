"""`stratkit data check`, and what a run says of bars that have findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import Stratkit, WriteBars


def broken(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[5, "low"] = -1.0
    return frame


def record(stratkit: Stratkit, *arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stratkit("data", "check", *arguments, "--json").out)
    return found


def test_sound_bars_leave_with_0_and_a_full_score(stratkit: Stratkit, write_bars: WriteBars) -> None:
    outcome = stratkit("data", "check", write_bars())
    assert outcome.code == 0
    assert "score 100 of 100, calendar 24/7 (assumed)" in outcome.out


def test_errors_leave_with_3_and_name_code_row_and_remedy(stratkit: Stratkit, write_bars: WriteBars) -> None:
    outcome = stratkit("data", "check", write_bars(broken))
    assert outcome.code == 3
    assert "non_positive" in outcome.out
    assert "first 2020-01-06" in " ".join(outcome.out.split())
    assert "stratkit data clean" in outcome.out


def test_warnings_leave_with_3_only_when_asked(stratkit: Stratkit, write_bars: WriteBars) -> None:
    path = write_bars(lambda frame: frame.drop(index=[8]))
    assert stratkit("data", "check", path).code == 0
    assert stratkit("data", "check", path, "--fail-on", "warning").code == 3


def test_json_holds_every_finding(stratkit: Stratkit, write_bars: WriteBars) -> None:
    found = record(stratkit, write_bars(broken))
    (report,) = found["reports"]
    (finding,) = [finding for finding in report["findings"] if finding["code"] == "non_positive"]
    assert found["failed"] is True
    assert (finding["severity"], finding["symbol"], finding["count"], finding["rows"]) == ("error", "ACME", 1, [6])
    assert report["scores"].keys() == {"ACME"}


@pytest.mark.parametrize(
    ("option", "code"), [(["--calendar", "24/7"], "calendar_assumed"), (["--symbol", "ACME"], "non_positive")]
)
def test_a_calendar_and_a_symbol_may_be_given(
    option: list[str], code: str, stratkit: Stratkit, write_bars: WriteBars
) -> None:
    codes = {finding["code"] for finding in record(stratkit, write_bars(broken), *option)["reports"][0]["findings"]}
    assert (code in codes) == (option[0] == "--symbol")


def wall_clock_csv(folder: Path) -> Path:
    path = folder / "clock.csv"
    stamps = pd.date_range("2020-01-01", periods=40, freq="1h")
    frame = pd.DataFrame(
        {"when": stamps, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0 + np.arange(40) % 2 / 10}
    )
    frame.to_csv(path, index=False)
    return path


def test_options_answer_what_the_file_does_not_say(stratkit: Stratkit, tmp_path: Path) -> None:
    path = wall_clock_csv(tmp_path)
    asked = record(stratkit, path, "--column", "timestamp=when")["reports"][0]
    told = record(stratkit, path, "--column", "timestamp=when", "--tz", "America/New_York", "--stamp", "end")[
        "reports"
    ][0]
    assert "no_time_zone" in {finding["code"] for finding in asked["findings"]}
    assert "no_time_zone" not in {finding["code"] for finding in told["findings"]}
    assert (asked["first"], told["first"]) == ("2020-01-01", "2020-01-01 04:00")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tz", "New_York"], "--tz: must be a time zone"),
        (["--calendar", "XNYY"], "did you mean 'XNYS'"),
        (["--column", "close"], "--column must be OURS=THEIRS"),
        (["--symbol", "ACNE"], "holds no symbol 'ACNE'; did you mean 'ACME'"),
    ],
)
def test_wrong_options_are_refused(
    arguments: list[str], message: str, stratkit: Stratkit, write_bars: WriteBars
) -> None:
    outcome = stratkit("data", "check", write_bars(lambda frame: frame.assign(symbol="ACME")), *arguments)
    assert outcome.code in (2, 3)
    assert message in outcome.err


def test_several_paths_are_checked_one_after_the_other(stratkit: Stratkit, write_bars: WriteBars) -> None:
    sound, bad = write_bars(), write_bars(broken, "BAD")
    found = record(stratkit, sound, bad)
    assert [report["counts"]["error"] for report in found["reports"]] == [0, 1]


def test_the_page_stands_alone(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "quality.html"
    stratkit("data", "check", write_bars(lambda frame: broken(frame.drop(index=[8]))), "--html", page)
    text = page.read_text("utf-8")
    assert text.count("data:image/svg+xml;base64,") == 2  # the map of what is missing and the bad bar
    assert "non_positive: ACME on" in text
    assert "http" not in text.replace("http-equiv", "")


def test_names_from_files_do_not_become_markup(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    path = write_bars(lambda frame: broken(frame).assign(symbol="[red]<b>X"), "[bold]odd")
    page = tmp_path / "quality.html"
    outcome = stratkit("data", "check", path, "--html", page)
    assert "[bold]odd.parquet" in outcome.out
    assert "<b>X" not in page.read_text("utf-8")


def backtest(stratkit: Stratkit, path: Path, *arguments: str) -> Any:
    return stratkit("backtest", "--data", path, "--strategy", "buy_and_hold", "--no-report", *arguments)


def test_a_run_refuses_errors_and_says_how_to_go_on(stratkit: Stratkit, write_bars: WriteBars) -> None:
    outcome = backtest(stratkit, write_bars(broken))
    assert outcome.code == 3
    assert "look closer with `stratkit data check" in outcome.err
    assert "--accept non_positive" in outcome.err


def test_what_was_accepted_stands_in_the_run(stratkit: Stratkit, write_bars: WriteBars) -> None:
    codes = ("--accept", "non_positive")
    outcome = backtest(stratkit, write_bars(broken), *codes, "--json")
    run = json.loads(outcome.out)
    (finding,) = run["data_findings"]
    assert outcome.code == 0
    assert (finding["code"], finding["accepted"]) == ("non_positive", "these bars count as absent")
    assert run["config"]["data"]["accept"] == ["non_positive"]
    assert any("non_positive" in warning and "accepted" in warning for warning in run["warnings"])
    metrics = json.loads((Path(run["folder"]) / "metrics.json").read_text("utf-8"))
    assert metrics["data_findings"] == run["data_findings"]


def test_the_configuration_may_accept_too(stratkit: Stratkit, write_bars: WriteBars) -> None:
    assert backtest(stratkit, write_bars(broken), "--set", "data.accept=[non_positive]").code == 0


@pytest.mark.parametrize(
    ("code", "message"), [("nonpositive", "did you mean 'non_positive'"), ("unsorted", "unsorted cannot be accepted")]
)
def test_codes_that_cannot_be_accepted_are_a_usage_error(
    code: str, message: str, stratkit: Stratkit, write_bars: WriteBars
) -> None:
    outcome = backtest(stratkit, write_bars(), "--accept", code)
    assert outcome.code == 2
    assert message in outcome.err


def test_what_a_run_refuses_leaves_with_3_and_says_what_to_do(stratkit: Stratkit, write_bars: WriteBars) -> None:
    text = stratkit("data", "check", write_bars(lambda frame: frame.assign(close=frame.close.astype(str))))
    assert text.code == 3
    assert "refused_column" in text.out
    assert "stratkit data clean --apply" in " ".join(text.out.split())
    naive = write_bars(lambda frame: frame.assign(timestamp=frame.timestamp.dt.tz_localize(None)), name="N")
    assert stratkit("data", "check", naive).code == 3
    blank = write_bars(lambda frame: frame.assign(symbol=""), name="B")
    assert stratkit("data", "check", blank).code == 3
    assert stratkit("backtest", "--strategy", "buy_and_hold", "--data", blank).code == 3
