"""Trials of a search on the screen: those that were stopped early are told from those that have a best."""

from __future__ import annotations

from pathlib import Path

from command_line import Stratkit
from ledger_trials import made_up, own, stopped

from stratkit.runs.ledger import open_ledger


def test_groups_of_searches_say_who_made_them_and_what_is_not_known(stratkit: Stratkit, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    with open_ledger(folder) as ledger:
        ledger.add([made_up(number, edge=0.0001 * number) for number in range(12)])
        ledger.add([made_up(50, kind="walkforward"), made_up(51, kind="abtest"), made_up(52, kind="backtest")])
        ledger.add([stopped(90)])
        ledger.add([made_up(60, key=own("own.py:A", "1"), with_returns=False), made_up(61, key=own("own.py:A", "1"))])
    done = stratkit("runs", "ledger")
    assert done.code == 0, done.err
    words = " ".join(done.out.split())
    for part in (
        "13 by optimize",
        "1 by walkforward",
        "1 by abtest",
        "1 by hand",
        "sma_cross ACME 16",
        "own.py:A ACME 2",
    ):
        assert part in words
    assert all(len(line) <= 100 for line in done.out.splitlines())
    one = stratkit("runs", "ledger", "--strategy", "sma_cross", "--limit", "3")
    assert one.code == 0, one.err
    assert "3 of 16; --limit 16 shows all" in one.out
    assert "of 15 trials as good against cash" in " ".join(one.out.split())


def test_a_group_of_stopped_trials_only_is_listed(stratkit: Stratkit, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    with open_ledger(folder) as ledger:
        ledger.add([stopped(1), stopped(2)])
    assert stratkit("runs", "ledger").out.splitlines()[1].split()[:8] == [
        "sma_cross", "ACME", "2", "n/a", "n/a", "n/a", "n/a", "n/a"
    ]  # fmt: skip
    one = stratkit("runs", "ledger", "--strategy", "sma_cross")
    assert one.code == 0, one.err
    assert one.out.startswith("sma_cross on ACME: 2 trials (effective n/a)")
