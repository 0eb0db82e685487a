"""A run's trades by regime: sums by hand, and every trade in one row."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stratkit.analytics.regime_split import RegimeSplit, split_trades
from stratkit.regimes.labels import NOT_KNOWN

NAMES = ("calm", "wild", "never")
CODE = np.array([0, 0, 0, 1, -1, 1])
EPISODE = np.array([0, 0, 2, 1, -1, 3])
PNL = np.array([10.0, -4.0, 6.0, -8.0, 1.0, 50.0])
R = np.array([1.0, -0.5, np.nan, -1.0, 0.25, 9.0])
OPEN = np.array([0, 0, 0, 0, 0, 1])


def split() -> RegimeSplit:
    return split_trades(NAMES, CODE, EPISODE, PNL, R, OPEN)


def test_each_regime_has_its_closed_trades_and_those_of_no_label_come_last() -> None:
    found = split()
    assert [(row.name, row.trades, row.pnl) for row in found.rows] == [
        ("calm", 3, 12.0), ("wild", 1, -8.0), (NOT_KNOWN, 1, 1.0)
    ]  # fmt: skip
    assert (found.trades, found.pnl) == (5, 5.0)
    assert sum(row.pnl for row in found.rows) == found.pnl
    assert found.rows[0].share == pytest.approx(12 / 5)
    lost = split_trades(NAMES, CODE, EPISODE, -PNL, R, OPEN)
    assert all(math.isnan(row.share) for row in lost.rows)  # of a loss the winner would have a share below zero


def test_open_trades_are_counted_apart() -> None:
    assert (split().open_trades, split().open_pnl) == (1, 50.0)


def test_win_rate_and_mean_r_are_of_the_closed_trades_and_say_of_how_many() -> None:
    calm = split().rows[0]
    assert calm.win_rate == pytest.approx(2 / 3)
    assert (calm.with_r, calm.mean_r) == (2, 0.25)
    assert calm.r_error == pytest.approx(math.sqrt(1.125 / 2))  # deviations of .75: 2 x .5625 / 1, over 2
    assert calm.episodes == 2


def test_one_trade_has_a_mean_r_and_no_error() -> None:
    wild = split().rows[1]
    assert wild.mean_r == -1.0
    assert math.isnan(wild.r_error)


def test_a_run_without_trades_has_no_rows() -> None:
    nothing = np.empty(0)
    found = split_trades(NAMES, nothing.astype(int), nothing.astype(int), nothing, nothing, nothing.astype(int))
    assert (found.rows, found.trades, found.pnl) == ((), 0, 0.0)
