"""What holds for every declared indicator: its lookback, causality, holes, and that no unit is built in."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from market_panels import Array, as_panels, inputs_of, market

import stratkit.features
from stratkit.errors import UsageError
from stratkit.features import specs
from stratkit.features.pieces import on_pieces
from stratkit.features.specs import spec_of
from stratkit.panel import BoolArray
from stratkit.research.sources import IndicatorFunction, built_in_indicators

BUILT_IN = built_in_indicators()
# shorter windows than the defaults, in the order of the parameters that end in _bars
SHORTER = {
    "macd": (3, 7, 4),
    "ultimate_oscillator": (2, 4, 9),
    "ichimoku": (3, 7, 12),
    "chaikin_oscillator": (2, 5),
    "klinger": (4, 9, 3),
    "keltner": (3, 7),
    "shocks": (2, 5),
    "stochastic": (6, 2, 5),
}
every_indicator = pytest.mark.parametrize("source", BUILT_IN, ids=lambda source: source.function.__name__)


def shorter(source: IndicatorFunction) -> dict[str, Any]:
    """Parameters of another length: half the windows, where no others are named."""
    windows = [name for name in source.params if name.endswith("_bars")]
    lengths = SHORTER.get(source.function.__name__, [source.params[name] // 2 for name in windows])
    return {**source.params, **dict(zip(windows, lengths, strict=True))}


def computed(source: IndicatorFunction, panels: dict[str, Array], params: dict[str, Any] | None = None) -> list[Array]:
    return as_panels(source.function(*inputs_of(source.function, panels), **(params or dict(source.params))))


def rows(panels: dict[str, Array], chosen: Any, column: int | None = None) -> dict[str, Array]:
    """Some rows of every panel, of one column or of all."""
    columns = slice(None) if column is None else [column]
    return {
        name: panel[chosen] if panel.ndim == 1 else np.ascontiguousarray(panel[chosen][:, columns])
        for name, panel in panels.items()
    }


def own_bars(source: IndicatorFunction, panels: dict[str, Array], column: int) -> BoolArray:
    wide = [panel for panel in inputs_of(source.function, panels) if panel.ndim == 2]
    own: BoolArray = np.logical_and.reduce([np.isfinite(panel[:, column]) for panel in wide])
    return own


def test_every_indicator_is_exported_and_described() -> None:
    assert len(BUILT_IN) > 35
    for source in BUILT_IN:
        assert getattr(stratkit.features, source.function.__name__) is source.function
        assert source.function.__doc__


def test_ta_lib_is_called_from_one_place() -> None:
    folder = Path(specs.__file__).parent
    called = re.compile(r"\bload_talib\b|import talib\b")
    callers = {path.name for path in folder.glob("*.py") if called.search(path.read_text("utf-8"))}
    assert callers == {"on_talib.py", "talib_module.py"}


def test_a_window_that_ta_lib_does_not_take_is_refused_in_plain_words() -> None:
    with pytest.raises(UsageError, match="window_bars must be at most 100000 bars; found 100001"):
        stratkit.features.sma(np.ones((5, 1)), 100_001)
    assert np.isnan(stratkit.features.sma(np.ones((5, 1)), 100_000)).all()


@every_indicator
def test_the_first_value_stands_exactly_where_the_lookback_says(source: IndicatorFunction) -> None:
    panels = market(420, 2)
    panels["volume"] += 1.0
    for params in (dict(source.params), shorter(source)):
        lookback = spec_of(source.function).lookback(**params)
        for panel in computed(source, panels, params):
            assert np.isnan(panel[:lookback]).all()
            assert np.isfinite(panel[lookback:]).all()


@every_indicator
def test_no_indicator_changes_when_later_bars_are_cut_off(source: IndicatorFunction) -> None:
    panels = market(420, 2, "holes")
    whole = computed(source, panels, shorter(source))
    for stop in (1, 2, 57, 211, 419):
        for all_rows, first_rows in zip(whole, computed(source, rows(panels, slice(stop)), shorter(source))):
            np.testing.assert_array_equal(all_rows[:stop], first_rows)


@every_indicator
def test_a_hole_is_skipped_as_if_it_were_not_there(source: IndicatorFunction) -> None:
    panels = market(420, 2, "holes")
    found = computed(source, panels)
    for column in range(2):
        own = own_bars(source, panels, column)
        assert 0 < own.sum() < 420
        for ours, alone in zip(found, computed(source, rows(panels, own, column))):
            assert np.isnan(ours[~own, column]).all()
            np.testing.assert_array_equal(ours[own, column], alone[:, 0])


@every_indicator
def test_behind_a_hole_an_indicator_begins_anew_where_that_is_asked_for(source: IndicatorFunction) -> None:
    panels = market(420, 2)
    for panel in panels.values():
        if panel.ndim == 2:
            panel[[0, 1, 90, 333], 0] = panel[[40, 41, 42, 300, 419], 1] = np.nan
    params = shorter(source)
    found = as_panels(on_pieces(source.function, *inputs_of(source.function, panels), **params))
    skipped = computed(source, panels, params)
    expected = [np.full((420, 2), np.nan) for _ in found]
    for column in range(2):
        own, start = own_bars(source, panels, column), 0
        for has_bar, run in groupby(own.tolist()):
            stop = start + len(list(run))
            if has_bar:
                piece = computed(source, rows(panels, slice(start, stop), column), params)
                for target, values in zip(expected, piece):
                    target[start:stop, column] = values[:, 0]
            start = stop
    for ours, theirs, other in zip(found, expected, skipped, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert not np.array_equal(ours, other, equal_nan=True)


@every_indicator
def test_prices_and_volumes_in_another_unit_say_the_same(source: IndicatorFunction) -> None:
    panels = market(420, 1)
    usual = computed(source, panels)
    for prices, volumes in ((2.0**-40, 1.0), (2.0**20, 1.0), (1.0, 2.0**-30), (1.0, 2.0**30)):
        scaled = {
            name: panel if name == "times" else panel * (volumes if name == "volume" else prices)
            for name, panel in panels.items()
        }
        for before, after in zip(usual, computed(source, scaled)):
            # powers of two change no digit: the result is in the unit, or has none
            units = [unit for unit in (1.0, prices * volumes) if np.array_equal(after, before * unit, equal_nan=True)]
            assert units


@every_indicator
def test_a_column_without_bars_or_with_too_few_is_nan(source: IndicatorFunction) -> None:
    panels = rows(market(9, 2), slice(None))
    for panel in panels.values():
        if panel.ndim == 2:
            panel[:, 0] = panel[:4, 1] = panel[5:, 1] = np.nan
    lookback = spec_of(source.function).lookback(**source.params)
    for panel in computed(source, panels):
        assert panel.shape == (9, 2)
        assert np.isnan(panel[:, 0]).all()
        assert np.isnan(panel[:, 1]).sum() == (8 if lookback == 0 else 9)
