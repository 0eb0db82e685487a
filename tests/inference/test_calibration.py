"""The tests keep the size that they claim: a reduced set of `benchmarks/calibration.py`, and what would break it."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.inference.block_length import circular_block_length
from stratkit.inference.measured_size import CORRELATIONS, KEPT_SIZE, SIZES, keeps_size, measured_size
from stratkit.inference.smooth_metrics import smooth_metric
from stratkit.inference.studentized_bootstrap import StudentizedBootstrap, influence, studentized_difference
from stratkit.panel import FloatArray
from stratkit.seeds import generator

SHARPE = smooth_metric("sharpe")
PAIRS = 400
# three standard errors of a rate of .05 in 400 pairs: .05 +- 3 sqrt(.05 x .95/400)
LOW, HIGH = 0.017, 0.083


@pytest.fixture(scope="module")
def calibration(checkout: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout / "benchmarks"))
        yield import_module("calibration")


@pytest.fixture(scope="module")
def worlds(calibration: Any) -> Any:
    return sys.modules["null_worlds"]


def asked(series: FloatArray, seed: int, **changed: Any) -> StudentizedBootstrap:
    """The primary test of series (n, 2), its block by its rule."""
    x, y = (np.column_stack([each, each**2]) for each in series.T)
    block = circular_block_length(influence(x, y, SHARPE))
    metric = replace(SHARPE, **changed)
    return studentized_difference(x, y, metric, block=block, reps=199, draw=generator(seed, "calibrated"))


@pytest.mark.parametrize("world", ["iid normal", "AR(1) .1", "GARCH(1,1)", "Student t(5)"])
def test_the_primary_test_of_the_command_keeps_its_size(world: str, calibration: Any) -> None:
    cell = calibration.Cell(calibration.Truth(world, 120), ("primary",), PAIRS)
    assert LOW <= calibration.rejections(cell, range(PAIRS), 0)["primary"] / PAIRS <= HIGH


def test_resamples_that_are_not_studentized_would_break_the_bound(worlds: Any) -> None:
    rejected = np.zeros(2)
    for seed, series in enumerate(worlds.noise(worlds.WORLDS["AR(1) .7"], 250, range(PAIRS), 2, 0)):
        found = asked(series + 0.06, seed)
        plain = np.count_nonzero(np.abs(found.drawn - found.difference) >= abs(found.difference))
        rejected += [float(p <= 0.05) for p in (found.p_value, (1 + plain) / 200)]
    studentized, unstudentized = rejected / PAIRS
    assert LOW <= studentized <= HIGH
    assert unstudentized > HIGH


def test_a_standard_error_with_a_sign_error_would_break_the_bound(worlds: Any) -> None:
    # the sign of the derivative by the second moment, wrong in a public port; Sharpe ratios of .5 a period show it
    def turned(means: FloatArray) -> FloatArray:
        return np.asarray(SHARPE.gradient(means) * np.array([1.0, -1.0]))

    rejected = np.zeros(2)
    for seed, series in enumerate(worlds.noise(worlds.IID, 120, range(PAIRS), 2, 0)):
        rejected += [asked(series + 0.5, seed, **by).p_value <= 0.05 for by in ({}, {"gradient": turned})]
    right, wrong = rejected / PAIRS
    assert LOW <= right <= HIGH
    assert wrong < LOW


def test_the_series_are_what_their_world_says(worlds: Any) -> None:
    for name, world in worlds.WORLDS.items():
        series = worlds.noise(world, 1000, range(40), 3, 0)
        flat = series.reshape(-1, 3)
        assert flat.mean(axis=0) == pytest.approx(0, abs=0.05), name
        assert flat.var(axis=0) == pytest.approx(1, abs=0.1), name
        assert np.corrcoef(flat.T)[0, 1:] == pytest.approx(0.5, abs=0.04), name
        first = np.mean(series[:, 1:] * series[:, :-1], axis=(0, 1))
        assert first == pytest.approx(world.rho, abs=0.05), name
        squares = series**2 - 1
        clustered = float(np.mean(squares[:, 1:] * squares[:, :-1]) / np.mean(squares**2))
        assert (clustered > 0.1) == (world.is_garch or abs(world.rho) > 0.3), name
        heavy = float(np.mean(flat**4))
        assert (heavy > 3.3) == (not world.is_normal), name


def test_the_first_two_series_do_not_depend_on_how_many_are_drawn_nor_on_the_other_pairs(worlds: Any) -> None:
    for world in worlds.MAIN:
        many = worlds.noise(world, 50, range(4), 20, 0)
        np.testing.assert_array_equal(worlds.noise(world, 50, range(2, 4), 2, 0), many[2:, :, :2])


def test_every_test_of_a_cell_is_asked_and_one_process_counts_what_two_count(calibration: Any) -> None:
    gap = calibration.Truth("iid normal", 60, gap=8.0)
    cells = (
        calibration.Cell(gap, calibration.PAIR_TESTS, 40),
        calibration.Cell(gap, calibration.SLOW_TESTS, 3),
        calibration.Cell(calibration.Truth("AR(1) .3", 250), ("bars",), 3),
    )
    alone = calibration.rates(cells, 0, 1, tell=False)
    assert alone == calibration.rates(cells, 0, 2, tell=False)
    found = {(each.truth.world, each.test): each.rate for each in alone}
    assert set(found) == {("iid normal", test) for test in (*calibration.PAIR_TESTS, *calibration.SLOW_TESTS)} | {
        ("AR(1) .3", "bars")
    }
    planted = [rate for (world, test), rate in found.items() if world == "iid normal" and test != "bars"]
    assert min(planted) > 0.8  # a gap of 8 a year is found by all in a quarter
    assert found["AR(1) .3", "bars"] > found["iid normal", "bars"]


def rates(calibration: Any, iid: float, related: float, power: float, pairs: int = 4000) -> list[Any]:
    truths = [calibration.Truth("iid normal", 1000), calibration.Truth("AR(1) .1", 1000)]
    truths.append(calibration.Truth("iid normal", 1000, gap=1.0))
    return [
        calibration.Rate(truth, "primary", pairs, round(rate * pairs))
        for truth, rate in zip(truths, (iid, related, power), strict=True)
    ]


def test_the_limits_are_those_that_are_promised(calibration: Any) -> None:
    def kept(iid: float, related: float, power: float, pairs: int = 4000) -> list[bool]:
        return [held for held, _ in calibration.limits(rates(calibration, iid, related, power, pairs))]

    assert kept(0.04, 0.035, 0.5) == [True, True, True]
    assert kept(0.06, 0.065, 0.55) == [True, True, True]
    assert kept(0.0398, 0.0348, 0.45) == [False, False, False]
    assert kept(0.0602, 0.0652, 0.6) == [False, False, False]
    assert kept(0.07, 0.07, 0.5, pairs=200) == [True, True, True]
    assert kept(0.12, 0.12, 0.2, pairs=200) == [False, False, False]


def test_the_command_leaves_with_1_when_a_limit_is_broken(
    calibration: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "cells.json"
    for iid, code in ((0.05, 0), (0.07, 1)):
        made = rates(calibration, iid, 0.05, 0.51)
        monkeypatch.setattr(calibration, "rates", lambda *_, made=made: made)
        monkeypatch.setattr(sys, "argv", ["calibration.py", "--json", str(out)])
        with pytest.raises(SystemExit) as left:
            calibration.main()
        assert left.value.code == code
        written = json.loads(out.read_text("utf-8"))
        assert [limit["kept"] for limit in written["limits"]] == [not code, True, True]
        assert written["cells"][0]["rate"] == iid
    assert "MISSED" in capsys.readouterr().out


def test_the_page_shows_the_sizes_that_the_command_warns_by(checkout: Path) -> None:
    page = (checkout / "docs/calibration.md").read_text("utf-8").split("### Size of all tests")[0]
    rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    lengths = [int(cell.removeprefix("n = ").replace(",", "")) for cell in rows[0][1:]]
    names = {0.0: "iid normal"}
    for place, rho in enumerate(CORRELATIONS):
        name = names.get(rho, f"AR(1) {rho:.1f}".replace("0.", "."))
        row = next(row for row in rows if row[0] == name)
        shown = {n: cell for n, cell in zip(lengths, row[1:], strict=True) if n in SIZES}
        assert shown == {n: shown_size(SIZES[n][place]) for n in SIZES}, name


def shown_size(rate: float) -> str:
    return f"{100 * rate:.1f} ± {100 * math.sqrt(rate * (1 - rate) / 4000):.1f}"


def test_the_acceptance_holds_in_what_was_measured() -> None:
    assert 0.040 <= measured_size(1000, 0.0) <= 0.060
    assert 0.035 <= measured_size(1000, 0.1) <= 0.065


def test_sizes_between_those_that_were_measured_lie_between_them() -> None:
    n = sorted(SIZES)[1]
    row = SIZES[n]
    assert [measured_size(n, rho) for rho in CORRELATIONS] == pytest.approx(list(row))
    middle = (CORRELATIONS[-1] + CORRELATIONS[-2]) / 2
    assert measured_size(n, middle) == pytest.approx((row[-1] + row[-2]) / 2)
    assert measured_size(n + 1, 0.0) == measured_size(n, 0.0)
    assert measured_size(n - 1, 0.0) == measured_size(min(SIZES), 0.0)
    assert math.isnan(measured_size(min(SIZES) - 1, 0.0))
    assert math.isnan(measured_size(n, CORRELATIONS[-1] + 0.01))
    assert math.isnan(measured_size(n, CORRELATIONS[0] - 0.01))


def test_a_size_is_kept_within_its_bounds_only() -> None:
    low, high = KEPT_SIZE
    assert [keeps_size(size) for size in (low - 1e-9, low, high, high + 1e-9, math.nan)] == [
        False, True, True, False, False,
    ]  # fmt: skip
