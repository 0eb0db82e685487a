"""Sentences say what happened, for every method, reason, verdict, outcome and rule, and nothing false."""

from __future__ import annotations

import math
import re
import warnings
from typing import Any, get_args

import numpy as np
import pytest
from cells import play as play_cells
from cells import said, weighs
from hypothesis import given, settings
from hypothesis import strategies as st
from random_cases import METHODS as KINDS
from random_cases import play, random_case

from stratkit.combine.blend import Blend, Blending
from stratkit.combine.codes import REASONS, VERDICTS
from stratkit.combine.sentences import RULE_WORDS, Dealing, Voice, explain, voices_at
from stratkit.combine.settings import Method
from stratkit.engine.layout import OUTCOMES, RULES

DAY, SYMBOL = "2015-06-30", "SP500"


def sentence(blending: Blending, bar: int = 0, column: int = 0, weights: Any = None, book: int = 0) -> str:
    """What is said of one cell of a blend, or of one strategy's book."""
    voices, result = voices_at(blending, bar, column, weights), blending.result
    if not isinstance(result, Blend):
        return explain(blending.method, SYMBOL, DAY, result.side[book, bar, column], "", None, [voices[book]])
    lead = int(result.lead[bar, column])
    return explain(
        blending.method,
        SYMBOL,
        DAY,
        int(result.side[bar, column]),
        REASONS[result.reason[bar, column]],
        voices[lead].name if lead >= 0 else None,
        voices,
        weight=None if result.weight is None else float(result.weight[bar, column]),
    )


def told(method: Any, voices: list[tuple[int, float]], **options: Any) -> str:
    """What is said of one cell, after the date and the symbol."""
    signals = [said(number, [side], [sure]) for number, (side, sure) in enumerate(voices)]
    text = sentence(play_cells(signals, method, **options), weights=options.get("weights"))
    assert text.startswith("2015-06-30 SP500: ")
    return text.removeprefix("2015-06-30 SP500: ")


def test_the_most_confident_is_named_and_so_are_the_others() -> None:
    assert told("highest_confidence", [(1, 0.8), (-1, 0.4), (1, 0.6)]) == (
        "long, because s0 (0.80) is the most confident; s1 wanted short (0.40) and s2 wanted long (0.60) too."
    )


@pytest.mark.parametrize(
    ("method", "voices", "options", "expected"),
    [
        ("majority", [(0, 1.0)], {}, "no opinion, because no strategy has one."),
        (
            "majority",
            [(1, 0.2)],
            {"min_confidence": 0.5},
            "no opinion, because no opinion was let through; "
            "s0 wanted long (0.20) below the least confidence that is heard.",
        ),
        ("majority", [(-1, 0.2), (0, 1)], {}, "short, because s0 (0.20) is the only voice heard."),
        (
            "priority",
            [(2, 0.2), (2, 0.4)],
            {"priorities": [2, 1]},
            "exit, because all voices heard agree, led by s0 (0.20); s1 agreed (0.40).",
        ),
        (
            "priority",
            [(1, 0.2), (-1, 0.4)],
            {"priorities": [2, 1]},
            "long, because no voice heard goes before s0 (0.20) by priority; s1 wanted short (0.40).",
        ),
        (
            "highest_confidence",
            [(1, 0.5), (-1, 0.4)],
            {"weights": [1.0, 2.5]},
            "short, because s1 (0.40, weight 2.5) has the largest weight x confidence; s0 wanted long (0.50).",
        ),
        (
            "highest_confidence",
            [(1, 0.5), (-1, 0.5)],
            {},
            "long, because s0 (0.50) takes precedence over s1, which is as strong; s1 wanted short (0.50).",
        ),
        (
            "highest_confidence",
            [(1, 0.5), (-1, 0.4), (1, 0.9)],
            {"enabled": [True, True, False]},
            "long, because s0 (0.50) is the most confident of those heard; "
            "s1 wanted short (0.40) and s2 wanted long (0.90) but is switched off.",
        ),
        (
            "highest_confidence",
            [(1, 0.5), (1, 0.4)],
            {"weights": [1.0, 0.0]},
            "long, because s0 (0.50) is the only voice heard; s1 wanted long (0.40, weight 0) but weighs nothing.",
        ),
        (
            "weighted_average",
            [(1, 0.5), (-1, 0.4)],
            {},
            "long, because the average of all voices by weight x confidence is long, led by s0 (0.50); "
            "s1 wanted short (0.40).",
        ),
        (
            "weighted_average",
            [(1, 0.5), (2, 0.5)],
            {},
            "exit, because exits carry at least half of all weight x confidence, led by s1 (0.50); "
            "s0 wanted long (0.50).",
        ),
        (
            "weighted_average",
            [(1, 0.5), (-1, 0.5)],
            {},
            "no opinion, because the voices add up to nothing; s0 wanted long (0.50) and s1 wanted short (0.50).",
        ),
        (
            "majority",
            [(1, 0.5), (-1, 0.4), (1, 0.6)],
            {},
            "long, because more than half of the votes are for long, led by s2 (0.60); "
            "s0 wanted long (0.50) too and s1 wanted short (0.40).",
        ),
        (
            "majority",
            [(1, 0.5), (-1, 0.4)],
            {},
            "no opinion, because no side has more than half of the votes; "
            "s0 wanted long (0.50) and s1 wanted short (0.40).",
        ),
        (
            "consensus",
            [(1, 0.5), (-1, 0.4), (1, 0.6)],
            {},
            "long, because enough of the votes are for long, led by s2 (0.60); "
            "s0 wanted long (0.50) too and s1 wanted short (0.40).",
        ),
        (
            "consensus",
            [(1, 0.5), (2, 0.4)],
            {},
            "no opinion, because no side has a large enough share of the votes; "
            "s0 wanted long (0.50) and s1 wanted an exit (0.40).",
        ),
        (
            "consensus",
            [(1, 0.5), (-1, 0.4)],
            {"threshold": 0.5, "min_strategies": 1},
            "no opinion, because two sides have the same share of the votes; "
            "s0 wanted long (0.50) and s1 wanted short (0.40).",
        ),
        (
            "unanimous",
            [(1, 0.5), (0, 0.4)],
            {},
            "no opinion, because too few strategies want the same; s0 wanted long (0.50).",
        ),
        (
            "unanimous",
            [(1, 0.5), (-1, 0.4)],
            {},
            "no opinion, because the voices heard disagree; s0 wanted long (0.50) and s1 wanted short (0.40).",
        ),
    ],
)
def test_every_reason_has_its_words(
    method: str, voices: list[tuple[int, float]], options: dict[str, Any], expected: str
) -> None:
    assert told(method, voices, **options) == expected


def test_limits_have_their_words() -> None:
    own = play_cells([said(0, [[1, 1], [-1, -1]], [[0.9, 0.2]] * 2)], limits=[1], every_bars=[1])
    assert "short, because s0 (0.90) is the only voice heard" in sentence(own, 1, 0)
    assert sentence(own, 0, 1).endswith(
        "no opinion, because no opinion was let through; s0 wanted long (0.20) over its own limit of new opinions "
        "per bar."
    )
    turned = play_cells([said(0, [[0, 1], [1, -1]], [[0.9, 0.2]] * 2)], limits=[1])
    assert sentence(turned, 1, 1).endswith(
        "exit, because s0 wanted short (0.20) over its own limit of new opinions per bar, which ends its long."
    )
    total = play_cells([said(0, [[1, 0], [-1, 1]], [[0.5, 0.9]] * 2)], max_total=1)
    assert sentence(total, 1, 0).endswith(
        "exit, because the limit on new opinions of all strategies per bar left no place, and the opposite opinion "
        "before it is over; s0 wanted short (0.50)."
    )
    new = play_cells([said(0, [[1, 1]], [[0.5, 0.9]])], max_total=1)
    assert sentence(new).endswith(
        "no new position, because the limit on new opinions of all strategies per bar left no place; "
        "s0 wanted long (0.50)."
    )


def test_books_have_their_words() -> None:
    books = play_cells([said(0, [1, -1, 0, 2], 0.5), said(1, [0, 1, 1, 1], 0.9)], "independent", max_total=1)
    assert sentence(books, 0).endswith("long, because s0 (0.50) says so in a book of its own.")
    assert sentence(books, 1).endswith(
        "exit, because s0 wanted short (0.50) over the limit on new opinions of all strategies per bar, "
        "which ends its long."
    )
    assert sentence(books, 2).endswith("no opinion, because s0 has no opinion.")
    assert sentence(books, 3).endswith("exit, because s0 (0.50) says so in a book of its own.")
    off = play_cells([said(0, [1, 1])], "independent", every_bars=[2])
    assert sentence(off, 1).endswith("no opinion, because s0 wanted long (1.00) on a bar off its schedule.")


def test_averaged_weights_have_their_words() -> None:
    signals = [weighs(0, [0.5, 0.5, 0.0]), weighs(1, [-0.25, -0.5, np.nan])]
    blending = play_cells(signals, "weighted_average")
    assert sentence(blending, 0).endswith(
        "long at a weight of 0.125, because the average of the target weights says so, led by s0 (1.00); "
        "s1 wanted short (1.00)."
    )
    assert "exit at a weight of 0, because the voices add up to nothing; s0" in sentence(blending, 1)
    assert sentence(blending, 2).endswith("exit at a weight of 0, because s0 (1.00) is the only voice heard.")


VOICES = [Voice("trend", 1, 0.8, 1.0, "lead")]


def dealt(*values: Any) -> str:
    """What is said of the engine's part."""
    text = explain("majority", SYMBOL, DAY, 1, "alone", "trend", VOICES, dealing=Dealing(*values))
    return text.split("; ")[-1]


@pytest.mark.parametrize(
    ("dealing", "expected"),
    [
        (("reduced", "max_symbol", 20.0, 12.5, 1),
         "12.5 of 20 units were bought, cut by max_symbol (one symbol may hold no more of the equity)."),
        (("filled", "", 20.0, 20.0, -1), "20 units were sold."),
        (("filled", "", 1.0, 1.0, 2), "1 unit was closed."),
        (("refused", "cash", 1234567.0, 0.0, 1),
         "the intent to trade 1,234,567 units was refused by cash (the buying power was short)."),
        (("refused", "no_price", math.nan, 0.0, 1),
         "the intent was refused by no_price (the symbol had no price on the bar of the decision)."),
        (("expired", "end_of_data", math.nan, 0.0, 1), "the intent expired because of end_of_data (the data ended)."),
        (("skipped", "lot", 0.25, 0.0, 2), "the intent to trade 0.25 units was skipped because of lot "
         "(quantities are whole lots)."),
        (("breaker_closed", "breaker_drawdown", math.nan, 0.0, 0),
         "from now on no entry is let through by breaker_drawdown (the breaker on drawdown)."),
        (("breaker_opened", "breaker_daily_loss", math.nan, 0.0, 0),
         "entries are let through again by breaker_daily_loss (the breaker on the loss of a day)."),
    ],
)  # fmt: skip
def test_what_the_engine_did_has_its_words(dealing: tuple[Any, ...], expected: str) -> None:
    assert dealt(*dealing) == expected


def test_every_rule_of_the_engine_has_words_and_no_other_has() -> None:
    assert set(RULE_WORDS) == set(RULES) - {""}
    assert len(set(RULE_WORDS.values())) == len(RULE_WORDS)


def is_readable(text: str) -> bool:
    """One sentence: it ends once, brackets close, nothing is missing or doubled."""
    words = text.removeprefix(f"{DAY} {SYMBOL}: ")
    return (
        text.endswith(".")
        and not re.search(r"\.( |$)", text[:-1])
        and text.count("(") == text.count(")")
        and not re.search(r"nan|None|  | ,| ;|\(\)|_\.|[;,]\.", words)
    )


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("rule", RULES)
def test_every_outcome_with_every_rule_reads_as_a_sentence(outcome: str, rule: str) -> None:
    for requested in (20.0, math.nan):
        for side in (1, -1, 2, 0):
            text = explain("majority", SYMBOL, DAY, 1, "alone", "trend", VOICES,
                           dealing=Dealing(outcome, rule, requested, 12.5, side))  # fmt: skip
            assert is_readable(text), text
            assert rule in text


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("side", [1, -1, 2])
def test_every_verdict_reads_as_a_sentence(verdict: str, side: int) -> None:
    voice = Voice("dip", side, 0.4, 1.0, verdict)
    for method in get_args(Method):
        voices = [voice] if method == "independent" else [*VOICES, voice]
        assert is_readable(explain(method, SYMBOL, DAY, 1, "won", "trend", voices))
    assert "dip" in explain("majority", SYMBOL, DAY, 1, "alone", "trend", [*VOICES, voice])


def claims_hold(text: str, voices: list[Voice], lead: str | None) -> None:
    """Hold the claims of a sentence against the voices."""
    heard = ("lead", "agreed", "deduplicated", "outvoted", "over_total_limit")
    leader = next((voice for voice in voices if voice.name == lead), None)
    others = [voice for voice in voices if voice is not leader and voice.side != 0]
    if " is the most confident" in text:
        assert leader is not None
        among = [voice for voice in others if voice.verdict in heard] if "of those heard" in text else others
        assert all(voice.confidence < leader.confidence for voice in among)
    if "is the only voice heard" in text:
        assert not [voice for voice in others if voice.verdict in heard]
    if "has the largest weight x confidence" in text:
        assert leader is not None
        strength = leader.weight * leader.confidence
        assert all(voice.weight * voice.confidence < strength for voice in others if voice.verdict in heard)
    if "no strategy has one" in text:
        assert all(voice.side == 0 for voice in voices)
    if " takes precedence" not in text and lead is None:
        assert ", led by" not in text


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_sentence_of_any_blend_is_unreadable_or_false(kind: str, seed: int) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="nothing can trade")
        case = random_case(seed, kind)
        blending = play(case)
    bars, symbols = case.signals[0].shape
    for bar in range(bars):
        for column in range(symbols):
            weights = case.weights[bar]
            text = sentence(blending, bar, column, weights, book=seed % len(case.signals))
            assert is_readable(text), text
            if isinstance(blending.result, Blend):
                voices, place = voices_at(blending, bar, column, weights), int(blending.result.lead[bar, column])
                claims_hold(text, voices, voices[place].name if place >= 0 else None)
