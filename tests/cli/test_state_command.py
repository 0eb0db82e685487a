"""The file of what was learned, from run to run: gone on from, refused, started anew, and never lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Outcome, Stratkit, WriteBars

LAYER = (
    "--strategy", "rsi_reversion", "--no-report", "--set", "exit_plan=scalp", "--set", "regimes.method=rules",
    "--set", "meta_strategy={enabled: true, epsilon: 0.5, state_path: learned.json}",
)  # fmt: skip
FIRST, SECOND = ("--to", "2020-09-30"), ("--set", "data.trade_start=2020-10-01")


@pytest.fixture
def runs(stratkit: Stratkit, write_bars: WriteBars) -> list[Outcome]:
    """Two runs, of which the second goes on from what the first has learned."""
    bars = write_bars(bars=500)
    done = [stratkit("backtest", "--data", bars, *LAYER, *dates, "--json") for dates in (FIRST, SECOND)]
    assert [one.code for one in done] == [0, 0], done[-1].err
    return done


def again(stratkit: Stratkit, *options: str) -> Outcome:
    return stratkit("backtest", "--data", "ACME.parquet", *LAYER, *options)


def test_both_runs_are_reproduced_from_what_each_of_them_has_read(stratkit: Stratkit, runs: list[Outcome]) -> None:
    first, second = (Path(one.json["folder"]) for one in runs)
    assert not (first / "state_before.json").exists()
    before, now = json.loads((second / "state_before.json").read_bytes()), json.loads(Path("learned.json").read_bytes())
    assert before["state"]["bars_seen"] < now["state"]["bars_seen"]
    written = Path("learned.json").stat()
    for folder in (first, second):
        done = stratkit("reproduce", folder, "--json")
        assert (done.code, done.json["verdict"], done.json["changes"]) == (0, "identical", []), done.err
    assert Path("learned.json").stat() == written
    Path("learned.json").unlink()  # a run stands on its own copy
    done = stratkit("montecarlo", second, "--procedure", "bar_permutation", "--permutations", "2", "--json")
    assert done.code == 0, done.err
    assert "stratkit reproduce" not in done.out  # its replay gives the account of the folder
    assert not Path("learned.json").exists()
    (second / "state_before.json").write_text("{}")
    done = stratkit("reproduce", second)
    assert done.code == 3
    assert "must be the adaptive state that the run went on from" in done.err


def test_a_run_says_what_it_went_on_from_where_it_kept_it_and_what_it_was_learned_with(
    stratkit: Stratkit, runs: list[Outcome]
) -> None:
    first, second = runs
    bars = first.json["data"]["bars"]
    went_on = f"learned     went on from learned.json, learned until {first.json['data']['last']} ({bars:,} bars)"
    assert not any("adaptive state" in said for said in second.json["warnings"])
    Path("learned.json").write_bytes((Path(second.json["folder"]) / "state_before.json").read_bytes())
    done = again(stratkit, *SECOND, "--set", "strategies.rsi_reversion.params.window=10")
    assert done.code == 0, done.err
    assert went_on in done.out
    assert done.out.splitlines()[-1] == "learned     kept in learned.json"
    assert "learned with rsi_reversion window 14, this run has 10: what was learned may not fit" in done.err
    assert f"went on from what earlier runs learned from {bars:,} bars" in stratkit("runs", "performance", "latest").out
    done = again(stratkit, "--set", "meta_strategy.state_path=other.json", *FIRST)
    assert "went on from" not in done.out


def test_a_folder_that_cannot_be_written_is_said_before_the_replay(
    stratkit: Stratkit, write_bars: WriteBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_more: object) -> None:
        raise PermissionError(13, "Permission denied", "/some/draft")

    write_bars()
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    monkeypatch.setattr("stratkit.backtest.played", lambda *_: pytest.fail("it was replayed"))
    done = again(stratkit)
    assert done.code == 4
    assert "must be writable; learned.json: Permission denied: make its folder writable" in done.err


def test_traits_that_are_none_are_told_which_there_are(stratkit: Stratkit) -> None:
    done = stratkit("backtest", "--set", "meta_strategy.traits={high: X}")
    assert done.code == 2
    assert "traits.high must be letters of T R H L, '' for any, or '-' for risk off; found 'X'" in done.err


def test_what_is_refused_names_the_way_to_start_anew_and_loses_nothing(
    stratkit: Stratkit, runs: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("learned.json")
    whole = path.read_bytes()
    changed = whole.replace(b"14", b"15")  # the window that it says it was learned with, too
    assert changed != whole
    for content, options in (
        (whole, FIRST), (b"{", FIRST), (changed, FIRST), (whole, (*FIRST, "--set", "meta_strategy.alpha=0.3")),
    ):  # fmt: skip
        path.write_bytes(content)
        done = again(stratkit, *options)
        assert done.code == 3
        assert "may not fit" not in done.err  # what is refused is not gone on from
        assert "start fresh: --fresh-state moves the old file aside" in done.err
        assert path.read_bytes() == content
    with monkeypatch.context() as broken:
        broken.setattr("stratkit.cli.finished.keep_run", lambda *_: 1 / 0)
        assert again(stratkit, *FIRST, "--fresh-state").code == 4
    assert path.read_bytes() == whole
    assert not Path("learned.json.bak").exists()
    done = again(stratkit, *FIRST, "--fresh-state", "--quiet")
    assert done.code == 0, done.err
    assert "learned.json is in learned.json.bak now" in done.err.replace("\n", " ")
    assert Path("learned.json.bak").read_bytes() == whole
    assert path.read_bytes() not in (whole, b"{")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "meta_strategy.state_path=null"), "--fresh-state must have a state file to start anew; found none"),
        (("--fills", "all"), "--fresh-state is of one run; --fills all makes several"),
    ],
)
def test_there_must_be_one_state_to_start_anew(
    stratkit: Stratkit, write_bars: WriteBars, options: tuple[str, ...], said: str
) -> None:
    write_bars()
    done = again(stratkit, "--fresh-state", *options)
    assert done.code == 2
    assert said in done.err


def test_a_search_neither_reads_nor_writes_it_and_its_trials_come_out_the_same(
    stratkit: Stratkit, runs: list[Outcome]
) -> None:
    path = Path("learned.json")
    path.write_bytes(b"no state at all")
    search = ("optimize", "--data", "ACME.parquet", *LAYER, "--trials", "4", "--set", "search.sampler=random")
    done = stratkit(*search)
    assert done.code == 0, done.err
    assert done.err.count("the adaptive state learned.json is neither read nor written") == 1
    found = next(Path("reports").glob("*/search.json")).parent.name
    done = stratkit("backtest", "--trial", f"{found}:1")
    assert done.code == 0, done.err
    assert "the same as in the search, bit by bit" in done.out
    assert path.read_bytes() == b"no state at all"
