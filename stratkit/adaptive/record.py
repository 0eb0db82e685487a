"""`as_record` and `from_record`: an `Adaptation` as plain values that JSON keeps to the last bit, and back.

Numbers are written as Python writes them, the shortest decimal that reads back as the same double. A digest over the
state tells a damaged record; names and the settings that gave numbers their meaning tell one that belongs elsewhere.
Under which strategies and regimes it was learned is kept beside them, and refuses nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from stratkit.adaptive.adaptation import Adaptation, WeightChange, judged
from stratkit.adaptive.bandit import ArmTable, empty_table
from stratkit.adaptive.cooldowns import Cooldowns, no_cooldowns
from stratkit.adaptive.health import STATE_NAMES, Health, HealthChange
from stratkit.adaptive.measures import LastTrades, no_trades
from stratkit.adaptive.origin import ORIGIN
from stratkit.adaptive.success_rates import SuccessRates, no_rates
from stratkit.adaptive.terms import Terms
from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray

FORMAT: Final = "stratkit adaptive state"
VERSION: Final = 2
START_FRESH: Final = (
    "give back a copy of the file that was not changed, or start fresh: --fresh-state moves the old file aside"
)
_BOOKS: Final = ("account", "account_and_shadow")
_TELLING: Final = ("over", "policy", "scope", "alpha", "reward_range_r", "discount", "window_trades")


def as_record(terms: Terms, adaptation: Adaptation) -> dict[str, Any]:
    """Return everything that was learned as dicts, lists, texts and numbers; NaN is None. Empty cells are left out."""
    state = {
        "names": _names(terms),
        "settings": _telling(terms),
        ORIGIN: dict(terms.origin),
        "bars_seen": adaptation.bars_seen,
        "success": _rows(adaptation.rates.trades, adaptation.rates.wins),
        "trades": _windows(adaptation.trades),
        "weights": adaptation.weights.tolist(),
        "health": {
            "state": [STATE_NAMES[code] for code in adaptation.health.state],
            "since": adaptation.health.since.tolist(),
            "at_suspension": _plain(adaptation.health.at_suspension),
            "new_trades": adaptation.health.new_trades.tolist(),
        },
        "table": _table_record(adaptation.table),
        "cooldowns": _rows(adaptation.cooldowns.losses_in_row, adaptation.cooldowns.until),
        "weight_changes": [[change.bar, list(change.weights)] for change in adaptation.weight_changes],
        "health_changes": [{**asdict(change), "reasons": list(change.reasons)} for change in adaptation.health_changes],
    }
    return {"format": FORMAT, "version": VERSION, "digest": _digest(state), "state": state}


def from_record(record: object, terms: Terms) -> Adaptation:
    """Return what was learned, out of a record of the same strategies, symbols, regimes and learning settings.

    Raises `DataError` for a record that is damaged, of another version, or that belongs to another configuration.
    """
    state = _checked(record, terms)
    try:
        return _adaptation(state, terms)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(
            f"an adaptive state must hold what stratkit writes; found one that cannot be read "
            f"({type(error).__name__}: {error}): {START_FRESH}"
        ) from error


def is_whole(record: object) -> bool:
    """Return whether a record is an adaptive state of this version that nobody has changed."""
    return (
        isinstance(record, Mapping)
        and (record.get("format"), record.get("version")) == (FORMAT, VERSION)
        and isinstance(record.get("state"), dict)
        and record.get("digest") == _digest(record["state"])
    )


def _checked(record: object, terms: Terms) -> Mapping[str, Any]:
    if not isinstance(record, Mapping) or record.get("format") != FORMAT or not isinstance(record.get("state"), dict):
        raise DataError(
            f"an adaptive state must be a record with format {FORMAT!r}; found something else: {START_FRESH}"
        )
    if record.get("version") != VERSION:
        raise DataError(
            f"an adaptive state must have version {VERSION}; found {record.get('version')!r}: "
            f"use the stratkit that wrote it, or {START_FRESH}"
        )
    state: Mapping[str, Any] = record["state"]
    if record.get("digest") != _digest(state):
        raise DataError(
            "an adaptive state must have the digest of its content; found another one, it was changed or cut: "
            f"{START_FRESH}"
        )
    for key, wanted in (("names", _names(terms)), ("settings", _telling(terms))):
        for what, value in wanted.items():
            found = state.get(key, {}).get(what)
            if found != value:
                raise DataError(
                    f"an adaptive state must be of this configuration's {what}, {_short(value)}; "
                    f"found {_short(found)}: run with the configuration that it was learned under, "
                    "or start fresh: --fresh-state moves the old file aside"
                )
    return state


def _adaptation(state: Mapping[str, Any], terms: Terms) -> Adaptation:
    strategies, symbols, regimes = len(terms.strategies), len(terms.symbols), len(terms.regimes)
    width = terms.optimization.weights.score_trades
    trades = _last_trades(state["trades"], strategies, width)
    rates, rest = no_rates(strategies, symbols, regimes), no_cooldowns(strategies, symbols)
    health = state["health"]
    weights = np.array(state["weights"], np.float64)
    if weights.shape != (strategies,):
        raise ValueError(f"{weights.size} weights of {strategies} strategies")
    return Adaptation(
        int(state["bars_seen"]),
        SuccessRates(*_filled(state["success"], rates.trades, rates.wins)),
        trades,
        *judged(terms, trades),
        weights,
        Health(
            np.array([STATE_NAMES.index(name) for name in health["state"]], np.int64),
            np.array(health["since"], np.int64),
            np.array(health["at_suspension"], np.float64),
            np.array(health["new_trades"], np.int64),
        ),
        _table(state["table"], empty_table(symbols, regimes, len(terms.arms), terms.selector)),
        Cooldowns(*_filled(state["cooldowns"], rest.losses_in_row, rest.until)),
        tuple(WeightChange(bar, tuple(weights)) for bar, weights in state["weight_changes"]),
        tuple(HealthChange(**{**change, "reasons": tuple(change["reasons"])}) for change in state["health_changes"]),
    )


def _names(terms: Terms) -> dict[str, list[str]]:
    return {name: list(getattr(terms, name)) for name in ("strategies", "symbols", "regimes", "arms")}


def _telling(terms: Terms) -> dict[str, Any]:
    """Return the settings without which the numbers of a state mean something else."""
    found = {f"meta_strategy.{name}": getattr(terms.selector, name) for name in _TELLING}
    found["meta_strategy.reward_range_r"] = list(terms.selector.reward_range_r)
    return found | {"optimization.weights.score_trades": terms.optimization.weights.score_trades}


def _digest(state: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(state, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError:  # NaN or an infinity, which no state holds
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _plain(values: FloatArray) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def _windows(last: LastTrades) -> dict[str, list[list[list[float | None]]]]:
    """Return [R, P&L] of the trades of each strategy, oldest first, by what they are trades of."""
    return {
        book: [
            [[r, pnl] for r, pnl in zip(_plain(one), _plain(other), strict=True) if pnl is not None]
            for one, other in zip(r_multiple, pnl_frac, strict=True)
        ]
        for book, r_multiple, pnl_frac in zip(_BOOKS, last.r_multiple, last.pnl_frac, strict=True)
    }


def _last_trades(record: Mapping[str, Any], strategies: int, width: int) -> LastTrades:
    empty = no_trades(strategies, width)
    r_multiple, pnl_frac = empty.r_multiple.copy(), empty.pnl_frac.copy()
    for book, name in enumerate(_BOOKS):
        for strategy in range(strategies):
            trades = record[name][strategy]
            if trades:
                place = (book, strategy, slice(width - len(trades), None))
                r_multiple[place], pnl_frac[place] = np.array(trades, np.float64).T
    return LastTrades(r_multiple, pnl_frac)


def _rows(first: IntArray, second: IntArray) -> list[list[int]]:
    """Return [place..., first, second] wherever one of two arrays of counts is not 0."""
    places = np.argwhere((first != 0) | (second != 0))
    return [[*place, int(first[tuple(place)]), int(second[tuple(place)])] for place in places.tolist()]


def _filled(rows: list[list[int]], *arrays: IntArray) -> tuple[IntArray, IntArray]:
    first, second = (array.copy() for array in arrays)
    for *place, one, other in rows:
        first[tuple(place)], second[tuple(place)] = one, other
    return first, second


def _table_record(table: ArmTable) -> dict[str, Any]:
    """Return [cell, arm, Q, trades, weight, total] of every arm that was tried, and the windows that are not empty."""
    arms = [
        [cell, arm, *(array[cell, arm].item() for array in (table.q, table.count, table.weight, table.total))]
        for cell, arm in np.argwhere(table.count > 0).tolist()
    ]
    recent = [[cell, [list(trade) for trade in table.recent[cell]]] for cell in sorted(table.recent)]
    return {"arms": arms, "recent": recent}


def _table(record: Mapping[str, Any], empty: ArmTable) -> ArmTable:
    q, count, weight, total = empty.q.copy(), empty.count.copy(), empty.weight.copy(), empty.total.copy()
    for cell, arm, *numbers in record["arms"]:
        q[cell, arm], count[cell, arm], weight[cell, arm], total[cell, arm] = numbers
    recent = {int(cell): tuple((int(arm), float(r)) for arm, r in trades) for cell, trades in record["recent"]}
    return ArmTable(empty.regimes, q, count, weight, total, recent)
