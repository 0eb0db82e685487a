"""Made-up markets whose edge lies between symbols: seeded, with the edge (1) or its reverse (-1) planted."""

from __future__ import annotations

from typing import Any

import numpy as np
from made_up_markets import BARS, SYMBOLS, VOL, Panel, _bars

from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.seeds import generator

_FIRST_DAY = 14_613  # 4 January 2010, a Monday
PAIRS = ("AUDJPY", "AUDUSD", "EURJPY", "EURUSD", "GBPUSD", "USDJPY")


def tied_pairs(sign: int, bars: int = BARS) -> Bars:
    """Three pairs share a walk; what parts two of a pair is pulled back by a tenth a bar, or later runs away."""
    draw = _draw("tied pairs")
    walks = VOL * draw.standard_normal((bars, SYMBOLS // 2))
    returns = np.repeat(walks, 2, axis=1)
    for pair in range(SYMBOLS // 2):
        apart = 0.0
        for bar in range(bars):
            running = sign < 0 and bar % 300 >= 150
            pull = 0.02 * np.sign(apart) if running and abs(apart) > 0.05 else -0.1 * apart
            move = pull + 0.8 * VOL * draw.standard_normal()
            if running and bar % 300 == 299:
                apart = -move  # the relation begins anew where it stands
            apart += move
            returns[bar, 2 * pair] += move
    return _panel("tied pairs", returns)


def led(sign: int, bars: int = BARS) -> Bars:
    """The first symbol moves; the others make half of it a bar later. Or (-1) they do so for a while, then turn."""
    draw = _draw("led")
    returns = VOL * draw.standard_normal((bars, SYMBOLS))
    returns[:, 0] *= 1.5
    follows = np.ones(bars) if sign > 0 else np.where(np.arange(bars) % 300 < 150, 1.0, -2.0)
    returns[1:, 1:] += (0.5 * follows[1:] * returns[:-1, 0])[:, None]
    return _panel("led", returns)


def currencies(sign: int, bars: int = BARS) -> Bars:
    """Currencies rise and fall for 150 bars at a stretch; or (-1) turn every 20."""
    draw = _draw("currencies")
    names = sorted({code for pair in PAIRS for code in (pair[:3], pair[3:])})
    length = 150 if sign > 0 else 63
    drift = np.zeros((bars, len(names)))
    for column in range(len(names)):
        side = draw.choice((-1.0, 1.0))
        for start in range(0, bars, length):
            side = draw.choice((-1.0, 1.0)) if sign > 0 else -side
            drift[start : start + length, column] = 0.002 * side
    own = drift + VOL / 2 * draw.standard_normal(drift.shape)
    place = {name: number for number, name in enumerate(names)}
    returns = np.column_stack([own[:, place[pair[:3]]] - own[:, place[pair[3:]]] for pair in PAIRS])
    return _panel("currencies", returns, PAIRS)


def crises(sign: int, bars: int = 3000) -> Bars:
    """Every 250 bars the market falls nervously for 60, the last symbol rising; or (-1) it turns after 15 of them."""
    draw = _draw("crises")
    returns = np.empty((bars, SYMBOLS))
    for bar in range(bars):
        inside = bar % 250 - 180
        nervous, falls = inside >= 0, 0 <= inside < (60 if sign > 0 else 15)
        market = (0.02 if nervous else 0.005) * draw.standard_normal()
        market += -0.008 if falls else 0.012 if nervous and sign < 0 else 0.0015
        returns[bar] = market + VOL / 3 * draw.standard_normal(SYMBOLS)
        returns[bar, -1] = -0.5 * market + VOL / 3 * draw.standard_normal()
    return _panel("crises", returns)


def _draw(name: str) -> np.random.Generator:
    return generator(0, "made up panels", name)


def _panel(name: str, returns: Panel, symbols: tuple[str, ...] = ()) -> Bars:
    bars, count = returns.shape
    made = [
        _bars(generator(0, "made up panels", name, number), {"returns": returns[:, number]}) for number in range(count)
    ]
    panels: Any = {field: np.column_stack([series[field] for series in made]) for field in made[0]}
    days = _FIRST_DAY + np.arange(bars) // 5 * 7 + np.arange(bars) % 5
    names = symbols or tuple(f"MADE{number + 1}" for number in range(count))
    return Bars(days * NS_PER_DAY, names, **panels, frequency="1d", source=f"made up: {name}")
