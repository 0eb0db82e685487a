"""A manifest says what a run was made from, and nothing that differs between two equal runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from stratkit.runs.manifest import config_digest, data_digests, manifest, run_name, versions
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


def test_a_manifest_is_the_same_for_equal_runs() -> None:
    def make() -> dict[str, object]:
        return manifest(
            config={"seed": 1},
            data={"A": "x"},
            strategies={"s": None},
            engine_semantics=1,
            seed=1,
            command=["stratkit"],
        )

    assert make() == make()
    assert set(make()) == {
        "config_digest", "data_digests", "strategy_digests", "engine_semantics", "seed", "versions", "command",
    }  # fmt: skip


def test_versions_name_the_python_and_the_packages_that_move_numbers() -> None:
    found = versions()
    assert found["numpy"] == np.__version__
    assert found["python"].startswith("3.")


def test_time_and_memory_stand_in_the_system_record() -> None:
    record = system_record("r", START, {"load": 0.12345})
    assert record["started"] == "2024-05-06T07:08:09+00:00"
    assert record["seconds"] == {"load": 0.123}
    peak = peak_memory_mb()
    assert peak is None or 10 < peak < 100_000
