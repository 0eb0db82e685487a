"""`corporate_actions`, `bars_to_hold`, `detail_settings`, `external_series`: what stands beside the bars."""

from __future__ import annotations

import numpy as np

from stratkit.data.actions import CorporateActions, adjusted, events_on_bars
from stratkit.data.actions_file import load_actions
from stratkit.data.bars import Bars
from stratkit.data.resample import bar_ends
from stratkit.data.series import ExternalSeries, load_series
from stratkit.data.settings import DataSettings
from stratkit.data.symbols import nearest_symbol
from stratkit.errors import DataError
from stratkit.panel import FloatArray, format_time


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


def external_series(data: DataSettings, bars: Bars) -> dict[str, ExternalSeries]:
    """Return the configured series by name; raise `DataError` for one that says nothing about `bars`."""
    found = {name: load_series(name, settings) for name, settings in data.series.items()}
    for name, series in found.items():
        _check_fits(name, series, bars)
    return found


def _check_fits(name: str, series: ExternalSeries, bars: Bars) -> None:
    if series.symbols and not set(series.symbols) & set(bars.symbols):
        near = nearest_symbol(series.symbols[0], list(bars.symbols))
        raise DataError(
            f"series {name} ({series.source}) must hold values of symbols of the bars; it has those of "
            f"{', '.join(series.symbols[:5])}; {near}"
        )
    if not len(bars.times):
        return
    first, last = (int(bar_ends(bars.times[[row]], bars.frequency)[0]) for row in (0, -1))
    end_ns = int(series.known[-1]) if series.max_age_ns is None else int(series.known[-1]) + series.max_age_ns
    if int(series.known[0]) > last or (series.max_age_ns is not None and end_ns < first):
        raise DataError(
            f"series {name} ({series.source}) must be known on some bar; its values became known from "
            f"{format_time(int(series.known[0]))} to {format_time(int(series.known[-1]))}, and the bars end from "
            f"{format_time(first)} to {format_time(last)}: change the dates, or max_age"
        )
