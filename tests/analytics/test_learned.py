"""Claims, bands of quality, refusals and steps over time, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stratkit.analytics.claims import CLAIMS, TOO_FEW, check_claims, check_selector
from stratkit.analytics.earned import ClosedTrades, Earned
from stratkit.analytics.kept_away import kept_away
from stratkit.analytics.learned_times import health_steps, weight_steps
from stratkit.analytics.quality_bands import quality_bands


def closed(r: Any) -> ClosedTrades:
    """Trades with given R, each worth a hundredth of it."""
    multiple = np.asarray(r, np.float64)
    return ClosedTrades(multiple * 10.0, multiple, multiple / 100.0)


def earned(trades: ClosedTrades) -> Earned:
    return trades.earned(np.ones(len(trades.pnl), np.bool_))


def no_trades() -> tuple[np.ndarray, ClosedTrades]:
    return np.zeros(0, np.int64), closed([])


def verdict(wins: int, losses: int, win_r: float) -> str:
    """The verdict on `scalp`, of which 1.5 and 60 % are claimed."""
    trades = closed([win_r] * wins + [-1.0] * losses)
    (row,) = check_claims(("scalp",), np.zeros(wins + losses, np.int64), trades, *no_trades())
    return row.verdict


def test_what_trades_earned_by_hand() -> None:
    # mean 1/3, sd sqrt(7/3 x ...): deviations 2/3, -4/3, 2/3 -> variance 24/9/2 = 4/3, error sqrt(4/9)
    trades = ClosedTrades(np.array([5.0, -1.0, 0.0, 9.0]), np.array([1.0, -1.0, np.nan, 1.0]), np.array([2.0, 0, 0, 2]))
    found = earned(trades)
    assert (found.trades, found.wins, found.with_r) == (4, 2, 3)
    assert (found.mean_r, found.r_error) == pytest.approx((1 / 3, 2 / 3))
    assert (found.mean_return, found.return_error) == pytest.approx((1.0, math.sqrt(4 / 3 / 4)))


def test_the_claims_hang_together() -> None:
    # the mean R of the default profile and of the claims is what its own two figures give: .45 x 5 - .55
    assert CLAIMS["ultra_aggressive"].mean_r == pytest.approx(1.70)


@pytest.mark.parametrize(
    ("wins", "losses", "win_r", "said"),
    [
        (12, 8, 1.5, "within"),
        (12, 7, 1.5, TOO_FEW),
        (2, 18, 1.5, "below the claim"),  # Wilson of 2 of 20 ends at .30
        (18, 2, 1.5, "above the claim"),  # and of 18 of 20 begins at .70
        (18, 2, 0.5, "one below, one above"),
        (20, 0, 1.5, TOO_FEW),  # no loss to divide by
    ],
)
def test_a_claim_is_judged(wins: int, losses: int, win_r: float, said: str) -> None:
    assert verdict(wins, losses, win_r) == said


def test_only_the_profiles_own_trades_count_and_the_shadow_stands_apart() -> None:
    code = np.array([0, 0, 1, -1])
    row, other = check_claims(
        ("scalp", "moderate"), code, closed([1, -1, 5, 9]), np.array([1, 1, -1]), closed([2, 4, 8])
    )
    assert (row.earned.trades, row.shadow.trades) == (2, 0)
    assert (other.earned.mean_r, other.shadow.mean_r) == (5.0, 3.0)


@pytest.mark.parametrize(("mean", "said"), [(1.8, "within"), (0.5, "below the claim"), (3.0, "above the claim")])
def test_the_selector_is_held_to_its_own_claim(mean: float, said: str) -> None:
    trades = closed([mean - 0.1, mean + 0.1] * 10)
    assert check_selector(np.zeros(20, np.int64), trades).verdict == said
    assert check_selector(np.full(20, -1), trades).verdict == TOO_FEW  # nothing was chosen


def test_bands_never_part_equal_qualities() -> None:
    quality = np.repeat([0.5, 0.1, np.nan, 0.3], [15, 45, 7, 20])
    found = quality_bands(quality, closed(np.arange(87.0)), np.arange(87) < 15)
    # 80 trades judged, 4 bands of 20: 45 at .1, 20 at .3, and the 15 that are left
    assert [(one.low, one.high, one.earned.trades, one.shadow) for one in found.bands] == [
        (0.1, 0.1, 45, 0), (0.3, 0.3, 20, 0), (0.5, 0.5, 15, 15),
    ]  # fmt: skip
    assert found.bands[2].earned.mean_r == pytest.approx(7.0)  # 0 .. 14


def test_a_rest_that_is_too_small_joins_the_last_band() -> None:
    found = quality_bands(np.linspace(0, 1, 45), closed(np.linspace(-1, 1, 45)), np.zeros(45, np.bool_))
    assert [one.earned.trades for one in found.bands] == [23, 22]
    assert found.correlation.estimate == 1.0
    assert found.in_r


def test_better_signals_that_were_worse_trades_are_seen() -> None:
    rising = np.arange(60.0)
    assert quality_bands(rising, closed(-rising), np.zeros(60, np.bool_)).correlation.high < 0


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        ([1, 2] * 10, [0, 1] * 10, "helped"), ([0, 1] * 10, [1, 2] * 10, "hurt"),
        ([1, 2] * 10, [1, 2] * 10, "cannot tell"), ([1, 2] * 10, [0, 1] * 9, "cannot tell"),
    ],
)  # fmt: skip
def test_whether_refusing_helped(mine: list[float], theirs: list[float], said: str) -> None:
    (row,) = kept_away(["quality"], [5], np.zeros(len(theirs), np.int64), closed(theirs), earned(closed(mine)))
    assert row.verdict == said
    assert row.in_r
    if said == "helped":  # means 1.5 and .5, both errors .512989 / sqrt(20)
        assert (row.difference, row.error) == pytest.approx((1.0, 0.162221), abs=1e-6)


def test_where_a_trade_has_no_r_returns_are_compared() -> None:
    unknown = ClosedTrades(np.ones(20), np.full(20, np.nan), np.array([0.0, 0.02] * 10))
    rows = kept_away(["quality", "suspended"], [3, 0], np.zeros(20, np.int64), unknown, earned(closed([1, 2] * 10)))
    assert len(rows) == 1  # nothing was suspended
    assert not rows[0].in_r
    assert rows[0].difference == pytest.approx(0.005)


def test_what_an_earlier_run_changed_holds_from_the_first_bar() -> None:
    found = weight_steps([[2, [0.5]], [7, [0.6]]], [[0, [1.0]]], 5)
    assert (found.bar.tolist(), found.values.tolist()) == ([0, 2], [[0.5], [0.6]])
    changes = [
        {"bar": 2, "strategy": "a", "before": "active", "after": "degraded", "reasons": []},
        {"bar": 9, "strategy": "b", "before": "active", "after": "degraded", "reasons": ["why"]},
    ]
    first, second = health_steps(["a", "b"], {"degraded": ["a", "b"]}, changes, 5)
    assert [(one.bar, one.state) for one in first] == [(0, "degraded")]
    assert [(one.bar, one.state, one.reasons) for one in second] == [(0, "active", ()), (4, "degraded", ("why",))]
