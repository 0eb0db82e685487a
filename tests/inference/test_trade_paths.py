"""Shuffled and resampled trades: invariants, plain twins, and every order where there are few."""

from __future__ import annotations

import math
from itertools import groupby, permutations
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stratkit.errors import DataError, StratkitError, UsageError
from stratkit.inference.enumeration import all_orders
from stratkit.inference.trade_paths import (
    TradeMode,
    TradeSample,
    TradeValues,
    observed_trades,
    resampled_trades,
    trade_paths,
)
from stratkit.panel import FloatArray
from stratkit.seeds import generator

RETURNS = generator(0, "trades").standard_normal(40) * 0.03 + 0.004
MONEY = np.round(RETURNS * 10_000, 2)
FIGURES = ("final", "lowest", "max_drawdown", "max_drawdown_money", "losing_streak")


def plain_figures(outcomes: FloatArray, values: TradeValues, capital: float) -> dict[str, float]:
    steps = np.cumprod(1 + outcomes) * capital if values == "returns" else capital + np.cumsum(outcomes)
    equity = np.concatenate(([capital], steps))
    peaks = np.maximum.accumulate(equity)
    return {
        "final": float(equity[-1]),
        "lowest": float(equity.min()),
        "max_drawdown": float((equity / peaks - 1).min()),
        "max_drawdown_money": float((equity - peaks).min()),
        "losing_streak": max([len(list(run)) for lost, run in groupby(outcomes < 0) if lost], default=0),
    }


def asked(outcomes: FloatArray, name: str = "asked", **changed: Any) -> TradeSample:
    options: dict[str, Any] = {"mode": "shuffle", "values": "returns", "paths": 200} | changed
    return trade_paths(outcomes, draw=generator(0, name), **options)


@pytest.mark.parametrize("mode", get_args(TradeMode))
@pytest.mark.parametrize("values", get_args(TradeValues))
def test_every_figure_is_that_of_numpy_on_the_same_trades(mode: TradeMode, values: TradeValues) -> None:
    outcomes = RETURNS if values == "returns" else MONEY
    sample = asked(outcomes, mode=mode, values=values, capital=2500.0)
    rows = resampled_trades(40, mode=mode, paths=200, draw=generator(0, "asked"))
    expected = [plain_figures(outcomes[row], values, 2500.0) for row in rows]
    for name in FIGURES:
        found = [one[name] for one in expected]
        np.testing.assert_allclose(getattr(sample, name), found, rtol=1e-12, atol=1e-9, err_msg=name)
    assert sample.steps.tolist() == list(range(41))
    first = outcomes[rows[:, 0]]
    np.testing.assert_allclose(sample.equity[:, 1], 1 + first if values == "returns" else 1 + first / 2500)
    np.testing.assert_allclose(sample.equity[:, -1], sample.final / 2500)


@given(
    outcomes=arrays(np.float64, st.integers(1, 30), elements=st.floats(-0.9, 2.0)),
    values=st.sampled_from(get_args(TradeValues)),
    seed=st.integers(0, 100),
)
def test_a_shuffle_leaves_the_final_equity_as_it_is(outcomes: FloatArray, values: TradeValues, seed: int) -> None:
    sample = asked(outcomes, f"seed {seed}", values=values, paths=20, capital=50.0, exact_when_small=False)
    real = observed_trades(outcomes, values=values, capital=50.0)
    np.testing.assert_allclose(sample.final, real.final[0], rtol=1e-10)
    assert (sample.lowest <= 50.0).all()
    assert (sample.max_drawdown_money <= 0).all()
    assert (sample.losing_streak <= (outcomes < 0).sum()).all()


def test_a_hand_worked_path() -> None:
    sample = observed_trades([100.0, -30.0, -20.0, 0.0, -10.0, 60.0], values="money", capital=200.0)
    assert (sample.final[0], sample.lowest[0], sample.max_drawdown_money[0]) == (300.0, 200.0, -60.0)
    assert sample.max_drawdown[0] == pytest.approx(-60 / 300)
    assert sample.losing_streak[0] == 2  # the trade of zero ends it
    assert sample.equity[0].tolist() == [1.0, 1.5, 1.35, 1.25, 1.25, 1.2, 1.5]
    assert sample.quantiles((0.5,))[0].tolist() == sample.equity[0].tolist()


@pytest.mark.parametrize("n", [1, 2, 3, 6, 7])
def test_all_orders_of_up_to_seven_trades_are_played_once(n: int) -> None:
    outcomes = RETURNS[:n]
    sample = asked(outcomes, paths=3)
    assert sample.is_exact
    assert sample.paths == math.factorial(n)
    assert {tuple(row) for row in all_orders(n).tolist()} == set(permutations(range(n)))
    expected = [plain_figures(np.array(order), "returns", 1.0)["max_drawdown"] for order in permutations(outcomes)]
    np.testing.assert_allclose(sample.max_drawdown, expected, atol=1e-14)


def test_all_resamples_of_up_to_five_trades_are_played_once() -> None:
    sample = asked(MONEY[:5], mode="resample", values="money", paths=3, capital=1000.0)
    assert sample.is_exact
    assert sample.paths == 3125
    assert sample.final.mean() == pytest.approx(1000 + 5 * MONEY[:5].mean(), rel=1e-12)
    assert sample.final.var() == pytest.approx(5 * MONEY[:5].var(), rel=1e-12)
    assert not asked(MONEY[:6], mode="resample", values="money", paths=3).is_exact
    assert not asked(MONEY[:8], values="money", paths=3).is_exact


@pytest.mark.parametrize("mode", get_args(TradeMode))
def test_draws_agree_with_the_enumeration(mode: TradeMode) -> None:
    outcomes = np.array([0.10, -0.20, 0.05, -0.08, 0.30])
    exact = asked(outcomes, mode=mode)
    sample = asked(outcomes, mode=mode, paths=60_000, exact_when_small=False)
    assert (exact.is_exact, sample.is_exact) == (True, False)
    for name in ("max_drawdown", "losing_streak", "lowest"):
        whole, part = np.round(getattr(exact, name), 10), np.round(getattr(sample, name), 10)
        values, cases = np.unique(whole, return_counts=True)
        share = np.array([(part == value).mean() for value in values])
        expected = cases / exact.paths
        assert share.sum() == pytest.approx(1.0)
        assert (np.abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / 60_000) + 1e-12).all(), name


def test_every_order_is_equally_likely() -> None:
    rows = resampled_trades(5, mode="shuffle", paths=60_000, draw=generator(0, "orders"))
    counts = np.unique(rows, axis=0, return_counts=True)[1]
    assert len(counts) == 120
    assert ((counts - 500) ** 2 / 500).sum() < 172.4  # chi squared with 119 degrees, exceeded once in 1,000


def test_workers_and_further_paths_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = asked(RETURNS)
    monkeypatch.setattr("stratkit.inference.path_chunks._STEPS_AT_ONCE", 40 * 9)
    heard: list[int] = []
    again = asked(RETURNS, workers=2, told=lambda done, _: heard.append(done))
    assert (heard[0], heard[-1]) == (9, 200)
    for name in (*FIGURES, "equity"):
        assert getattr(again, name).tobytes() == getattr(whole, name).tobytes()
    assert asked(RETURNS, paths=50).final.tobytes() == whole.final[:50].tobytes()
    assert asked(RETURNS, "other").max_drawdown.tobytes() != whole.max_drawdown.tobytes()


def test_returns_that_lose_all_stay_at_zero_and_money_goes_below() -> None:
    lost = observed_trades([0.5, -1.2, 0.5], values="returns", capital=100.0)
    assert (lost.final[0], lost.max_drawdown[0]) == (0.0, -1.0)
    owed = observed_trades([50.0, -180.0, 50.0], values="money", capital=100.0)
    assert (owed.final[0], owed.lowest[0]) == (20.0, -30.0)
    assert owed.max_drawdown[0] == pytest.approx(-1.2)


@pytest.mark.parametrize(
    ("outcomes", "changed", "kind", "said"),
    [
        ([], {}, UsageError, "at least one closed trade"),
        ([0.1, math.nan], {}, DataError, "1 are not"),
        ([0.1], {"paths": 0}, UsageError, "found 0"),
        ([0.1], {"capital": 0.0}, UsageError, "positive sum"),
    ],
)
def test_what_cannot_be_played_is_refused(
    outcomes: list[float], changed: dict[str, Any], kind: type[StratkitError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        asked(np.array(outcomes), **changed)


def test_too_many_orders_are_refused() -> None:
    with pytest.raises(UsageError, match="found 9: draw them"):
        all_orders(9)
