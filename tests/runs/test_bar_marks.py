"""What a manifest keeps of bars says where they were changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.runs.bar_marks import own_bars, symbol_bars, what_changed
from stratkit.seeds import generator

DAY = 86_400_000_000_000


def bars(count: int, symbols: int = 1) -> tuple[np.ndarray, list[np.ndarray]]:
    times = np.arange(count) * DAY
    prices = generator(7, "prices").uniform(90, 110, (5, count, symbols))
    return times, list(prices)


def kept(times: np.ndarray, panels: list[np.ndarray]) -> dict[str, dict[str, Any]]:
    names = [f"S{n}" for n in range(panels[0].shape[1])]
    return {name: entry.plain() for name, entry in symbol_bars(times, names, panels).items()}


def said(then: dict[str, Any], times: np.ndarray, panels: list[np.ndarray], column: int = 0) -> str:
    return what_changed(then, *own_bars(times, panels, column))


def test_count_and_span_are_those_of_the_symbols_own_bars() -> None:
    times, panels = bars(5, 2)
    panels[0][:2, 1] = np.nan
    both = kept(times, panels)
    assert (both["S0"]["bars"], both["S0"]["first"]) == (5, "1970-01-01T00:00:00Z")
    assert (both["S1"]["bars"], both["S1"]["first"], both["S1"]["last"]) == (
        3, "1970-01-03T00:00:00Z", "1970-01-05T00:00:00Z",
    )  # fmt: skip


@given(st.integers(0, 299), st.integers(0, 4))
def test_of_few_bars_the_very_one_is_named(bar: int, field: int) -> None:
    times, panels = bars(300)
    then = kept(times, panels)["S0"]
    panels[field][bar, 0] = np.nextafter(panels[field][bar, 0], 200)
    day = str(np.datetime64(int(times[bar]), "ns").astype("datetime64[D]"))
    assert said(then, times, panels) == f"the first change is the bar of {day}"


def test_of_many_bars_a_short_stretch_is_named() -> None:
    times, panels = bars(5_000)
    then = kept(times, panels)["S0"]
    assert len(then["marks"]) <= 8 * 1_024
    panels[3][2_501, 0] += 1e-9
    assert said(then, times, panels) == ("the first change is among the 5 bars from 1976-11-05 to 1976-11-09")


def test_manifests_stay_small_for_many_symbols() -> None:
    times, panels = bars(40, 500)
    assert sum(len(entry["marks"]) for entry in kept(times, panels).values()) <= 8 * 1_024


@pytest.mark.parametrize("count", [300, 5_000])
def test_bars_added_at_the_end_are_told_from_bars_changed(count: int) -> None:
    times, panels = bars(count + 12)
    then = kept(times[:count], [panel[:count] for panel in panels])["S0"]
    last = str(np.datetime64(int(times[count - 1]), "ns").astype("datetime64[D]"))
    assert said(then, times, panels) == (
        f"{count:,} bars then, {count + 12:,} now: 12 were added after {last}, all others are the same"
    )


@pytest.mark.parametrize(("count", "left", "surely"), [(300, 250, 250), (5_000, 4_998, 4_995)])
def test_bars_lost_at_the_end_are_told_from_bars_changed(count: int, left: int, surely: int) -> None:
    times, panels = bars(count)
    then = kept(times, panels)["S0"]
    last = str(np.datetime64(int(times[left - 1]), "ns").astype("datetime64[D]"))
    text = said(then, times[:left], [panel[:left] for panel in panels])
    assert text.startswith(f"{count:,} bars then, {left:,} now: they end at {last} and ended at {then['last']}")
    assert f"the first {surely:,} are the same" in text


def test_a_bar_lost_within_is_where_the_change_begins() -> None:
    times, panels = bars(300)
    then = kept(times, panels)["S0"]
    left = np.delete(np.arange(300), 100)
    text = said(then, times[left], [panel[left] for panel in panels])
    assert text == "300 bars then, 299 now: the first change is the bar of 1970-04-12"


def test_unknown_volume_is_no_change() -> None:
    times, panels = bars(30)
    panels[4][:] = np.nan
    then = kept(times, panels)["S0"]
    odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0]
    panels[4][:] = odd
    assert "which of them changed is not known" in said(then, times, panels)
