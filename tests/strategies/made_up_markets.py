"""Made-up markets with a known edge in them, or with its reverse: seeded, so that a strategy must win on the one.

Every market has `SYMBOLS` series of daily bars that share no shock. A `sign` of 1 plants the edge, -1 plants its
reverse, and where 0 is allowed there is none. The numbers are chosen for clarity, not for likeness: an edge that a
strategy misses here it does not understand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.seeds import generator

Panel = npt.NDArray[np.float64]
Walk = Callable[[np.random.Generator, int], dict[str, Panel]]  # log returns, and what else a series needs

SYMBOLS: Final = 6
BARS: Final = 1500
VOL: Final = 0.01  # of a bar's log return, where nothing else is said
_FIRST_DAY: Final = 14_613  # 4 January 2010, a Monday


def random_walk() -> Bars:
    """No edge at all: independent returns, volumes and closes within the bar."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        return {"returns": VOL * draw.standard_normal(bars), "volume": np.exp(0.5 * draw.standard_normal(bars))}

    return _market("random_walk", walk)


def drifting(sign: int, drift: float = 0.001) -> Bars:
    """Everything rises, or falls, a little every day."""
    return _market("drifting", lambda draw, bars: {"returns": sign * drift + VOL * draw.standard_normal(bars)})


def trending(length: int = 120, drift: float = 0.003, bars: int = BARS) -> Bars:
    """Price drifts one way for `length` bars on average, then perhaps the other."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        return {"returns": drift * _states(draw, bars, length) + VOL * draw.standard_normal(bars)}

    return _market("trending", walk, bars)


def waves(period: int = 60, drift: float = 0.004) -> Bars:
    """Trends swell and ebb: the drift goes up and down once in `period` bars."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        phase = 2 * np.pi * (np.arange(bars) / period + draw.random())
        return {"returns": drift * np.sin(phase) + VOL / 2 * draw.standard_normal(bars)}

    return _market("waves", walk)


def ranging(pull: float = 0.1) -> Bars:
    """Price is pulled back to one level by a share of its distance in every bar: the reverse of `trending`."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        shocks, away = 2 * VOL * draw.standard_normal(bars), np.zeros(bars + 1)
        for bar in range(bars):
            away[bar + 1] = (1 - pull) * away[bar] + shocks[bar]
        return {"returns": np.diff(away)}

    return _market("ranging", walk)


def leaders(sign: int, length: int = 130, drift: float = 0.001) -> Bars:
    """Every second symbol leads for good; or (-1) those that led for `length` bars fall behind for the next."""
    sides = iter([1.0, -1.0] * SYMBOLS)

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        turns = np.ones(bars) if sign > 0 else np.where(np.arange(bars) // length % 2, -1.0, 1.0)
        return {"returns": drift * next(sides) * turns + VOL * draw.standard_normal(bars)}

    return _market("leaders", walk)


def setbacks(sign: int) -> Bars:
    """Rising prices fall by 4 % in two bars now and then; the next ten bring it back, or as much again is lost."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns = 0.0015 + VOL / 2 * draw.standard_normal(bars)
        for bar in _moments(draw, bars, every=50, room=14):
            returns[bar : bar + 2] -= 0.02
            returns[bar + 2 : bar + 12] += sign * 0.004
        return {"returns": returns}

    return _market("setbacks", walk)


def jumps(sign: int, bars_after: int = 8) -> Bars:
    """Jumps of 4 % on heavy volume go on, equal jumps on usual volume come back; or the other way round."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns, volume, location = VOL * draw.standard_normal(bars), np.ones(bars), _locations(draw, bars)
        for bar in _moments(draw, bars, every=40, room=bars_after + 2):
            side, heavy = draw.choice((-1.0, 1.0)), draw.random() < 0.5
            returns[bar] = 0.04 * side
            location[bar] = 0.9 * side
            volume[bar] = 4.0 if heavy else 1.0
            returns[bar + 1 : bar + 1 + bars_after] += 0.005 * side * (sign if heavy else -sign)
        return {"returns": returns, "volume": volume, "location": location}

    return _market("jumps", walk)


def bounces(sign: int) -> Bars:
    """Price walks between a floor and a ceiling and turns at both; or it runs on through the fifth that it reaches."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        place, side, returns = 0.05, 1.0, np.zeros(bars)  # above the floor; the ceiling is 0.1 above it
        turns = running = 0
        for bar in range(bars):
            returns[bar] = 0.005 * side + 0.002 * draw.standard_normal()
            place, running = place + returns[bar], max(running - 1, 0)
            if not running and not 0.0 < place < 0.1:
                turns += 1
                if sign > 0 or turns < 5:
                    side = 1.0 if place <= 0.0 else -1.0
                else:  # on through it, and the range begins anew where that ends
                    turns, running, place = 0, 20, 0.05 - 20 * 0.005 * side
        return {"returns": returns, "span": np.full(bars, 0.3)}

    return _market("bounces", walk)


def squeezes(sign: int) -> Bars:
    """Every calm ends in a jump of two bars that goes on for fifteen; or is taken back in three."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns = VOL * draw.standard_normal(bars)
        for bar in range(80, bars - 20, 70):
            calm = slice(bar - 25, bar)
            returns[calm] = 0.2 * VOL * draw.standard_normal(25)
            side = draw.choice((-1.0, 1.0))
            returns[bar : bar + 2] = 0.015 * side
            if sign > 0:
                returns[bar + 2 : bar + 17] += 0.006 * side
            else:
                returns[bar + 2 : bar + 5] -= 0.012 * side
        return {"returns": returns}

    return _market("squeezes", walk)


def quiet_ranges(sign: int) -> Bars:
    """Calm stretches, in which price is pulled back to a level (1) or drifts (-1), between stormy trends."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns = np.zeros(bars)
        away, side = 0.0, 1.0
        for bar in range(bars):
            if bar % 250 == 0:
                away, side = 0.0, draw.choice((-1.0, 1.0))
            if bar % 250 < 100:
                returns[bar] = 0.004 * side + 2 * VOL * draw.standard_normal()
            else:
                pull = -0.2 * away if sign > 0 else 0.002 * side
                returns[bar] = pull + 0.6 * VOL * draw.standard_normal()
                away += returns[bar]
        return {"returns": returns}

    return _market("quiet_ranges", walk)


def fair_values(sign: int) -> Bars:
    """Most volume is traded near a level to which price comes back; or from which it runs away, to a new one."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns, volume, away, running = np.zeros(bars), np.ones(bars), 0.0, 0.0
        for bar in range(bars):
            pull = -0.12 * away if sign > 0 else 0.008 * running
            returns[bar] = pull + VOL * draw.standard_normal()
            away += returns[bar]
            volume[bar] = 3.0 * np.exp(-((away / VOL) ** 2) / 4) + 0.3
            if sign < 0 and not running and abs(away) > 3.5 * VOL:
                running = np.sign(away)
            elif running and abs(away) > 12 * VOL:
                running, away = 0.0, 0.0
        return {"returns": returns, "volume": volume}

    return _market("fair_values", walk)


def worked_orders(sign: int) -> Bars:
    """Somebody buys or sells for weeks and closes bars on his side; price goes with him, or against him."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        side = _states(draw, bars, 40)
        location = np.clip(0.4 * side + 0.4 * draw.standard_normal(bars), -1.0, 1.0)
        return {"returns": 0.0025 * sign * side + VOL * draw.standard_normal(bars), "location": location}

    return _market("worked_orders", walk)


def absorbed_orders(sign: int) -> Bars:
    """Falls of 30 bars into a steady buyer (and rises into a seller) turn; or go on."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns, location = VOL * draw.standard_normal(bars), _locations(draw, bars)
        for bar in _moments(draw, bars, every=100, room=60):
            side = draw.choice((-1.0, 1.0))
            location[bar : bar + 30] = np.clip(0.5 * side + 0.3 * draw.standard_normal(30), -1.0, 1.0)
            returns[bar : bar + 30] -= 0.003 * side
            returns[bar + 30 : bar + 60] += 0.006 * side * sign
        return {"returns": returns, "location": location}

    return _market("absorbed_orders", walk)


def prints(sign: int) -> Bars:
    """A bar of eight times the usual volume that closes at an end of its range; price goes on that way, or back."""

    def walk(draw: np.random.Generator, bars: int) -> dict[str, Panel]:
        returns, volume, location = VOL * draw.standard_normal(bars), np.ones(bars), _locations(draw, bars)
        for bar in _moments(draw, bars, every=50, room=8):
            side = draw.choice((-1.0, 1.0))
            location[bar], volume[bar] = 0.9 * side, 8.0
            returns[bar + 1 : bar + 7] += 0.005 * side * sign
        return {"returns": returns, "volume": volume, "location": location}

    return _market("prints", walk)


def _market(name: str, walk: Walk, bars: int = BARS) -> Bars:
    """Return bars of what `walk` draws for each symbol.

    `returns` are those from close to close; an open is near the close before. `location` is where the close lies in its
    bar, -1 to 1, drawn at random unless given; `volume` multiplies the usual volume and `span` the usual range.
    """
    made = []
    for number in range(SYMBOLS):
        draw = generator(0, "made up markets", name, number)
        made.append(_bars(draw, walk(draw, bars)))
    panels: dict[str, Any] = {field: np.column_stack([series[field] for series in made]) for field in made[0]}
    days = _FIRST_DAY + np.arange(bars) // 5 * 7 + np.arange(bars) % 5
    symbols = tuple(f"MADE{number + 1}" for number in range(SYMBOLS))
    return Bars(days * NS_PER_DAY, symbols, **panels, frequency="1d", source=f"made up: {name}")


def _bars(draw: np.random.Generator, made: dict[str, Panel]) -> dict[str, Any]:
    returns = made["returns"]
    bars = len(returns)
    close = np.log(100.0) + np.cumsum(returns)
    opened = np.concatenate(([np.log(100.0)], close[:-1])) + VOL / 10 * draw.standard_normal(bars)
    span = np.abs(close - opened) + VOL * made.get("span", np.ones(bars)) * (0.5 + draw.random(bars))
    location = made.get("location", _locations(draw, bars))
    low = np.minimum(close - (1.0 + location) / 2.0 * span, np.minimum(opened, close))
    high = np.maximum(low + span, np.maximum(opened, close))
    volume = np.rint(1e6 * made.get("volume", np.ones(bars)) * np.exp(0.1 * draw.standard_normal(bars)))
    return {"open": np.exp(opened), "high": np.exp(high), "low": np.exp(low), "close": np.exp(close), "volume": volume}


def _locations(draw: np.random.Generator, bars: int) -> Panel:
    return np.asarray(draw.uniform(-1.0, 1.0, bars))


def _states(draw: np.random.Generator, bars: int, length: int) -> Panel:
    """Return (T,) -1 or 1, which may change about once in `length` bars."""
    changes = draw.random(bars) < 1.0 / length
    sides = draw.choice((-1.0, 1.0), bars)
    held = np.maximum.accumulate(np.where(changes, np.arange(bars), 0))
    return np.asarray(sides[held])


def _moments(draw: np.random.Generator, bars: int, every: int, room: int) -> npt.NDArray[np.int64]:
    """Return bars about `every` bars apart, with `room` between two of them and behind the last."""
    steps = room + draw.geometric(1.0 / (every - room), bars // room)
    moments = np.cumsum(steps)
    return np.asarray(moments[moments < bars - room])
