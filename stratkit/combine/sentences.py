"""`explain`: why a symbol became long, short or neither on a bar, and what the engine made of it, as one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.combine.blend import Blending, directions
from stratkit.combine.codes import VERDICTS
from stratkit.combine.settings import Method
from stratkit.strategies.signals import EXIT, FLAT

_HEARD: Final = ("lead", "agreed", "deduplicated", "outvoted", "over_total_limit")
_ITS_LIMIT: Final = "over its own limit of new opinions per bar"
_ALL_LIMIT: Final = "the limit on new opinions of all strategies per bar"
_SIDES: Final = {1: "long", -1: "short", EXIT: "exit", FLAT: "no opinion"}

# a rule of the engine -> what it says of the intent, to be read after its name
RULE_WORDS: Final = {
    "no_price": "the symbol had no price on the bar of the decision",
    "no_bar": "the symbol had no bar to trade on",
    "no_risk_unit": "there was no usable R to measure the exit plan in",
    "stop_beyond_entry": "the stop was already passed by the price of the entry",
    "target_beyond_entry": "the target was already passed by the price of the entry",
    "exited_this_bar": "the position had left in the same bar",
    "exit_pending": "the other side was still held",
    "short_not_allowed": "the account allows no short positions",
    "cooldown": "entries wait for some bars after a stop",
    "breaker_drawdown": "the breaker on drawdown",
    "breaker_daily_loss": "the breaker on the loss of a day",
    "breaker_consecutive_losses": "the breaker on losses in a row",
    "no_edge": "the closed trades so far give Kelly no edge to bet on",
    "max_at_risk": "the strategy may have no more at risk",
    "max_total_at_risk": "the account may have no more at risk",
    "max_open_positions": "no more positions may be open at once",
    "max_symbol": "one symbol may hold no more of the equity",
    "max_gross_leverage": "the gross exposure may be no larger",
    "max_net": "long minus short may be no larger",
    "cash": "the buying power was short",
    "lot": "quantities are whole lots",
    "min_notional": "the value of the order was too small",
    "volume": "an order may take only a share of what a bar trades",
    "end_of_data": "the data ended",
    "target_rounded_to_zero": "the part to close rounded to nothing",
    "min_trade_weight": "the change of weight was too small",
    "bankrupt": "the account was bankrupt",
    "cancelled": "what came after it called it off",
    "not_reached": "the price did not reach the level of the order",
    "legs": "another leg of its package could not trade as asked",
    "quality": "its quality was below the threshold",
    "suspended": "its strategy was suspended",
    "losing_streak": "its strategy rested after losses in a row in that symbol",
    "not_chosen": "another strategy was chosen there",
}


@dataclass(frozen=True)
class Voice:
    """One strategy in one cell: the side it wanted, its confidence and weight, and the verdict on it by name."""

    name: str
    side: int
    confidence: float
    weight: float
    verdict: str


@dataclass(frozen=True)
class Dealing:
    """What the engine did with an intent: outcome and rule by name, units (NaN = never sized), and the side."""

    outcome: str
    rule: str
    requested: float
    granted: float
    side: int


def explain(
    method: Method,
    symbol: str,
    time: str,
    side: int,
    reason: str,
    lead: str | None,
    voices: Sequence[Voice],
    *,
    weight: float | None = None,
    dealing: Dealing | None = None,
) -> str:
    """Return one sentence on what a symbol became at a time, and why.

    `side` is the blended one, `reason` its name in `REASONS`, `lead` the name of the largest voice. `weight` is the
    blended target weight, if any. For independent books, `voices` holds the one strategy that the book belongs to,
    and the reason is not read.

    >>> said = [Voice("sma_cross", 1, 0.8, 1, "lead"), Voice("dip", -1, 0.4, 1, "outvoted")]
    >>> explain("highest_confidence", "SP500", "2015-06-30", 1, "won", "sma_cross", said)
    '2015-06-30 SP500: long, because sma_cross (0.80) is the most confident; dip wanted short (0.40).'
    """
    leader = next((voice for voice in voices if voice.name == lead), None)
    if method == "independent":
        why, others = _of_a_book(voices[0], side), []
    elif reason == "total_limit":
        why, others = _over_the_total(side), list(voices)
    else:
        why = _why(method, side, reason, leader, voices, weight)
        others = [voice for voice in voices if voice is not leader]
    parts = [f"{time} {symbol}: {_became(side, reason, weight)}, because {why}", _listed(others), _dealt(dealing)]
    return "; ".join(part for part in parts if part) + "."


def voices_at(blending: Blending, bar: int, column: int, weights: Sequence[float] | None = None) -> list[Voice]:
    """Return what each strategy said in one cell, with the weights that held there (None: all 1)."""
    found = []
    for s, entry in enumerate(blending.signals):
        panel = directions(entry.weight[bar]) if entry.weight is not None else np.asarray(entry.side)[bar]
        sure = 1.0 if entry.confidence is None else float(entry.confidence[bar, column])
        verdict = VERDICTS[blending.result.verdict[s, bar, column]]
        weight = 1.0 if weights is None else float(weights[s])
        found.append(Voice(entry.strategy, int(panel[column]), sure, weight, verdict))
    return found


def _became(side: int, reason: str, weight: float | None) -> str:
    if side == FLAT and reason == "total_limit":
        return "no new position"
    if weight is None or math.isnan(weight):
        return _SIDES[side]
    return f"{_SIDES[side]} at a weight of {_figure(weight)}"


def _of_a_book(voice: Voice, side: int) -> str:
    if voice.side == FLAT:
        return f"{voice.name} has no opinion"
    if voice.verdict == "lead":
        return f"{_named(voice)} says so in a book of its own"
    return _clause(voice, in_a_book=True) + (_which_ends(voice) if side == EXIT and voice.side != EXIT else "")


def _over_the_total(side: int) -> str:
    limit = f"{_ALL_LIMIT} left no place"
    return f"{limit}, and the opposite opinion before it is over" if side == EXIT else limit


def _why(
    method: Method, side: int, reason: str, leader: Voice | None, voices: Sequence[Voice], weight: float | None
) -> str:
    if leader is None:
        return _why_nobody(method, reason, voices)
    turned = leader.verdict == "over_strategy_limit"
    if reason == "alone":
        return _turned(leader) if turned else f"{_named(leader)} is the only voice heard"
    by = f"led by {_turned(leader) if turned else _named(leader)}"
    if reason == "agreed":
        return f"all voices heard agree, {by}"
    if method == "highest_confidence":
        return _turned(leader) if turned else _strongest(leader, voices)
    if method == "priority":
        return f"no voice heard goes before {_turned(leader) if turned else _named(leader)} by priority"
    wanted = "an exit" if side == EXIT else _SIDES[side]
    if method == "majority":
        return f"more than half of the votes are for {wanted}, {by}"
    if method == "consensus":
        return f"enough of the votes are for {wanted}, {by}"
    if weight is not None:
        return f"the average of the target weights says so, {by}"
    if side == EXIT:
        return f"exits carry at least half of all weight x confidence, {by}"
    return f"the average of all voices by weight x confidence is {wanted}, {by}"


def _why_nobody(method: Method, reason: str, voices: Sequence[Voice]) -> str:
    if reason == "silent":
        spoke = any(voice.side != FLAT for voice in voices)
        return "no opinion was let through" if spoke else "no strategy has one"
    if reason == "tie":
        return {
            "weighted_average": "the voices add up to nothing",
            "consensus": "two sides have the same share of the votes",
        }[method]
    return {
        "no_majority": "no side has more than half of the votes",
        "below_threshold": "no side has a large enough share of the votes",
        "too_few": "too few strategies want the same",
        "not_unanimous": "the voices heard disagree",
    }[reason]


def _strongest(leader: Voice, voices: Sequence[Voice]) -> str:
    """Return what sets the strongest voice apart, as far as the voices tell."""
    others = [voice for voice in voices if voice is not leader and voice.side != FLAT]
    heard = [voice for voice in others if voice.verdict in (*_HEARD, "over_strategy_limit")]
    strength = leader.weight * leader.confidence
    equal = [voice for voice in heard if voice.verdict in _HEARD and voice.weight * voice.confidence == strength]
    if equal:
        return f"{_named(leader)} takes precedence over {equal[0].name}, which is as strong"
    if any(voice.weight * voice.confidence >= strength for voice in heard):
        return f"{_named(leader)} is the strongest voice heard"
    if any(voice.confidence >= leader.confidence for voice in heard):
        return f"{_named(leader)} has the largest weight x confidence"
    most = all(voice.confidence < leader.confidence for voice in others)
    return f"{_named(leader)} is the most confident" + ("" if most else " of those heard")


def _turned(voice: Voice) -> str:
    """Return the words for a change that was silenced, and became the exit of what it would have replaced."""
    return _clause(voice) + _which_ends(voice)


def _which_ends(voice: Voice) -> str:
    return f", which ends its {_SIDES[-voice.side]}"


def _named(voice: Voice) -> str:
    return f"{voice.name} ({voice.confidence:.2f}{_weighing(voice)})"


def _weighing(voice: Voice) -> str:
    return "" if voice.weight == 1 else f", weight {_figure(voice.weight)}"


def _clause(voice: Voice, in_a_book: bool = False) -> str:
    """Return what became of one voice, without a comma."""
    numbers = f"({voice.confidence:.2f}{_weighing(voice)})"
    if voice.verdict == "agreed":
        return f"{voice.name} agreed {numbers}"
    wanted = f"{voice.name} wanted {'an exit' if voice.side == EXIT else _SIDES[voice.side]} {numbers}"
    return wanted + {
        "deduplicated": " too",
        "over_total_limit": f" over {_ALL_LIMIT}" if in_a_book else "",
        "below_floor": " below the least confidence that is heard",
        "over_strategy_limit": f" {_ITS_LIMIT}",
        "off_schedule": " on a bar off its schedule",
        "disabled": " but weighs nothing" if voice.weight == 0 else " but is switched off",
    }.get(voice.verdict, "")


def _listed(voices: Sequence[Voice]) -> str:
    clauses = [_clause(voice) for voice in voices if voice.side != FLAT]
    return " and ".join(part for part in (", ".join(clauses[:-1]), *clauses[-1:]) if part)


def _dealt(dealing: Dealing | None) -> str:
    if dealing is None:
        return ""
    rule = f"{dealing.rule} ({RULE_WORDS[dealing.rule]})" if dealing.rule else ""
    if dealing.outcome == "breaker_closed":
        return f"from now on no entry is let through by {rule}" if rule else "from now on no entry is let through"
    if dealing.outcome == "breaker_opened":
        return "entries are let through again" + (f" by {rule}" if rule else "")
    done = {1: "bought", -1: "sold", EXIT: "closed"}.get(dealing.side, "traded")
    if dealing.outcome in ("filled", "reduced"):
        cut = dealing.outcome == "reduced" and not math.isnan(dealing.requested)
        units = f"{_figure(dealing.granted)} of {_figure(dealing.requested)}" if cut else _figure(dealing.granted)
        verb = "was" if units == "1" else "were"
        return f"{units} {'unit' if units == '1' else 'units'} {verb} {done}" + (f", cut by {rule}" if rule else "")
    asked = "the intent" if math.isnan(dealing.requested) else f"the intent to trade {_figure(dealing.requested)} units"
    ended = {"refused": "was refused", "expired": "expired", "skipped": "was skipped"}[dealing.outcome]
    by = "by" if dealing.outcome == "refused" else "because of"
    return f"{asked} {ended}" + (f" {by} {rule}" if rule else "")


def _figure(number: float) -> str:
    return f"{number:,.6f}".rstrip("0").rstrip(".")
