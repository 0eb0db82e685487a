"""`random_detail`: finer bars inside random bars, with gaps, exact touches, holes and bars that they do not make up."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.panel import FloatArray


def random_detail(random: np.random.Generator, panels: list[FloatArray], step: float) -> dict[str, Any]:
    """Finer bars that make up most bars exactly; some bars have none, or some that make up another bar."""
    bars, symbols = panels[0].shape
    agrees = np.zeros((bars, symbols), np.bool_)
    rows, pieces = np.zeros((bars, 2), np.int64), [np.full((0, symbols, 4), np.nan)]
    stray_row = random.normal(50.0, 10.0, (1, symbols, 4))  # outside every bar
    first = 0
    for bar in range(bars):
        if random.random() < 0.2:
            pieces.append(stray_row)
            first += 1
        room = int(random.integers(1, 7))
        inside = np.full((room, symbols, 4), np.nan)
        for symbol in range(symbols):
            whole = np.array([panel[bar, symbol] for panel in panels])
            fate = random.random()
            if np.isnan(whole).any() or fate < 0.15:
                continue
            places = np.sort(random.permutation(room)[: random.integers(1, room + 1)])
            inside[places, symbol] = random_pieces(random, whole, len(places), step)
            if fate < 0.25:
                inside[places, symbol] += random.choice([-1.0, 1.0])
            agrees[bar, symbol] = fate >= 0.25
        rows[bar] = first, first + room
        first += room
        pieces.append(inside)
    prices = np.concatenate(pieces)
    names = ("detail_open", "detail_high", "detail_low", "detail_close")
    named = {name: np.ascontiguousarray(prices[:, :, number]) for number, name in enumerate(names)}
    return {"detail_rows": rows, "detail_agrees": agrees, **named}


def random_pieces(random: np.random.Generator, whole: FloatArray, count: int, step: float) -> FloatArray:
    """(count, 4) open, high, low, close of finer bars that make up one bar; gaps and touches are common."""
    first, high, low, last = whole
    inner = np.arange(low, high + step / 2, step) if step else random.uniform(low, high, 4)
    prices = np.concatenate([whole, np.minimum(inner, high)])
    opens, closes = random.choice(prices, (2, count))
    for piece in range(1, count):
        if random.random() < 0.5:
            opens[piece] = closes[piece - 1]
    opens[0], closes[-1] = first, last
    highs, lows = np.maximum(opens, closes), np.minimum(opens, closes)
    wide = random.random((2, count)) < random.choice([0.2, 0.6])
    highs = np.where(wide[0], np.maximum(highs, random.choice(prices, count)), highs)
    lows = np.where(wide[1], np.minimum(lows, random.choice(prices, count)), lows)
    highs[random.integers(count)], lows[random.integers(count)] = high, low
    return np.stack([opens, highs, lows, closes], axis=1)
