"""`Comparison`: all arms of an experiment on the periods they share, and one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparable_arms import IDENTICAL, check_arms, check_question, identical_in, obstacle
from stratkit.inference.comparison import (
    Arm,
    Comparison,
    ManyArms,
    PairComparison,
    PairVerdict,
    Question,
    Sequential,
    SequentialPlan,
    WarningLine,
)
from stratkit.inference.comparison_verdict import many_verdict, sequential_verdict
from stratkit.inference.many_comparison import LETTERS, Tests, adjusted_p, many_arms
from stratkit.inference.paired_comparison import Adjusted, compare_pair
from stratkit.inference.primary_comparison import Block, choose_block, measure
from stratkit.inference.sequential_comparison import compare_sequentially
from stratkit.panel import IntArray


def compare_arms(
    arms: Sequence[Arm],
    times: IntArray,
    question: Question,
    *,
    sequential: SequentialPlan | None = None,
    warnings: Sequence[WarningLine] = (),
) -> Comparison:
    """Return the comparison of two arms or more; more than two stand against the first.

    `times` (n,) are the starts of the periods, UTC nanoseconds. Of more than two arms all pairs share their resamples
    and their block length, the longest that any pair needs, and the verdict goes by the p values of Romano and Wolf.
    With a `sequential` plan, for two arms, the verdict goes by its looks and not by the test of all periods at once.
    `warnings` come from outside: what a ledger knows. Raises as `compare_pair` does.
    """
    check_question(question)
    check_arms(arms, question)
    if len(arms) > len(LETTERS):
        raise UsageError(f"at most {len(LETTERS)} arms can be compared at once; found {len(arms)}")
    if times.shape != arms[0].returns.shape:
        raise UsageError(f"each period must have its time; found {times.shape} of {arms[0].returns.shape} returns")
    if sequential is not None and len(arms) > 2:
        raise UsageError(f"a sequential comparison is one of two arms; found {len(arms)}")
    if len(arms) == 2:
        return _of_two(arms, times, question, sequential, warnings)
    return _of_many(arms, times, question, warnings)


def _of_two(
    arms: Sequence[Arm],
    times: IntArray,
    question: Question,
    plan: SequentialPlan | None,
    warnings: Sequence[WarningLine],
) -> Comparison:
    pair = compare_pair(arms[0], arms[1], question, warnings=warnings)
    watched: Sequential | None = None
    if plan is not None and pair.primary is not None:
        watched = compare_sequentially(arms[0], arms[1], question, plan)
        pair = replace(pair, verdict=sequential_verdict(question, watched, pair))
    return _comparison(arms, times, question, (pair,), None, watched, pair.warnings, pair.verdict)


def _of_many(arms: Sequence[Arm], times: IntArray, question: Question, warnings: Sequence[WarningLine]) -> Comparison:
    first, others = arms[0], arms[1:]
    states = [_state(first, arm, question, LETTERS[place + 1]) for place, arm in enumerate(others)]
    block = _common_block(first, others, question, states)
    tests: Tests = [
        state or measure(first, arm, question, block=block, letters=("A", LETTERS[place + 1]))
        for place, (arm, state) in enumerate(zip(others, states, strict=True))
    ]
    stepped = adjusted_p(tests, question)
    source = f"by Romano and Wolf for {len(others)} comparisons"
    pairs = tuple(
        compare_pair(
            first, arm, question, letters=("A", LETTERS[place + 1]), warnings=warnings,
            measured=None if isinstance(test, str) else test, adjusted=Adjusted(float(stepped[place]), source),
        )
        for place, (arm, test) in enumerate(zip(others, tests, strict=True))
    )  # fmt: skip
    many = many_arms(arms, question, tests, block)
    return _comparison(
        arms, times, question, pairs, many, None, _gathered(pairs, warnings), many_verdict(question, pairs)
    )


def _state(first: Arm, arm: Arm, question: Question, letter: str) -> str:
    """Return why an arm is not tested against the first, empty when it is."""
    reason = obstacle(first, arm, question, ("A", letter))
    if reason:
        return reason
    return IDENTICAL if identical_in(first, arm, question) else ""


def _common_block(first: Arm, others: Sequence[Arm], question: Question, states: Sequence[str]) -> Block:
    blocks = [choose_block(first, arm, question) for arm, state in zip(others, states, strict=True) if not state]
    if not blocks:
        return Block(question.block or 1, "none needed")
    longest = max(blocks, key=lambda block: block.length)
    return longest if question.block is not None else Block(longest.length, f"{longest.rule}, the longest of all pairs")


def _gathered(pairs: Sequence[PairComparison], outside: Sequence[WarningLine]) -> tuple[WarningLine, ...]:
    """Return the warnings from outside once, then those of each pair with its letters."""
    own = (
        WarningLine(line.code, f"{' against '.join(pair.letters)}: {line.sentence}")
        for pair in pairs
        for line in pair.warnings[len(outside) :]
    )
    return (*outside, *own)


def _comparison(
    arms: Sequence[Arm],
    times: IntArray,
    question: Question,
    pairs: tuple[PairComparison, ...],
    many: ManyArms | None,
    sequential: Sequential | None,
    warnings: tuple[WarningLine, ...],
    verdict: PairVerdict,
) -> Comparison:
    returns = np.column_stack([arm.returns for arm in arms])
    return Comparison(
        question=question,
        names=tuple(arm.name for arm in arms),
        times=times,
        returns=returns,
        equity=np.asarray(np.cumprod(1 + returns, axis=0)),
        pairs=pairs,
        many=many,
        sequential=sequential,
        warnings=warnings,
        verdict=verdict,
    )
