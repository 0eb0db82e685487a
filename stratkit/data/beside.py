"""`corporate_actions`, `bars_to_hold`, `detail_settings`: what the settings of bars say of what stands beside them."""

from __future__ import annotations

import numpy as np

from stratkit.data.actions import CorporateActions, adjusted, events_on_bars
from stratkit.data.actions_file import load_actions
from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.panel import FloatArray


def corporate_actions(data: DataSettings, bars: Bars) -> tuple[tuple[FloatArray, FloatArray] | None, Bars]:
    """Return the events that prices have not been adjusted for, and the bars that signals are computed on."""
    if data.actions_path is None:
        return None, bars
    actions = load_actions(data.actions_path)
    events = events_on_bars(bars, actions, data.adjust)
    # a moving average across a split of raw prices would say nothing about the market
    return events, adjusted(bars, actions, "splits") if data.adjust is None else bars


def bars_to_hold(data: DataSettings, bars: Bars) -> Bars:
    """Return the bars that tell what holding was worth: where the account is paid dividends, with them reinvested."""
    if data.actions_path is None or data.adjust == "total":
        return bars
    actions = load_actions(data.actions_path)
    if data.adjust is None:
        return adjusted(bars, actions, "total")
    _, cash = events_on_bars(bars, actions, data.adjust)
    bar, column = np.nonzero(cash)
    symbols = tuple(bars.symbols[place] for place in column)
    dividends = CorporateActions(bars.times[bar], symbols, np.zeros(len(bar), bool), cash[bar, column], actions.source)
    return adjusted(bars, dividends, "total")


def detail_settings(data: DataSettings, bars: Bars) -> DataSettings:
    """Return which finer bars stand inside `bars`: those of the same symbols and dates at `detail_path`."""
    return data.model_copy(
        update={"path": data.detail_path, "symbols": bars.symbols, "frequency": None, "detail_path": None}
    )
