"""Files of corporate actions: read as they are, refused by the first row that breaks a rule, used by a load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from stratkit.data.actions_file import load_actions
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError
from stratkit.panel import format_time

MakeFrame = Callable[..., pd.DataFrame]
HEAD = "timestamp,symbol,action,value\n"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows of events below the usual header, or a whole file."""

    def place(text: str) -> Path:
        path = tmp_path / "actions.csv"
        path.write_text(text if text.startswith("timestamp") or not text[:1].isdigit() else HEAD + text)
        return path

    return place


def test_dates_of_a_text_file_are_midnights_and_rows_come_in_order(write: Write) -> None:
    actions = load_actions(write("2020-01-03,NA,split,2\n2020-01-02,BBB,dividend,0.5\n2020-01-02,AAA,dividend,0.25\n"))
    assert actions.symbols == ("AAA", "BBB", "NA")
    assert [format_time(int(time)) for time in actions.times] == ["2020-01-02", "2020-01-02", "2020-01-03"]
    assert actions.is_split.tolist() == [False, False, True]
    assert actions.value.tolist() == [0.25, 0.5, 2.0]
    assert actions.source.endswith("actions.csv")


@pytest.mark.parametrize("kind", ["datetime64[ns, UTC]", "datetime64[us]", "date", "text", "category"])
def test_a_parquet_file_holds_the_same_events_however_it_is_typed(tmp_path: Path, write: Write, kind: str) -> None:
    rows = "2020-01-02,AAA,split,2\n2020-01-03,AAA,dividend,0.5\n"
    frame = pd.read_csv(write(rows))
    if kind == "date":
        frame["timestamp"] = pd.to_datetime(frame["timestamp"]).dt.date
    elif kind == "category":
        frame = frame.astype({"symbol": "category", "action": "category"})
    elif kind != "text":
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc="UTC" in kind).dt.as_unit(
            "us" if "us" in kind else "ns"
        )
    frame["note"] = "ignored"
    frame.to_parquet(tmp_path / "actions.parquet")
    assert load_actions(tmp_path / "actions.parquet").digest == load_actions(write(rows)).digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2020-01-02,AAA,spilt,2\n", "found another in 1, first line 2: 'spilt'; did you mean 'split'?"),
        (
            "2020-01-02,AAA,split,2\n2020-01-03,AAA,split,0\n",
            "a split must be a ratio above 0.*found 0 in 1, first line 3",
        ),
        ("2020-01-02,AAA,split,-2\n", "a split must be a ratio above 0"),
        ("2020-01-02,AAA,dividend,-0.1\n", "a dividend must be cash per share, above 0; found -0.1"),
        ("2020-01-02,AAA,dividend,nan\n", "a dividend must be cash per share"),
        ("2020-01-02,AAA,dividend,much\n", "value must hold numbers; it holds string"),
        ("2020-01-02,AAA,dividend,\n", "every event must have a value; found 1 without"),
        ("2020-01-02,,dividend,1\n", "a symbol must be a name without blanks"),
        ("2020-01-02, AAA,dividend,1\n", "a symbol must be a name without blanks"),
        ("2020-13-02,AAA,dividend,1\n", "each stamp must be a date that exists"),
        ("2020-01-02 14:30,AAA,dividend,1\n", "or a time with a time zone; found 2020-01-02 14:30 without one"),
        ("2020-01-02,AAA,split,2\n2020-01-02,AAA,split,2\n", "one split a day; found repeats in 1, first line 3: AAA"),
        ("2020-01-02,AAA,dividend,1\n2020-01-02,AAA,dividend,2\n", "one dividend a day.*as their sum"),
        ("timestamp,symbol,action,value\n", "must hold events; it has none"),
        ("timestamp,symbol,action,amount\n2020-01-02,A,split,2\n", "value is missing: known: timestamp"),
        ("timestamp,symbol,action,values\n2020-01-02,A,split,2\n", "value is missing: did you mean 'values'?"),
        ("timestamp,symbol,action,value\n1,2\n", "must be a CSV file with the header timestamp,symbol,action,value"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_place(write: Write, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_actions(write(text))


def test_a_missing_or_broken_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be a file of corporate actions; there is none"):
        load_actions(tmp_path / "no.csv")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="must be a whole Parquet file"):
        load_actions(tmp_path / "broken.parquet")


def test_a_split_and_a_dividend_may_share_a_day(write: Write) -> None:
    assert load_actions(write("2020-01-02,A,split,2\n2020-01-02,A,dividend,1\n")).is_split.tolist() == [False, True]


def test_a_time_with_a_zone_is_a_moment(write: Write) -> None:
    actions = load_actions(write("2020-01-02T09:30:00-05:00,AAA,split,2\n"))
    assert format_time(int(actions.times[0])) == "2020-01-02 14:30"


def test_bars_are_loaded_adjusted_when_asked_for(tmp_path: Path, write: Write, make_frame: MakeFrame) -> None:
    make_frame(5).to_parquet(tmp_path / "AAA.parquet")
    events = write("2020-01-02,AAA,dividend,10\n2020-01-03,AAA,split,2\n")

    def load(**settings: object) -> list[float]:
        asked = DataSettings.model_validate({"path": str(tmp_path / "AAA.parquet"), **settings})
        return [float(close) for close in load_bars(asked).close[:, 0]]

    raw = [100.0, 101.0, 102.0, 103.0, 104.0]
    assert load() == load(actions_path=str(events)) == load(actions_path=str(events), adjust="none") == raw
    assert load(actions_path=str(events), adjust="splits") == [50.0, 50.5, 102.0, 103.0, 104.0]
    assert load(actions_path=str(events), adjust="total") == pytest.approx([45.0, 50.5, 102.0, 103.0, 104.0])
    assert load(actions_path=str(events), adjust="total", start="2020-01-02") == [50.5, 102.0, 103.0, 104.0]


def test_adjusting_needs_a_file_of_actions() -> None:
    with pytest.raises(ValidationError, match="adjust total needs a file of splits and dividends"):
        DataSettings.model_validate({"adjust": "total"})
    with pytest.raises(ValidationError, match="adjust"):
        DataSettings.model_validate({"adjust": "dividends", "actions_path": "x"})
