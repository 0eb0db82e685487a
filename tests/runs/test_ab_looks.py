"""Looks at experiments: what is the same experiment, and that no look is forgotten or counted twice."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ledger_trials import made_up

from stratkit.runs.ab_looks import AB_RECORD, ABLook, ab_test_names, arm_of_manifest, experiment_of, folder_look
from stratkit.runs.find import ESSENTIAL, run_names
from stratkit.runs.ledger import open_ledger
from stratkit.runs.ledger_table import ENTRIES, write_entries

MANIFEST: dict[str, Any] = {
    "config": {
        "data": {"path": "a.parquet", "symbols": ["ACME"], "start": "2020-01-01", "end": None},
        "strategies": {"trend": {"enabled": True, "type": "sma_cross", "params": {"fast": 5}, "description": "one"}},
        "costs": {"commission_bps": 1},
        "report": {"html": True},
    },
    "data_digests": {"ACME": "0" * 64},
}


def changed(*keys: str, value: Any) -> str:
    manifest = copy.deepcopy(MANIFEST)
    here = manifest
    for key in keys[:-1]:
        here = here[key]
    here[keys[-1]] = value
    return arm_of_manifest(manifest)


def test_other_dates_bars_words_and_reports_are_the_same_arm() -> None:
    same = arm_of_manifest(MANIFEST)
    config = ("config", "strategies", "trend")
    assert changed("config", "data", "start", value="2021-01-01") == same
    assert changed("config", "data", "path", value="b.parquet") == same
    assert changed("data_digests", value={"ACME": "1" * 64}) == same  # a day more
    assert changed("config", "report", value={"html": False}) == same
    assert changed(*config, "description", value="another") == same
    renamed = copy.deepcopy(MANIFEST)
    renamed["config"]["strategies"] = {"other": renamed["config"]["strategies"]["trend"]}
    assert arm_of_manifest(renamed) == same


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("config", "strategies", "trend", "params"), {"fast": 6}),
        (("config", "costs"), {"commission_bps": 2}),
        (("data_digests",), {"OTHER": "0" * 64}),
    ],
)
def test_other_parameters_costs_and_symbols_are_another_arm(keys: tuple[str, ...], value: Any) -> None:
    assert changed(*keys, value=value) != arm_of_manifest(MANIFEST)


def test_a_against_b_is_b_against_a() -> None:
    assert experiment_of(["a", "b"]) == experiment_of(["b", "a"])
    assert experiment_of(["a", "b"]) != experiment_of(["a", "a", "b"])


def test_looks_are_kept_once_each_in_their_order(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        for number in (2, 1, 1):
            ledger.add_look(ABLook(f"abtest-{number}", "e", f"answer {number}", f"2026-01-0{number}"))
        ledger.add_look(ABLook("abtest-3", "another", "answer"))
    with open_ledger(tmp_path) as ledger:
        assert [look.test_id for look in ledger.looks("e")] == ["abtest-1", "abtest-2"]
        assert ledger.looks("none") == []
        assert ledger.looks("another")[0].made[:2] == "20"  # now


def write_test(folder: Path, name: str, **record: Any) -> Path:
    path = folder / name
    path.mkdir()
    (path / AB_RECORD).write_text(json.dumps({"experiment": "e", "answer": "a", "made": "2026-01-01", **record}))
    write_entries(path / ENTRIES, [made_up(4, kind="abtest")])
    return path


def test_a_lost_ledger_knows_looks_and_trials_again_from_the_folders(tmp_path: Path) -> None:
    write_test(tmp_path, "abtest-20260101-000000-abcdef")
    with open_ledger(tmp_path, for_reading=True) as ledger:
        assert ledger.looks("e") == [ABLook("abtest-20260101-000000-abcdef", "e", "a", "2026-01-01")]
        assert [trial.kind for trial in ledger.trials(1)] == ["abtest"]
    with open_ledger(tmp_path) as ledger:
        assert (ledger.count(), len(ledger.looks("e"))) == (1, 1)


def test_a_damaged_test_is_said_and_hinders_nothing(tmp_path: Path) -> None:
    write_test(tmp_path, "abtest-one", experiment=7)
    with open_ledger(tmp_path) as ledger:
        assert "the A/B test abtest-one cannot be counted" in ledger.notices[0]
        assert ledger.count() == 0


def test_a_folder_of_a_test_is_no_run_whatever_is_in_it(tmp_path: Path) -> None:
    path = write_test(tmp_path, "abtest-one")
    for name in ESSENTIAL:
        (path / name).write_text("{}")
    assert run_names(tmp_path) == []
    assert ab_test_names(tmp_path) == ["abtest-one"]
    assert folder_look(path).experiment == "e"
    assert ab_test_names(tmp_path / "none") == []
