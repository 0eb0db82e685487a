"""The trial ledger: what counts together, what counts once, and that nothing lowers a count."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ledger_trials import KEY, made_up, own, stopped, trial_of
from small_runs import MakeRun, write_run

from stratkit.errors import DataError, OutputError
from stratkit.inference.evidence import Evidence, evidence
from stratkit.inference.trial_sums import trial_sums
from stratkit.runs import database
from stratkit.runs.ledger import LEDGER, NOT_COUNTED, NullLedger, TrialLedger, open_ledger
from stratkit.runs.ledger_entry import LedgerEntry, LedgerKey
from stratkit.runs.ledger_evidence import Judged, ledger_evidence
from stratkit.runs.ledger_groups import TrialGroup, trial_groups
from stratkit.runs.ledger_rows import KEPT_SERIES
from stratkit.runs.ledger_table import ENTRIES, read_entries, write_entries
from stratkit.runs.store import open_store


def counted(ledger: TrialLedger, key: LedgerKey) -> int:
    return ledger.pool(key, None, None).trials


def test_a_trial_counts_once_however_often_it_is_entered(tmp_path: Path) -> None:
    trials = [made_up(number) for number in range(5)]
    with open_ledger(tmp_path) as ledger:
        assert ledger.add(trials) == 5
        assert ledger.add(trials[:3]) == 0
        assert ledger.add([trials[4], made_up(5), made_up(5)]) == 1
        assert ledger.add([]) == 0
        assert (counted(ledger, KEY), ledger.count()) == (6, 6)
    with open_ledger(tmp_path) as ledger:
        assert counted(ledger, KEY) == 6


def test_what_is_entered_comes_back(tmp_path: Path) -> None:
    trial = made_up(3, edge=0.001, kind="walkforward", seed=2**70)
    with open_ledger(tmp_path) as ledger:
        ledger.add([trial])
        (found,) = ledger.trials(1)
        assert replace(found, metrics={}) == replace(
            trial, metrics={}, edges=None, count=None, total=None, squares=None, returns=None
        )
        assert found.metrics["sharpe"] == trial.metrics["sharpe"]
        assert np.isnan(found.metrics["win_rate"])
        pool = ledger.pool(KEY, trial.edges, trial.count)
        assert pool.same is not None
        for name, array in (("total", trial.total), ("squares", trial.squares)):
            np.testing.assert_array_equal(getattr(pool.same.sums, name)[:, 0], array)
        np.testing.assert_array_equal(pool.same.edges, trial.edges)
        assert pool.returns is not None
        np.testing.assert_array_equal(pool.returns[:, 0], trial.returns)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (own("own.py:A", "1" * 64), own("own.py:A", "2" * 64), True),  # a comment
        (own("own.py:A", "1" * 64), own("renamed.py:A", "1" * 64), True),
        (own("own.py:A", "1" * 64), own("other.py:A", "2" * 64), False),
        (own("own.py:A", "1" * 64), own("own.py:A", "1" * 64, "BETA"), False),
        (own("own.py:A", "1" * 64), own("own.py:A", "1" * 64, "ACME", "BETA"), False),
        (KEY, LedgerKey(("buy_and_hold",), ("buy_and_hold",), ("ACME",)), False),
        (KEY, LedgerKey(("buy_and_hold", "sma_cross"), ("buy_and_hold", "sma_cross"), ("ACME",)), False),
    ],
)
def test_trials_count_together_by_symbols_and_by_name_or_source(
    one: LedgerKey, other: LedgerKey, together: bool, tmp_path: Path
) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.add([made_up(1, key=one), made_up(2, key=other)])
        assert counted(ledger, one) == counted(ledger, other) == (2 if together else 1)


def test_a_file_that_was_edited_and_renamed_in_turn_stays_one_count_in_any_order(tmp_path: Path) -> None:
    chain = [own("a.py:A", "1"), own("b.py:A", "1"), own("b.py:A", "2"), own("c.py:A", "2"), own("c.py:A", "3")]
    for turn, order in enumerate([(0, 1, 2, 3, 4), (4, 0, 2, 1, 3), (0, 4, 1, 3, 2)]):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with open_ledger(folder) as ledger:
            for place in order:
                ledger.add([made_up(place, key=chain[place])])
            assert [counted(ledger, key) for key in chain] == [5] * 5
            assert len(ledger.groups()) == 1
            # before it is entered, too: a renamed and unedited file finds its trials
            assert counted(ledger, own("d.py:A", "3")) == 5


def test_other_dates_count_and_are_no_same_bars(tmp_path: Path) -> None:
    one = made_up(1)
    assert one.returns is not None
    with open_ledger(tmp_path) as ledger:
        ledger.add([one, trial_of(one.returns[1:], 2, start=1), trial_of(one.returns, 3, start=5000), stopped(4)])
        pool = ledger.pool(KEY, one.edges, one.count)
    assert (pool.trials, pool.unfinished, len(pool.others)) == (4, 1, 2)
    assert pool.same is not None
    assert pool.same.sums.trials == 1


def test_the_evidence_of_the_ledger_is_that_of_the_returns(tmp_path: Path) -> None:
    trials = [made_up(number, edge=0.0002 * number) for number in range(12)]
    returns = np.column_stack([trial.returns for trial in trials if trial.returns is not None])
    with open_ledger(tmp_path) as ledger:
        ledger.add(trials)
        judged = Judged(returns[:, 11], trials[11].edges, trials[11].count, 252.0)
        found = ledger_evidence(ledger, KEY, judged, 0)
    assert found is not None
    expected = evidence(returns[:, 11], trial_sums(returns))
    for name in ("sharpe", "luck", "probabilistic", "deflated"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(expected, name)))
    assert found.effective_trials == pytest.approx(expected.effective_trials)
    assert found.overfitting is not None
    assert expected.overfitting is not None
    assert found.overfitting.probability == expected.overfitting.probability
    assert found.superior is not None
    assert (found.superior.trials, found.trials) == (12, 12)


def test_the_order_of_entry_changes_no_evidence(tmp_path: Path) -> None:
    trials = [made_up(number, edge=0.0001 * number) for number in range(10)]
    found: list[Evidence | None] = []
    for turn in (trials, trials[::-1]):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        with open_ledger(folder) as ledger:
            for trial in turn:
                ledger.add([trial])
            assert trials[9].returns is not None
            judged = Judged(trials[9].returns, trials[9].edges, trials[9].count, 252.0)
            found.append(ledger_evidence(ledger, KEY, judged, 7))
    assert repr(found[0]) == repr(found[1])


def test_only_the_best_series_are_kept_and_all_trials_count(tmp_path: Path) -> None:
    trials = [made_up(number, bars=40, edge=0.0001 * number) for number in range(KEPT_SERIES + 50)]
    best = sorted(trials, key=lambda trial: -trial.metrics["sharpe"])[:KEPT_SERIES]
    with open_ledger(tmp_path) as ledger:
        ledger.add(trials[: KEPT_SERIES + 10])
        ledger.add(trials[KEPT_SERIES + 10 :])
        ledger.add([trial_of(0.01 * np.ones(40) + 1e-5 * np.arange(40), 10_000, start=900)])  # on other bars
        pool = ledger.pool(KEY, trials[0].edges, trials[0].count)
        kept = ledger.read(lambda c: {row[0] for row in c.execute("SELECT identity FROM returns")})
    assert kept == {trial.identity for trial in best} | {f"{10_000:064d}"}
    assert pool.returns is not None
    assert pool.returns.shape == (40, KEPT_SERIES)
    assert pool.trials == KEPT_SERIES + 51


def test_a_trial_that_was_stopped_early_and_is_finished_later_counts_once_with_its_sums(tmp_path: Path) -> None:
    whole = made_up(1)
    with open_ledger(tmp_path) as ledger:
        assert ledger.add([stopped(1)]) == 1
        assert ledger.pool(KEY, whole.edges, whole.count).unfinished == 1
        assert ledger.add([replace(whole, returns=None)]) == 0
        assert ledger.add([whole]) == 0  # its returns, which a sweep did not have
        assert ledger.add([stopped(1)]) == 0
        pool = ledger.pool(KEY, whole.edges, whole.count)
        assert ledger.trials(1)[0].metrics["sharpe"] == whole.metrics["sharpe"]
    assert (pool.trials, pool.unfinished) == (1, 0)
    assert pool.returns is not None


def test_entries_that_do_not_fit_are_refused_whole(tmp_path: Path) -> None:
    trial = made_up(1)
    assert trial.total is not None
    assert trial.returns is not None
    with open_ledger(tmp_path) as ledger:
        with pytest.raises(DataError, match="must fill its 256 buckets; found 255 totals"):
            ledger.add([made_up(0), replace(trial, total=trial.total[1:])])
        with pytest.raises(DataError, match="must have the 600 returns that its buckets count; found 599"):
            ledger.add([made_up(0), replace(trial, returns=trial.returns[1:])])
        assert ledger.count() == 0


def test_run_folders_are_entered_when_the_ledger_is_opened_and_once(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(params={"fast": 5})
    make_run("20240102-030406-bbbbbb", params={"fast": 6})
    make_run("20240102-030407-cccccc", params={"fast": 6}, metrics={"sharpe": 9.0})  # the same once more
    reports = tmp_path / "reports"
    for _ in range(2):
        with open_ledger(reports) as ledger:
            (group,) = trial_groups(ledger)
            assert [trial.values for trial in group.trials] == [
                {"strategies.sma_cross.params.fast": 6},
                {"strategies.sma_cross.params.fast": 5},
            ]
            assert (group.strategies, group.symbols, group.kinds) == (("sma_cross",), ("ACME",), {"backtest": 2})
            assert (group.first, group.last) == ("2024-01-02", "2024-01-02")
            assert ledger.notices == []


def test_a_removed_run_counts_for_ever(reports: Path) -> None:
    with open_ledger(reports) as ledger:
        before = ledger.count()
    with open_store(reports) as store:
        for name in ("20240102-030405-aaaaaa", "20240102-030406-bbbbbb"):
            store.remove(name)
    with open_ledger(reports) as ledger:
        assert ledger.count() == before == 1  # the two runs are the same trial


def test_a_run_that_cannot_be_read_is_named_once(make_run: MakeRun, tmp_path: Path) -> None:
    record = make_run()
    record.path("equity.parquet").write_bytes(b"PAR1")
    with open_ledger(tmp_path / "reports") as ledger:
        assert [notice.partition(":")[0] for notice in ledger.notices] == [
            "the trial of 20240102-030405-aaaaaa cannot be counted"
        ]
    with open_ledger(tmp_path / "reports") as ledger:
        assert ledger.notices == []


def test_a_damaged_ledger_is_set_aside_and_made_again_from_the_folders(make_run: MakeRun, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    make_run(params={"fast": 5})
    search = make_run("20240102-030406-bbbbbb", params={"fast": 6})
    searched = [made_up(number) for number in range(3)]
    write_entries(search.path(ENTRIES), searched)
    with open_ledger(reports) as ledger:
        ledger.add([made_up(99)])
        assert ledger.count() == 6
    for suffix in ("-wal", "-shm"):
        (reports / f"{LEDGER}{suffix}").unlink(missing_ok=True)
    (reports / LEDGER).write_bytes(b"garbage" * 1000)
    with open_ledger(reports) as ledger:
        assert ledger.count() == 5  # all but the one that no folder holds
        (notice,) = ledger.notices
    assert "is damaged" in notice
    assert "is made again from the run folders; trials whose folders are gone are lost" in notice
    assert len(list(reports.glob(f"{LEDGER}.damaged-*"))) == 1


def test_entries_written_to_a_folder_come_back_bit_by_bit(tmp_path: Path) -> None:
    entries = [made_up(1, seed=2**80), replace(made_up(2), returns=None), stopped(3, made="2024-01-02T00:00:00+00:00")]
    write_entries(tmp_path / ENTRIES, entries)
    found = read_entries(tmp_path / ENTRIES)
    assert [repr(entry) for entry in found] == [repr(entry) for entry in entries]
    (tmp_path / ENTRIES).write_bytes(b"PAR1")
    with pytest.raises(DataError, match="must hold the trials of a search; it cannot be read"):
        read_entries(tmp_path / ENTRIES)


def test_a_ledger_that_cannot_be_written_is_an_error_to_write_and_none_to_read(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run()
    real = database._prepare

    def no_file(connection: sqlite3.Connection, where: str, *more: object) -> None:
        if where != ":memory:":
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise error
        real(connection, where, *more)  # type: ignore[arg-type]  # what the real one was given

    reports = tmp_path / "reports"
    with monkeypatch.context() as read_only:
        read_only.setattr(database, "_prepare", no_file)
        with pytest.raises(OutputError, match=r"ledger\.sqlite cannot be written"), open_ledger(reports):
            pass
        with open_ledger(reports, for_reading=True) as ledger:
            assert ledger.count() == 1
            assert "only the trials of runs whose folders are there are counted" in ledger.notices[0]
    with open_ledger(reports) as ledger:  # and the next one that can catches up
        assert (ledger.count(), ledger.notices) == (1, [])


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.add([made_up(1)])
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(OutputError, match="found 99, which a newer stratkit wrote"), open_ledger(tmp_path):
        pass


def test_looking_makes_no_ledger_where_no_run_is(tmp_path: Path) -> None:
    with open_ledger(tmp_path, for_reading=True) as ledger:
        assert trial_groups(ledger) == []
    with open_ledger(tmp_path / "nowhere", for_reading=True) as ledger:
        assert trial_groups(ledger) == []
    assert list(tmp_path.iterdir()) == []


def test_who_counts_nothing_says_so_once() -> None:
    said: list[str] = []
    nobody = NullLedger(said.append)
    assert nobody.pool(KEY, None, None) is None
    assert said == []
    assert nobody.add([made_up(1)]) == nobody.add([made_up(2)]) == 0
    assert said == [NOT_COUNTED]
    assert ledger_evidence(nobody, KEY, Judged(np.zeros(9), None, None, 252.0), 0) is None


def _enter(folder: Path, first: int, last: int, shared: int, together: int) -> None:
    with open_ledger(folder) as ledger:
        for number in range(first, last, together):
            ledger.add([made_up(one, bars=60) for one in range(number, number + together)])
            ledger.add([made_up(shared + number % 7, bars=60)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_two_processes_at_once_lose_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    forked = multiprocessing.get_context("fork")
    writers = [forked.Process(target=_enter, args=(tmp_path, start, start + 120, 10_000, 3)) for start in (0, 120)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    with open_ledger(tmp_path) as ledger:
        assert ledger.count() == 240 + 7  # those that both entered count once
        assert ledger.read(lambda c: c.execute("PRAGMA integrity_check").fetchall()) == [("ok",)]
        assert counted(ledger, KEY) == 247


def test_thousands_are_entered_in_a_moment(tmp_path: Path) -> None:
    trials = [made_up(number, with_returns=False) for number in range(2000)]
    with open_ledger(tmp_path) as ledger:
        begun = time.perf_counter()
        ledger.add(trials)
        seconds = time.perf_counter() - begun
    assert seconds < 4, "500 a second at least: forty times less than a quiet machine does"


def test_groups_are_found_by_strategy_file_class_and_symbol(tmp_path: Path) -> None:
    entries: list[LedgerEntry] = [
        made_up(1),
        made_up(2),
        made_up(3, key=own("books/own.py:Own", "1", "BETA")),
        made_up(4, key=LedgerKey(("buy_and_hold", "sma_cross"), ("buy_and_hold", "sma_cross"), ("ACME",))),
    ]
    with open_ledger(tmp_path) as ledger:
        ledger.add(entries)
        assert [len(group.trials) for group in trial_groups(ledger)] == [2, 1, 1]
        for strategy, found in (("sma_cross", 2), ("buy_and_hold", 1), ("Own", 1), ("own", 1), ("books/own.py", 1),
                                ("books/own.py:Own", 1), ("cross", 0)):  # fmt: skip
            assert len(trial_groups(ledger, strategy)) == found, strategy
        assert [group.symbols for group in trial_groups(ledger, symbol="BETA")] == [("BETA",)]
        assert trial_groups(ledger, "sma_cross", "BETA") == []


def test_the_best_of_a_group_is_judged_among_all(tmp_path: Path) -> None:
    trials = [made_up(number, edge=0.0003 * number) for number in range(9)]
    with open_ledger(tmp_path) as ledger:
        ledger.add(trials)
        (group,) = trial_groups(ledger)
    best = max(trials, key=lambda trial: trial.metrics["sharpe"])
    assert group.best is not None
    assert group.best.identity == best.identity
    assert group.evidence["trials"] == 9
    # the noise has a day each: 365 a year
    assert group.evidence["sharpe_ann"] == pytest.approx(best.metrics["sharpe"] * (365 / 252) ** 0.5)


def test_without_the_returns_of_the_best_its_luck_is_known_and_its_own_ratio_is_not(tmp_path: Path) -> None:
    trials = [made_up(number, edge=0.0003 * number, with_returns=False) for number in range(9)]
    whole = [made_up(number, edge=0.0003 * number) for number in range(9)]
    found: list[TrialGroup] = []
    for entries in (trials, whole):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        with open_ledger(folder) as ledger:
            ledger.add(entries)
            found.append(trial_groups(ledger)[0])
    without, with_returns = found
    assert without.best is not None
    assert with_returns.best is not None
    assert without.best.identity == with_returns.best.identity
    for name in ("trials", "effective_trials", "luck_sharpe_ann", "pbo", "same_bars"):
        assert without.evidence[name] == with_returns.evidence[name]
    for name in ("psr", "deflated_sharpe", "spa_p"):
        assert without.evidence[name] is None
        assert with_returns.evidence[name] is not None
        assert without.evidence["reasons"][name]


def test_a_group_without_any_finished_trial_has_its_number_and_no_more(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.add([stopped(1), stopped(2)])
        (group,) = trial_groups(ledger)
    assert (group.best, dict(group.evidence)) == (None, {"trials": 2})


def test_a_copied_folder_is_entered(make_run: MakeRun, tmp_path: Path) -> None:
    record = write_run(tmp_path / "elsewhere", "20240102-030409-dddddd", params={"fast": 9})
    make_run()
    with open_ledger(tmp_path / "reports") as ledger:
        assert ledger.count() == 1
    shutil.copytree(record.folder, tmp_path / "reports" / record.run_id)
    with open_ledger(tmp_path / "reports") as ledger:
        assert ledger.count() == 2
