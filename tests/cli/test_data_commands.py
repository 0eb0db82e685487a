"""`stratkit data`: what each command prints, writes and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stratkit.cli import main

Run = Callable[..., tuple[int, str, str]]
DAILY = "Date,Open,High,Low,Close,Volume\n2020-01-02,10,12,9,11,100\n2020-01-03,11,13,10,12,200\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a folder of its own; return exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_line(*arguments: str) -> tuple[int, str, str]:
        code = main.run(["data", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_line


def printed(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, _ = run(*arguments, "--json")
    assert code == 0
    record = json.loads(out)
    assert isinstance(record, dict)
    return record


def test_list_shows_the_bundled_data(run: Run) -> None:
    code, out, err = run("list")
    assert code == 0
    assert "SP500" in out
    assert "1999-01-04" in out
    assert "stratkit data show" in err
    files = printed(run, "list")["files"]
    assert [(file["symbol"], file["frequency"], file["rows"]) for file in files] == [
        ("NASDAQ", "1d", 5031),
        ("SP500", "1d", 5031),
    ]


def test_list_warns_of_files_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"x")
    code, out, err = run("list", str(tmp_path))
    assert code == 0
    assert "bad" in out
    assert "whole Parquet file" in " ".join(err.split())


def test_show_describes_a_symbol_of_the_bundled_data(run: Run) -> None:
    code, out, _ = run("show", "SP500", "--from", "2008-01-01", "--to", "2008-12-31")
    assert code == 0
    assert "Bars(253 x 1 symbols, 1d, 2008-01-02 .. 2008-12-31)" in out
    record = printed(run, "show", "SP500", "--from", "2008-01-01", "--to", "2008-12-31")
    assert record["bars"] == 253
    assert len(record["digest"]) == 64
    assert record["symbols"][0]["bars"] == 253
    assert [row["time"] for row in record["rows"]] == [
        *("2008-01-02", "2008-01-03", "2008-01-04"),
        *("2008-12-29", "2008-12-30", "2008-12-31"),
    ]


def test_show_answers_a_wrong_symbol_with_the_nearest(run: Run) -> None:
    code, out, err = run("show", "SP50")
    assert code == 3
    assert out == ""
    assert "did you mean 'SP500'?" in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("show", "SP500", "--symbols", "A"), "leave --symbols out"),
        (("show", ".", "--data", "."), "leave --data out"),
        (("show", "SP500", "--from", "soon"), "--from: must be an ISO date"),
        (("show", "SP500", "--to", "soon"), "--to: must be an ISO date"),
        (("show", "SP500", "--column", "open"), "--column must be OURS=THEIRS"),
        (("import", "x.csv", "--column", "opn=x"), "--column: unknown column 'opn'; did you mean 'open'?"),
        (("import", "x.csv", "--tz", "Europe/Berln"), "--tz: must be a time zone"),
        (("import", "x.csv", "--epoch", "min"), "min"),
        (("import", "x.csv", "--decimal", "x"), "--decimal"),
        (("sample", "--frequency", "1w"), "synthetic bars must be 1d or finer"),
    ],
)
def test_wrong_options_are_usage_errors(run: Run, arguments: tuple[str, ...], expected: str) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert expected in " ".join(err.split())


def test_import_writes_a_store_that_show_and_list_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spy.csv").write_text(DAILY)
    code, out, err = run("import", "spy.csv")
    assert code == 0
    assert "SPY" in out
    assert "2020-01-03" in out
    assert "use them with --data bars" in err
    assert printed(run, "show", "SPY", "--data", "bars")["rows"][1]["close"] == 12
    assert printed(run, "list", "bars")["files"][0]["rows"] == 2


def test_import_prints_json_and_refuses_to_overwrite(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spy.csv").write_text(DAILY)
    (one,) = printed(run, "import", "spy.csv", "--to", "store", "--symbol", "ETF")["imported"]
    assert (one["symbol"], one["bars"], one["first"]) == ("ETF", 2, "2020-01-02")
    assert one["path"] == str(Path("store", "1d", "ETF.parquet"))
    code, _, err = run("import", "spy.csv", "--to", "store", "--symbol", "ETF")
    assert code == 4
    assert "add --overwrite" in err
    assert run("import", "spy.csv", "--to", "store", "--symbol", "ETF", "--overwrite")[0] == 0


def test_import_of_bad_bars_is_a_data_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spy.csv").write_text(DAILY.replace("13", "1"))
    code, out, err = run("import", "spy.csv")
    assert code == 3
    assert out == ""
    assert "high must not be below low" in err


def test_import_passes_every_option_on(run: Run, tmp_path: Path) -> None:
    lines = ["made by a vendor", "10:00;01/02/2020;1;10,5;12;9;11", "09:00;01/02/2020;1;10,5;12;9;11,5"]
    lines.append(lines[-1].replace("11,5", "11,6"))
    (tmp_path / "a.txt").write_text("\n".join(lines) + "\n")
    (one,) = printed(
        *(run, "import", "a.txt", "--to", "s", "--symbol", "X", "--tz", "Europe/Berlin", "--stamp", "end"),
        *("--column", "timestamp=d", "--column", "clock=t", "--column", "volume=", "--frequency", "1h"),
        *("--skip-rows", "1", "--names", "t,d,n,open,high,low,close", "--delimiter", ";", "--decimal", ","),
        *("--date-format", "%d/%m/%Y %H:%M", "--sort", "--duplicates", "last"),
    )["imported"]
    assert (one["first"], one["bars"], one["frequency"]) == ("2020-02-01 07:00", 2, "1h")
    assert one["notes"] == ["sorted", "1 repeated stamps: the last row of each stays", "volume unknown"]
    assert printed(run, "show", "s")["rows"][0]["close"] == 11.6


def test_import_reads_epochs_and_tabs(run: Run, tmp_path: Path) -> None:
    text = "time\topen\thigh\tlow\tclose\n1577836800000\t1\t1\t1\t1\n1577840400000\t1\t1\t1\t1\n"
    (tmp_path / "a.csv").write_text(text)
    assert "say --delimiter '\\t'" in run("import", "a.csv")[2]
    (one,) = printed(run, "import", "a.csv", "--epoch", "ms", "--delimiter", "\\t")["imported"]
    assert one["last"] == "2020-01-01 01:00"


def test_sample_and_resample_fill_one_store(run: Run) -> None:
    made = printed(run, "sample", "--symbols", "4", "--bars", "120", "--seed", "7")
    assert made["bars"] == 120
    assert len(made["files"]) == 4
    other = printed(run, "sample", "--symbols", "4", "--bars", "120", "--seed", "8", "--overwrite")
    assert other["digest"] != made["digest"]
    weeks = printed(run, "resample", "synthetic", "1w", "--symbols", "SYN01,SYN04")
    assert (weeks["frequency"], weeks["bars"], len(weeks["files"])) == ("1w", 24, 2)
    code, _, err = run("show", "synthetic")
    assert code == 2
    assert "choose one with a frequency, as in --frequency 1d" in err
    assert printed(run, "show", "synthetic", "--frequency", "1w")["bars"] == 24
    assert printed(run, "resample", "synthetic", "1mo", "--frequency", "1d", "--to", "months")["root"] == "months"


def test_sample_makes_minutes(run: Run) -> None:
    made = printed(run, "sample", "--frequency", "1min", "--bars", "300", "--to", "minutes")
    assert (made["frequency"], made["bars"], len(made["files"])) == ("1min", 300, 1)
    code, out, _ = run("show", "minutes")
    assert code == 0
    assert "2020-01-01 04:59" in out


def test_quiet_says_nothing_but_the_result(run: Run) -> None:
    assert run("list", "--quiet")[2] == ""


def test_names_from_files_are_not_read_as_markup(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(DAILY)
    code, out, _ = run("import", "a.csv", "--symbol", "[bold]X[/]")
    assert code == 0
    assert "[bold]X[/]" in out
