"""Runs are found by what they are: strategy, symbol, date, tags, metrics, parameters, configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import write_run

from stratkit.errors import UsageError
from stratkit.runs.query import RunRow, Selection, select_runs
from stratkit.runs.remarks import Remarks, write_remarks
from stratkit.runs.store import RunStore, open_store

A, B, C = "20240101-000000-aaaaaa", "20240102-000000-bbbbbb", "20240103-000000-cccccc"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    folder: Path = tmp_path_factory.mktemp("reports")
    write_run(folder, A, sharpe=0.5, params={"fast": 5, "slow": 50}, metrics={"max_drawdown": -0.3})
    write_run(folder, B, sharpe=1.5, params={"fast": 10, "slow": 50}, digests={"BTC/USD": "ff", "ACME": "ab"})
    config = {"strategies": {"mine": {"type": "own.py:Mine", "params": {"risk": 0.1}}},
              "costs": {"commission_bps": 3.0}, "account": {"allow_short": True}}  # fmt: skip
    record = write_run(folder, C, sharpe=None, strategy="mine", config=config, bars=30)
    write_remarks(record.folder, Remarks(("good", "live"), "watch"))
    with open_store(folder) as store:
        yield store


def found(opened: RunStore, **asked: object) -> list[str]:
    return [row.run_id[-1] for row in rows(opened, **asked)]


def rows(opened: RunStore, **asked: object) -> list[RunRow]:
    return opened.read(lambda connection: select_runs(connection, Selection(**asked)))  # type: ignore[arg-type]  # options of the tests


def test_all_runs_come_newest_first(opened: RunStore) -> None:
    assert found(opened) == ["c", "b", "a"]
    assert found(opened, reverse=True) == ["a", "b", "c"]


def test_a_row_tells_what_the_run_was(opened: RunStore) -> None:
    row = rows(opened, strategy="mine")[0]
    assert (row.run_id, row.state, row.problem, row.implementation) == (C, "whole", None, "own.py:Mine")
    assert (row.params, row.symbols, row.bars, row.trades) == ({"risk": 0.1}, ("ACME",), 30, 2)
    assert (row.tags, row.note, row.metrics["sharpe"], row.metrics["ann_vol"]) == (("good", "live"), "watch", None, 0.2)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"strategy": "sma_cross"}, "ba"),
        ({"strategy": "own.py:Mine"}, "c"),
        ({"symbol": "BTC/USD"}, "b"),
        ({"symbol": "ACME"}, "cba"),
        ({"since": "2024-01-02"}, "cb"),
        ({"since": "2024-01-02T00:00:01"}, "c"),
        ({"tags": ("good",)}, "c"),
        ({"tags": ("good", "live")}, "c"),
        ({"where": ("sharpe>1",)}, "b"),
        ({"where": ("sharpe >= 0.5",)}, "ba"),
        ({"where": ("sharpe<1.5",)}, "a"),
        ({"where": ("sharpe>0 and max_drawdown>-20%",)}, "b"),
        ({"where": ("sharpe>0, max_drawdown>-20%",)}, "b"),
        ({"where": ("sharpe>0", "max_drawdown<-0.2")}, "a"),
        ({"where": ("params.fast=10",)}, "b"),
        ({"where": ("params.fast!=10",)}, "a"),
        ({"where": ("costs.commission_bps==3",)}, "c"),
        ({"where": ("account.allow_short=true",)}, "c"),
        ({"where": ("bars>20",)}, "c"),
        ({"where": ("strategy=mine",)}, "c"),
        ({"where": ("state=whole",)}, "cba"),
        ({"where": ("started>=2024-01-03",)}, "c"),
        ({"where": ("sharpe>99",)}, ""),
        ({"sort": "sharpe"}, "bac"),
        ({"sort": "sharpe", "reverse": True}, "abc"),
        ({"sort": "max_drawdown"}, "cba"),
        ({"sort": "params.fast"}, "bac"),
        ({"sort": "costs.commission_bps"}, "cba"),
        ({"sort": "strategy"}, "cba"),
        ({"sort": "strategy", "reverse": True}, "bac"),
        ({"sort": "run"}, "abc"),
    ],
)
def test_a_selection_finds(asked: dict[str, object], expected: str, opened: RunStore) -> None:
    assert "".join(found(opened, **asked)) == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"strategy": "sma_cros"}, "no run has the strategy 'sma_cros'; did you mean 'sma_cross'?"),
        ({"symbol": "ACM"}, "no run has the symbol 'ACM'; did you mean 'ACME'?"),
        ({"tags": ("goood",)}, "no run has the tag 'goood'; did you mean 'good'?"),
        ({"where": ("sharp>1",)}, "no metric, column or key 'sharp'; did you mean 'sharpe'?"),
        ({"where": ("params.fats>1",)}, "did you mean 'params.fast'?"),
        ({"where": ("costs.comission_bps>1",)}, "did you mean 'costs.commission_bps'?"),
        ({"sort": "zzz"}, "no metric, column or key 'zzz'; metrics are "),
        ({"where": ("sharpe",)}, "a condition must be NAME.*as in sharpe>1; found 'sharpe'"),
        ({"where": ("sharpe>",)}, "a condition must be NAME"),
        ({"where": ("sharpe>high",)}, "sharpe must be compared with a number; found 'high'"),
        ({"where": ("sharpe>1; DROP TABLE tags",)}, "must be compared with a number"),
        ({"since": "yesterday"}, "--since must be an ISO date"),
    ],
)
def test_what_cannot_be_asked_is_said_with_the_nearest_name(
    asked: dict[str, object], said: str, opened: RunStore
) -> None:
    with pytest.raises(UsageError, match=said):
        rows(opened, **asked)


def test_without_runs_every_question_has_no_answer(tmp_path: Path) -> None:
    with open_store(tmp_path) as empty:
        assert rows(empty, strategy="any", where=("sharpe>1",)) == []
