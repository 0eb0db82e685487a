"""Higher timeframes: which way they point by hand, when that is known, and what it does to a signal's quality."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from adaptive_runs import START, config, in_parts, inputs_of, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stratkit.adaptive.higher import higher_sides
from stratkit.adaptive.settings import QualitySettings
from stratkit.backtest import replay
from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.source import IndicatorSource
from stratkit.panel import NS_PER_DAY, SideArray
from stratkit.strategies.signals import Signals

MONDAY = START + 6 * NS_PER_DAY  # 2019-01-07
WEEKLY = {"timeframes": ["1w"], "trend_window_bars": 2}


def quality(**given_: Any) -> QualitySettings:
    return QualitySettings.model_validate(given_)


def sides(bars: Bars, **given_: Any) -> SideArray:
    return higher_sides(quality(**given_), IndicatorSource(bars))


def weeks(*closes: float) -> Bars:
    """Days that close in each week, which begins on Monday, at the close of that week."""
    panel = np.repeat(closes, 7).reshape(-1, 1)
    times = MONDAY + np.arange(len(panel)) * NS_PER_DAY
    return Bars(times, ("A",), panel, panel, panel, panel, np.ones_like(panel), "1d")


def test_a_week_points_up_from_its_own_last_bar_until_the_next_week_is_complete() -> None:
    """Averages of two weeks: 10 and 12 give 11 < 12, up; 12 and 9 give 10.5 > 9, down; 9 and 9 give 9, neither."""
    found = sides(weeks(10, 12, 9, 9), **WEEKLY)[0, :, 0]
    #    the first week has no average; Sunday, bar 13, completes the second one, 20 the third, 27 the fourth
    assert found.tolist() == [0] * 13 + [1] * 7 + [-1] * 7 + [0]


def test_a_hole_tells_nothing_and_the_next_bar_still_knows() -> None:
    bars = weeks(10, 12, 9)
    close = bars.close.copy()
    close[15] = np.nan
    holed = replace(bars, open=close, high=close, low=close, close=close)
    assert sides(holed, **WEEKLY)[0, 13:18, 0].tolist() == [1, 1, 0, 1, 1]


@given(cut=st.integers(1, 119), seed=st.integers(0, 20), holes=st.floats(0, 0.5))
@settings(max_examples=30, deadline=None)
def test_bars_behind_a_cut_change_nothing_before_it(cut: int, seed: int, holes: float) -> None:
    bars = walk(120, seed=seed)
    missing = np.random.default_rng(seed).random(bars.shape) < holes
    panels: dict[str, Any] = {
        name: np.where(missing, np.nan, getattr(bars, name)) for name in ("open", "high", "low", "close")
    }
    bars = replace(bars, **panels)
    given_ = {"timeframes": ["3d", "1w", "1mo"], "trend_window_bars": 3}
    assert sides(bars.slice(0, cut), **given_).tobytes() == sides(bars, **given_)[:, :cut].tobytes()


def units_asked(bars: Bars, side: int, **given_: Any) -> float:
    """What one signal on the last bar but one is sized at by quality, of one unit; no regime is known."""
    panel = np.zeros(bars.shape, np.int8)
    panel[-2] = side
    settings_ = config(1, optimization={"enabled": True, "quality": given_}, regimes=None, exit_plan=None,
                       risk={"sizing": {"rule": "fixed_units", "units": 1.0}})  # fmt: skip
    with pytest.warns(UserWarning, match="no regimes apart"):
        result = replay(settings_, inputs_of(settings_, bars, (Signals("s0", side=panel),)))
    return float(result.decisions["granted"][0])


@pytest.mark.parametrize(("side", "voices"), [(1, 2), (-1, 1)])
def test_an_aligned_timeframe_is_a_voice_more_by_hand(side: int, voices: int) -> None:
    """Long with a week that points up is two voices, short against it one: quality is
    (0.3 + 0.3 x 0.5 + 0.4 x 0.5) x (0.5 + 0.5 x voices / 3), and at a threshold of 0.4 a size is
    multiplied by 0.5 + 0.5 x quality / 0.4.
    """
    bars = weeks(10, 12, 12)
    quality_ = 0.65 * (0.5 + 0.5 * voices / 3)
    assert units_asked(bars, side, **WEEKLY, threshold=0.4) == pytest.approx(0.5 + 0.5 * quality_ / 0.4, rel=1e-6)
    assert units_asked(bars, side, threshold=0.4) == pytest.approx(0.5 + 0.5 * (0.65 * 2 / 3) / 0.4, rel=1e-6)


def test_bars_before_the_first_that_trades_are_known_to_higher_timeframes() -> None:
    bars = weeks(10, 12, 12, 12)
    late = {"data": {"trade_start": "2019-01-22"}}
    optimization = {"enabled": True, "quality": WEEKLY}
    settings_ = config(1, optimization=optimization, regimes=None, **late)
    said = (Signals("s0", side=np.zeros(bars.shape, np.int8)),)
    with pytest.warns(UserWarning, match="no regimes apart"):
        _, layer = in_parts(settings_, inputs_of(settings_, bars, said), [])
    assert layer.higher.shape == (1, 13, 1)
    assert layer.higher[0, 0, 0] == 1


@pytest.mark.parametrize("timeframe", ["1d", "12h", "30h"])
def test_a_timeframe_that_is_not_higher_than_the_bars_is_refused(timeframe: str) -> None:
    with pytest.raises(UsageError, match=r"coarser|whole 1d bars"):
        sides(weeks(10, 12), timeframes=[timeframe])


@pytest.mark.parametrize(("timeframes", "said"), [(["1w", "7d"], "must differ"), (["weekly"], "a frequency must be")])
def test_timeframes_that_are_none_or_one_twice_are_refused(timeframes: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        quality(timeframes=timeframes)
