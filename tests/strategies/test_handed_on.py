"""What strategies hand on beside trades: features of their own, and their signals as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import StrategyError, UsageError
from stratkit.features.indicators import sma
from stratkit.panel import FloatArray
from stratkit.research.lookahead import check_lookahead
from stratkit.research.sources import StrategySource
from stratkit.strategies.context import Context
from stratkit.strategies.handed_on import handed_on, strategy_features
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.testing import sample_bars


class Deep(Strategy):
    """Buy what lies under its average, and tell how deep."""

    feature_names = ("depth", "span")

    def signals(self, context: Context) -> Signals:
        below = context.bars.close < context.compute(sma, 5)
        return self.sides(context, long=below, exit=~below & context.has_bar, confidence=np.full(context.shape, 0.25))

    def features(self, context: Context) -> Mapping[str, FloatArray]:
        return {
            "depth": context.bars.close / context.compute(sma, 7) - 1,
            "span": np.nan_to_num(context.bars.high - context.bars.low),
        }


class Peeking(Strategy):
    """Tell of tomorrow."""

    feature_names = ("tomorrow",)

    def signals(self, context: Context) -> Signals:
        return Deep().signals(context)

    def features(self, context: Context) -> Mapping[str, FloatArray]:
        return {"tomorrow": np.roll(context.bars.close, -1, axis=0)}


SOURCE = (
    "import numpy as np\n"
    "from stratkit.features import sma\n"
    "from stratkit.strategies import Strategy\n"
    "class Deep(Strategy):\n"
    "    'Buy what lies under its average.'\n"
    "    feature_names = ('depth',)\n"
    "    def signals(self, context):\n"
    "        below = context.bars.close < context.compute(sma, 5)\n"
    "        half = np.full(context.shape, 0.5)\n"
    "        above = context.bars.close > context.compute(sma, 5)\n"
    "        return self.sides(context, long=below, exit=above, confidence=half)\n"
    "    def features(self, context):\n"
    "        return {'depth': context.bars.close / context.compute(sma, 7) - 1}\n"
)


@pytest.fixture
def deep(tmp_path: Path) -> str:
    (tmp_path / "deep.py").write_text(SOURCE)
    return f"{tmp_path / 'deep.py'}:Deep"


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample_bars(120)


def test_a_strategy_hands_on_panels_with_their_lookback(bars: Bars) -> None:
    found = strategy_features(Deep(), Context(bars))
    assert list(found) == ["depth", "span"]
    depth, lookback_bars = found["depth"]
    assert lookback_bars == 6
    closes = bars.close[:7, 0]
    np.testing.assert_allclose(depth[6, 0], closes[6] / closes.mean() - 1)
    assert np.isnan(found["span"][0][~np.isfinite(bars.close)]).all()


def test_most_strategies_hand_on_nothing(bars: Bars) -> None:
    assert handed_on({"cross": StrategySettings(enabled=True, type="sma_cross")}, Context(bars)) == {}


def test_names_carry_that_of_the_strategy(deep: str, bars: Bars) -> None:
    configured = {"dip": StrategySettings(enabled=True, type=deep)}
    assert list(handed_on(configured, Context(bars))) == ["dip.depth"]
    assert handed_on(configured, Context(bars), features=False) == {}


def test_signals_are_numbers_and_an_exit_is_no_side(deep: str, bars: Bars) -> None:
    configured = {"dip": StrategySettings(enabled=True, type=deep)}
    found = handed_on(configured, Context(bars), features=False, signals=True)
    side, lookback_bars = found["dip.side"]
    assert lookback_bars == 4
    assert set(np.unique(side[np.isfinite(side)]).tolist()) == {0.0, 1.0}
    np.testing.assert_array_equal(np.isnan(side), ~np.isfinite(bars.close))
    confidence = found["dip.confidence"][0]
    assert set(np.unique(confidence[np.isfinite(confidence)]).tolist()) == {0.5}
    rotation = {"r": StrategySettings(enabled=True, type="momentum_rotation")}
    assert list(handed_on(rotation, Context(bars), signals=True)) == ["r.weight"]


def test_features_of_coarser_bars_hold_when_those_are_complete(deep: str) -> None:
    hours = synthetic_universe(1, 24 * 20, "1h").bars
    configured = {"dip": StrategySettings(enabled=True, type=deep, timeframe="1d")}
    panel, lookback_bars = handed_on(configured, Context(hours))["dip.depth"]
    closes = hours.close[23::24, 0]
    assert lookback_bars == 24 * 7 - 1
    assert np.isnan(panel[: 24 * 7 - 1]).all()
    assert (panel[24 * 7 - 1 : 24 * 8 - 1, 0] == panel[24 * 7 - 1, 0]).all()
    np.testing.assert_allclose(panel[24 * 7 - 1, 0], closes[6] / closes[:7].mean() - 1)


def test_what_was_declared_is_what_must_come(bars: Bars) -> None:
    def broken(declared: tuple[str, ...], returned: dict[str, FloatArray]) -> Strategy:
        body = {"feature_names": declared, "features": lambda self, context: returned, "signals": Deep.signals}
        strategy: Strategy = type("Broken", (Strategy,), body)()
        return strategy

    panel = np.zeros(bars.shape)
    for strategy, said in (
        (
            broken(("depth",), {"dept": panel}),
            "declare its features .*; found 'dept': did you mean 'depth'",
        ),
        (broken(("depth",), {}), "a panel for each of its feature_names; found none for 'depth'"),
        (broken(("depth",), {"depth": panel[1:]}), r"must have the shape \(120, 6\); found \(119, 6\)"),
    ):
        with pytest.raises(StrategyError, match=said):
            strategy_features(strategy, Context(bars))


def test_an_error_in_features_names_its_line(tmp_path: Path, bars: Bars) -> None:
    (tmp_path / "deep.py").write_text(SOURCE.replace("sma, 7", "sma, 0"))
    configured = {"dip": StrategySettings(enabled=True, type=f"{tmp_path / 'deep.py'}:Deep")}
    with pytest.raises(StrategyError, match=r"raised in features\(\): .*deep.py:13: window_bars must be"):
        handed_on(configured, Context(bars))


def test_signals_that_depend_on_positions_are_no_features(tmp_path: Path, bars: Bars) -> None:
    (tmp_path / "held.py").write_text(
        "from stratkit.strategies import BarStrategy\n"
        "class Held(BarStrategy):\n"
        "    'Look at what is held.'\n"
        "    needs_state = True\n"
        "    def proposals(self, context):\n"
        "        return []\n"
    )
    configured = {"held": StrategySettings(enabled=True, type=f"{tmp_path / 'held.py'}:Held")}
    with pytest.raises(UsageError, match="'held' looks at its positions"):
        handed_on(configured, Context(bars), signals=True)


def test_a_feature_that_looks_ahead_is_found(bars: Bars) -> None:
    assert check_lookahead(StrategySource(Deep, reload=False), bars, cuts=10).is_clean
    report = check_lookahead(StrategySource(Peeking, reload=False), bars, cuts=10)
    assert report.leaks[0].difference.field == "feature tomorrow"
