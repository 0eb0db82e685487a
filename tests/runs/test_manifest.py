"""A manifest says what a run was made from, and nothing that differs between two equal runs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.errors import StratkitError
from stratkit.runs.json_text import json_text
from stratkit.runs.manifest import (
    config_digest,
    data_digests,
    file_digest,
    manifest,
    output_digests,
    read_manifest,
    run_name,
    versions,
)
from stratkit.runs.system import peak_memory_mb, system_record

START = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
TIMES = np.arange(4) * 86_400_000_000_000
NAN = float("nan")


def digests(**columns: list[float]) -> dict[str, str]:
    panel = np.array(list(columns.values())).T
    return data_digests(TIMES, list(columns), [panel] * 5)


def test_run_names_sort_by_time_and_tell_runs_apart() -> None:
    first, later = run_name(START, "a"), run_name(START + timedelta(seconds=1), "a")
    assert first < later
    assert first.startswith("20240506-070809-")
    assert run_name(START, "b") != first == run_name(START, "a")


def test_a_symbols_digest_does_not_depend_on_its_neighbours() -> None:
    alone = digests(A=[1, 2, 3, 4])
    beside = digests(A=[1, 2, 3, 4], B=[5, NAN, 6, 7])
    assert beside["A"] == alone["A"] != beside["B"]


def test_a_symbols_digest_is_that_of_its_own_bars() -> None:
    with_gap = digests(A=[1, NAN, 3, 4])["A"]
    dense = np.array([[1.0], [3.0], [4.0]])
    assert data_digests(TIMES[[0, 2, 3]], ["A"], [dense] * 5)["A"] == with_gap
    assert data_digests(TIMES[[0, 1, 3]], ["A"], [dense] * 5)["A"] != with_gap


def test_one_changed_number_changes_the_digest() -> None:
    assert digests(A=[1, 2, 3, 4]) != digests(A=[1, 2, 3, 4.0000001])


def test_the_order_of_strategies_is_part_of_a_configuration() -> None:
    one, two = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert config_digest(one) == config_digest(dict(one)) != config_digest(two)


def make(**changed: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "config": {"seed": 1},
        "data": {"A": "x"},
        "bars": {"A": {"bars": 3}},
        "strategies": {"s": None},
        "sources": {"s": {"s.py": "y"}},
        "inputs": {},
        "engine_semantics": 1,
        "code": {"engine": "z"},
        "seed": 1,
        "packages": [],
        "command": ["stratkit"],
        "outputs": output_digests({"equity": {"equity": np.array([1.0, 2.0])}}),
    }
    return manifest(**{**given, **changed})


def test_a_manifest_is_the_same_for_equal_runs() -> None:
    assert make() == make()
    assert set(make()) == {
        "manifest_version", "config", "config_digest", "data_digests", "bars", "strategy_digests", "strategy_files",
        "inputs", "engine_semantics", "kernel_source", "seed", "versions", "command", "outputs",
    }  # fmt: skip
    assert make()["outputs"]["equity"]["rows"] == 2


def test_what_came_out_is_part_of_a_manifest() -> None:
    other = output_digests({"equity": {"equity": np.array([1.0, np.nextafter(2.0, 3)])}})
    assert make(outputs=other)["outputs"] != make()["outputs"]


def test_a_manifest_is_read_back_and_an_older_one_completed(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json_text(make()), "utf-8")
    assert read_manifest(path) == make()
    path.write_text(json_text({"data_digests": {"A": "x"}, "engine_semantics": 1}), "utf-8")
    older = read_manifest(path)
    assert (older["manifest_version"], older["outputs"], older["config"]) == (1, {}, {})


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"manifest_version": 3}', "a newer stratkit wrote it"),
        ('{"manifest_version": "two"}', "a newer stratkit wrote it"),
        ("{}", "it is damaged, or no manifest of a run"),
        ('{"data_di', "must be JSON"),
    ],
)
def test_a_manifest_that_is_none_is_refused(text: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(StratkitError, match=error):
        read_manifest(path)


def test_a_folder_has_a_digest_of_the_names_and_bytes_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    (folder / "deep").mkdir(parents=True)
    (folder / "a").write_bytes(b"1")
    (folder / "deep/b").write_bytes(b"2")
    before = file_digest(folder)
    assert file_digest(folder) == before
    assert file_digest(folder / "a") == hashlib.sha256(b"1").hexdigest()
    (folder / "deep/b").rename(folder / "deep/c")
    assert file_digest(folder) != before


def test_versions_name_the_python_and_the_packages_that_move_numbers() -> None:
    found = versions()
    assert found["numpy"] == np.__version__
    assert found["python"].startswith("3.")


def test_versions_name_what_a_strategy_imports_by_its_package() -> None:
    found = versions(["ruamel", "no_such_module"])
    assert found["ruamel.yaml"][0].isdigit()
    assert found["no_such_module"] == "not installed"


def test_time_and_memory_stand_in_the_system_record() -> None:
    record = system_record("r", START, {"load": 0.12345})
    assert record["started"] == "2024-05-06T07:08:09+00:00"
    assert record["seconds"] == {"load": 0.123}
    assert record["processor"] is not None
    assert "working_directory" not in record
    placed = system_record("r", START, {}, Path("reports/r"))
    assert (placed["working_directory"], placed["working_directory_from_run"]) == (str(Path.cwd()), "../..")
    peak = peak_memory_mb()
    assert peak is None or 10 < peak < 100_000
