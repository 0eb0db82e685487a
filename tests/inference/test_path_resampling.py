"""Resampled paths: a plain twin, exact distributions where all cases can be counted, and bytes that nothing moves."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.errors import DataError, StratkitError, UsageError
from stratkit.inference.enumeration import all_block_resamples, block_cases
from stratkit.inference.path_resampling import circular_paths, every_path, resampled_rows, stationary_paths
from stratkit.inference.path_sample import KEPT_PATHS, PathSample, grid_of
from stratkit.inference.split_mix import path_keys, uniform_stream
from stratkit.inference.superior import stationary_variance
from stratkit.panel import FloatArray, IntArray
from stratkit.seeds import generator

HISTORY = generator(0, "history").standard_normal(250).cumsum() * 0.001 + 0.0004


def plain_rows(key: np.uint64, n: int, bars: int, mean_block: float) -> list[int]:
    numbers = uniform_stream(key, 0, bars)
    rows = [int(numbers[0] * n)]
    for number in numbers[1:]:
        renews = number < 1 / mean_block
        rows.append(int(number * (n / (1 / mean_block))) % n if renews else (rows[-1] + 1) % n)
    return rows


def plain_figures(returns: FloatArray, risk_free: float = 0.0) -> dict[str, float]:
    """What one path comes to, each figure by its own numpy line."""
    equity = np.concatenate(([1.0], np.cumprod(1 + returns)))
    peaks = np.maximum.accumulate(equity)
    last_peak = 0
    longest = 0
    for bar in range(1, len(equity)):
        if equity[bar] < peaks[bar]:
            longest = max(longest, bar - last_peak)
        else:
            longest = max(longest, bar - last_peak if bar - last_peak > 1 else 0)
            last_peak = bar
    return {
        "wealth": float(equity[-1]),
        "lowest": float(equity.min()),
        "max_drawdown": float((equity / peaks - 1).min()),
        "mean": float(returns.mean()),
        "sd": float(returns.std(ddof=1)),
        "downside": math.sqrt(float((np.minimum(returns - risk_free, 0) ** 2).mean())),
        "under_water": float(longest),
    }


def columns(sample: PathSample) -> dict[str, FloatArray]:
    return {name: np.asarray(getattr(sample, name)) for name in plain_figures(HISTORY)}


def drawn(seed: int = 0, **changed: Any) -> PathSample:
    asked: dict[str, Any] = {"paths": 60, "mean_block_bars": 7.0, "bars": 333, "more": True} | changed
    return stationary_paths(HISTORY, draw=generator(seed, "drawn"), **asked)


def test_rows_are_those_of_the_plain_twin() -> None:
    rows = resampled_rows(250, paths=20, bars=400, mean_block_bars=6.0, draw=generator(3, "rows"))
    for key, row in zip(path_keys(generator(3, "rows"), 20), rows, strict=True):
        assert row.tolist() == plain_rows(key, 250, 400, 6.0)


@pytest.mark.parametrize("risk_free", [0.0, 0.0003])
def test_every_figure_is_that_of_numpy_on_the_same_rows(risk_free: float) -> None:
    sample = drawn(risk_free=risk_free)
    rows = resampled_rows(250, paths=60, bars=333, mean_block_bars=7.0, draw=generator(0, "drawn"))
    expected = [plain_figures(HISTORY[row], risk_free) for row in rows]
    for name, found in columns(sample).items():
        np.testing.assert_allclose(found, [one[name] for one in expected], rtol=1e-10, atol=1e-13, err_msg=name)
    np.testing.assert_allclose(sample.sharpe, (sample.mean - risk_free) / sample.sd, rtol=1e-15)
    assert sample.sortino is not None
    np.testing.assert_allclose(sample.sortino, [(one["mean"] - risk_free) / one["downside"] for one in expected])
    np.testing.assert_allclose(sample.calmar(252.0), (sample.wealth ** (252 / 333) - 1) / -sample.max_drawdown)
    curves = np.array([np.concatenate(([1.0], np.cumprod(1 + HISTORY[row]))) for row in rows])
    np.testing.assert_allclose(sample.equity, curves[:, sample.steps], rtol=1e-12)
    assert (sample.steps[0], sample.steps[-1], len(sample.steps)) == (0, 333, 128)


def test_circular_blocks_are_whole_but_the_last_and_wrap_around() -> None:
    rows = resampled_rows(10, paths=500, bars=11, block_bars=4, draw=generator(0, "circular"))
    assert rows.shape == (500, 11)
    blocks = [rows[:, :4], rows[:, 4:8], rows[:, 8:]]
    for block in blocks:
        assert (np.diff(block, axis=1) % 10 == 1).all()
    assert set(np.unique(rows[:, 0])) == set(range(10))
    sample = circular_paths(HISTORY[:10], paths=500, bars=11, block_bars=4, draw=generator(0, "circular"))
    np.testing.assert_allclose(sample.wealth, np.prod(1 + HISTORY[rows], axis=1), rtol=1e-12)


def test_blocks_of_mean_length_one_are_independent_draws_of_all_rows() -> None:
    rows = resampled_rows(5, paths=20_000, bars=3, draw=generator(1, "independent"))
    counts = Counter(map(tuple, rows.tolist()))
    assert len(counts) == 125
    seen = np.array(list(counts.values()))
    assert ((seen - 160) ** 2 / 160).sum() < 178.0  # chi squared with 124 degrees, exceeded once in 1,000


def test_block_lengths_are_geometric() -> None:
    rows = resampled_rows(997, paths=2000, bars=300, mean_block_bars=5.0, draw=generator(2, "lengths"))
    goes_on = np.diff(rows, axis=1) % 997 == 1
    # a new block happens to begin at the next row once in n
    assert goes_on.mean() == pytest.approx(0.8 + 0.2 / 997, abs=4 * math.sqrt(0.16 / goes_on.size))
    both = (goes_on[:, 1:] & goes_on[:, :-1]).mean()
    assert both == pytest.approx(0.64, abs=0.004)


@pytest.mark.parametrize("mean_block", [1.0, 4.0, 20.0])
def test_means_vary_as_the_stationary_bootstrap_has_it_exactly(mean_block: float) -> None:
    sample = stationary_paths(HISTORY, paths=60_000, mean_block_bars=mean_block, draw=generator(0, "variance"))
    exact = float(stationary_variance(HISTORY[:, None], mean_block)[0]) / len(HISTORY)
    assert sample.mean.var() == pytest.approx(exact, rel=5 * math.sqrt(2 / 60_000))
    assert sample.mean.mean() == pytest.approx(HISTORY.mean(), abs=5 * math.sqrt(exact / 60_000))


def test_terminal_wealth_has_the_mean_that_independent_draws_must_have() -> None:
    sample = stationary_paths(HISTORY, paths=60_000, bars=50, mean_block_bars=1, draw=generator(4, "growth"))
    first, second = (1 + HISTORY).mean() ** 50, ((1 + HISTORY) ** 2).mean() ** 50
    assert sample.wealth.mean() == pytest.approx(first, abs=4 * math.sqrt((second - first**2) / 60_000))


@pytest.mark.parametrize(("block", "bars"), [(1, 4), (2, 4), (3, 5)])
def test_draws_agree_with_the_enumeration_of_every_case(block: int, bars: int) -> None:
    few = np.array([0.04, -0.09, 0.02, -0.03])
    exact = every_path(few, block_bars=block, bars=bars)
    assert exact.is_exact
    assert exact.paths == block_cases(4, bars, block)
    sample = circular_paths(few, block_bars=block, bars=bars, paths=40_000, draw=generator(block, "cases"))
    assert not sample.is_exact
    for name in ("wealth", "max_drawdown", "lowest", "mean"):
        whole, part = np.round(getattr(exact, name), 12), np.round(getattr(sample, name), 12)
        values, cases = np.unique(whole, return_counts=True)
        assert set(np.unique(part)) == set(values)
        share = np.array([(part == value).mean() for value in values])
        expected = cases / exact.paths
        error = np.sqrt(expected * (1 - expected) / sample.paths)
        assert (np.abs(share - expected) < 4.5 * error).all(), name


def test_every_resample_of_five_is_there_once() -> None:
    few = np.array([0.01, 0.02, -0.03, 0.04, -0.05])
    exact = every_path(few)
    assert exact.paths == 3125
    assert exact.mean.mean() == pytest.approx(few.mean(), abs=1e-15)
    assert exact.mean.var() == pytest.approx(few.var() / 5, rel=1e-12)
    assert exact.wealth.mean() == pytest.approx((1 + few).mean() ** 5, rel=1e-12)


@given(n=st.integers(1, 5), length=st.integers(1, 6), block=st.integers(1, 7))
def test_all_block_resamples_are_different_starts(n: int, length: int, block: int) -> None:
    rows: IntArray = all_block_resamples(n, length, block)
    assert len(rows) == block_cases(n, length, block)
    assert len({tuple(row[::block]) for row in rows.tolist()}) == len(rows)
    inside = np.arange(1, length) % block != 0
    assert (((rows[:, 1:] - rows[:, :-1]) % n == 1 % n) | ~inside).all()


@pytest.mark.parametrize("kind", ["stationary", "circular"])
def test_workers_chunks_and_further_paths_change_no_byte(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def sample(paths: int, workers: int) -> PathSample:
        draw = generator(9, "bytes")
        if kind == "stationary":
            return stationary_paths(HISTORY, paths=paths, mean_block_bars=3, draw=draw, more=True, workers=workers)
        return circular_paths(HISTORY, paths=paths, block_bars=3, draw=draw, more=True, workers=workers)

    whole = sample(300, 1)
    monkeypatch.setattr("stratkit.inference.path_chunks._STEPS_AT_ONCE", 250 * 7)
    for paths, workers in ((300, 1), (300, 2), (300, 3), (200, 2)):
        again = sample(paths, workers)
        for name, values in columns(again).items():
            assert values.tobytes() == columns(whole)[name][:paths].tobytes()
        assert again.equity.tobytes() == whole.equity[:paths].tobytes()


def test_another_seed_gives_other_paths() -> None:
    assert drawn(0).wealth.tobytes() == drawn(0).wealth.tobytes()
    assert not (drawn(0).wealth == drawn(1).wealth).any()


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_in_order_and_an_interrupt_ends_it(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratkit.inference.path_chunks._STEPS_AT_ONCE", 333 * 10)
    heard: list[tuple[int, int]] = []
    drawn(told=lambda done, total: heard.append((done, total)), workers=workers)
    assert heard == [(done, 60) for done in range(10, 70, 10)]

    def interrupt(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drawn(told=interrupt, workers=workers)


def test_wealth_that_is_lost_stays_lost() -> None:
    sample = stationary_paths([0.5, -1.5, 0.2], paths=200, bars=8, mean_block_bars=1, draw=generator(0, "lost"))
    lost = sample.wealth == 0
    assert lost.sum() > 100
    assert (sample.max_drawdown[lost] == -1).all()
    assert (sample.lowest[lost] == 0).all()
    assert (sample.wealth[~lost] >= 1.2).all()


def test_returns_that_do_not_vary_have_no_ratio() -> None:
    sample = stationary_paths([0.01] * 40, paths=5, mean_block_bars=2, draw=generator(0, "flat"), more=True)
    assert np.isnan(sample.sharpe).all()
    assert sample.sortino is not None
    assert np.isnan(sample.sortino).all()
    assert np.isnan(sample.calmar(252)).all()
    assert sample.under_water is not None
    assert not sample.under_water.any()


def test_what_was_not_asked_for_is_none_and_changes_nothing_else() -> None:
    plain, more = drawn(more=False), drawn()
    assert plain.downside is plain.under_water is plain.sortino is None
    assert plain.wealth.tobytes() == more.wealth.tobytes()


def test_the_grid_is_bounded_and_so_are_the_paths_whose_equity_is_kept() -> None:
    sample = stationary_paths(
        HISTORY, paths=KEPT_PATHS + 9, bars=4, mean_block_bars=2, draw=generator(0, "kept"), grid=3
    )
    assert sample.equity.shape == (KEPT_PATHS, 3)
    assert sample.steps.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(sample.equity[:, -1], sample.wealth[:KEPT_PATHS])
    assert sample.quantiles((0.1, 0.9)).shape == (2, 3)
    assert len(grid_of(10_000)) == 128


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mean_block_bars": 0.5}, "at least one bar; found 0.5"),
        ({"mean_block_bars": math.inf}, "mean length"),
        ({"paths": 0}, "found 0 paths"),
        ({"bars": 0}, "of 0 bars"),
    ],
)
def test_sizes_that_cannot_be_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        drawn(**changed)


@pytest.mark.parametrize(
    ("returns", "kind", "said"),
    [
        ([0.1, float("nan")], DataError, "1 are not"),
        ([0.1], DataError, "at least two returns"),
        ([[0.1, 0.2]], DataError, "shape"),
    ],
)
def test_returns_that_cannot_be_resampled_are_refused(
    returns: list[float], kind: type[StratkitError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        circular_paths(returns, paths=2, block_bars=1, draw=generator(0, "refused"))


def test_a_block_of_nothing_and_too_many_cases_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one bar long; found 0"):
        circular_paths(HISTORY, paths=2, block_bars=0, draw=generator(0, "refused"))
    with pytest.raises(UsageError, match=r"250\^250: draw them"):
        every_path(HISTORY)
