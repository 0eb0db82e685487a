"""The synthetic universe: sound, seeded, and with the truth it claims."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.data.gate import check_bars
from stratkit.data.synthetic import (
    DELISTED_SYMBOL,
    LATE_SYMBOL,
    REGIMES,
    SyntheticUniverse,
    synthetic_minutes,
    synthetic_universe,
)
from stratkit.errors import UsageError
from stratkit.panel import format_time


@pytest.fixture(scope="module")
def universe() -> SyntheticUniverse:
    return synthetic_universe()


def test_the_universe_has_the_promised_shape_and_passes_the_gate(universe: SyntheticUniverse) -> None:
    assert universe.bars.shape == (2520, 20)
    assert universe.bars.symbols[0] == "SYN01"
    assert universe.regime.shape == (2520,)
    check_bars(universe.bars)


def test_days_are_weekdays_in_order(universe: SyntheticUniverse) -> None:
    days = universe.bars.times.astype("M8[ns]").astype("M8[D]")
    assert np.is_busday(days).all()
    assert (np.busday_count(days[:-1], days[1:]) == 1).all()


def test_one_symbol_is_listed_late_and_one_delisted(universe: SyntheticUniverse) -> None:
    exists = np.isfinite(universe.bars.close)
    late, gone = universe.bars.symbols.index(LATE_SYMBOL), universe.bars.symbols.index(DELISTED_SYMBOL)
    assert exists[:, late].tolist() == [False] * 1008 + [True] * 1512
    assert exists[:, gone].tolist() == [True] * 1764 + [False] * 756
    others = [n for n in range(20) if n not in (late, gone)]
    assert exists[:, others].all()


def test_the_same_seed_gives_the_same_bars_and_another_one_others() -> None:
    first = synthetic_universe(3, 50, seed=5)
    assert first.bars.digest == synthetic_universe(3, 50, seed=5).bars.digest
    assert first.bars.digest != synthetic_universe(3, 50, seed=6).bars.digest


def test_more_symbols_leave_the_first_as_they_are() -> None:
    few, many = synthetic_universe(4, 60).bars, synthetic_universe(101, 60).bars
    assert few.digest == many.select(few.symbols).digest
    assert list(many.symbols) == sorted(many.symbols)


def test_planted_regimes_show_in_the_returns() -> None:
    universe = synthetic_universe(40, 5000, seed=1)
    alive = [n for n, name in enumerate(universe.bars.symbols) if name not in (LATE_SYMBOL, DELISTED_SYMBOL)]
    returns = np.diff(np.log(universe.bars.close[:, alive]), axis=0).mean(axis=1)
    regime = universe.regime[1:]
    mean = [returns[regime == state].mean() for state in range(len(REGIMES))]
    vol = [returns[regime == state].std() for state in range(len(REGIMES))]
    assert mean[0] > mean[2] > mean[1]
    assert vol[1] > 1.5 * vol[0]
    both = (regime[1:] == 2) & (regime[:-1] == 2)
    assert np.corrcoef(returns[1:][both], returns[:-1][both])[0, 1] < -0.1  # chop gives back


def test_regimes_last_and_symbols_share_a_factor(universe: SyntheticUniverse) -> None:
    assert set(universe.regime.tolist()) == {0, 1, 2}
    assert 5 < (np.diff(universe.regime) != 0).sum() < 100
    returns = np.diff(np.log(universe.bars.close[:, 3:]), axis=0)
    correlation = np.corrcoef(returns.T)
    assert 0.2 < np.median(correlation) < 0.9


def test_some_days_jump(universe: SyntheticUniverse) -> None:
    returns = np.diff(np.log(universe.bars.close[:, 0]))
    scaled = returns / (np.array([0.008, 0.020, 0.007])[universe.regime[1:]] * 1.6)
    assert (np.abs(scaled) > 5).any()


def test_minutes_are_around_the_clock() -> None:
    bars = check_bars(synthetic_minutes(2000, seed=2))
    assert (np.diff(bars.times) == 60_000_000_000).all()
    assert format_time(int(bars.times[0])) == "2020-01-01"
    assert np.abs(np.diff(np.log(bars.close[:, 0]))).mean() < 0.002


@pytest.mark.parametrize(("symbols", "bars", "frequency"), [(0, 10, "1d"), (1, 1, "1d"), (1, 10, "1w")])
def test_sizes_that_make_no_universe_are_refused(symbols: int, bars: int, frequency: str) -> None:
    with pytest.raises(UsageError):
        synthetic_universe(symbols, bars, frequency)
