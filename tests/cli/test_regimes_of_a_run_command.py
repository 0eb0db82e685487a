"""`regimes:` from the command line: the table of a run, its page, its JSON, and the run made again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
from command_line import Stratkit

from stratkit.regimes.labels import NOT_KNOWN

LABELLED = ("--set", "regimes.method=rules", "--set", "report.png=false")


def cents(text: str) -> int:
    return round(100 * float(text.replace("\N{MINUS SIGN}", "-").replace(",", "")))


def test_a_labelled_run_shows_what_each_regime_earned_and_is_made_again(stratkit: Stratkit) -> None:
    done = stratkit("backtest", *LABELLED)
    assert done.code == 0, done.err
    assert "rules, of each symbol; thresholds fixed: ADX 25" in done.out
    lines = done.out[done.out.index("regime  ") :].splitlines()[1:]
    end = next(place for place, line in enumerate(lines) if line.startswith("together"))
    folder = next(Path("reports").glob("2*"))
    attribution = json.loads((folder / "metrics.json").read_text())["attribution"]
    assert sum(cents(line.split()[1]) for line in lines[:end]) == cents(lines[end].split()[1])
    assert cents(lines[end].split()[1]) == round(100 * attribution["total"])
    named = [row["name"] for row in attribution["by_regime"]]
    assert [re.split(r"  +", line)[0] for line in lines[:end]] == named[:-1]
    column = pq.read_table(folder / "trades.parquet").column("regime").to_pylist()
    assert {name or NOT_KNOWN for name in column} == set(named[:-1])
    assert 'id="grid-regimes"' in (folder / "report.html").read_text()
    assert stratkit("reproduce", folder.name).code == 0


def test_a_run_without_regimes_says_nothing_of_them(stratkit: Stratkit) -> None:
    done = stratkit("backtest", "--set", "report.png=false")
    assert done.code == 0, done.err
    assert "regime" not in done.out
    folder = next(Path("reports").glob("2*"))
    assert "by_regime" not in json.loads((folder / "metrics.json").read_text())["attribution"]
    assert "regime" not in pq.read_table(folder / "trades.parquet").column_names
    assert 'id="grid-regimes"' not in (folder / "report.html").read_text()


def test_a_word_for_a_regime_that_does_not_exist_is_refused(stratkit: Stratkit) -> None:
    done = stratkit("backtest", *LABELLED, "--set", "regimes.words.trend_upp=bull")
    assert done.code == 2
    assert "did you mean 'trend_up'" in done.err
