"""`ab_test`: arms with what they earned, paired, counted in the ledger and compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.arm_comparison import compare_arms
from stratkit.inference.comparison import Comparison, Question, SequentialPlan, WarningLine
from stratkit.inference.multiplicity import benjamini_hochberg
from stratkit.research.ab_arms import arm_letters
from stratkit.research.ab_fitted import fitted_warning
from stratkit.research.ab_pairing import PairedArms, pair_arms
from stratkit.research.ab_source import ArmSource, names_apart, on_periods
from stratkit.research.ab_test import ABTest, ArmFacts
from stratkit.runs.ab_looks import ABLook, experiment_of
from stratkit.runs.facts import read_json
from stratkit.runs.ledger import TrialLedger
from stratkit.runs.ledger_entry import LedgerEntry
from stratkit.runs.ledger_evidence import evidence_record, judged_run, ledger_evidence
from stratkit.runs.own_trial import EVIDENCE

PEEKING: Final = "PEEKING"
TRADES_SUMMED: Final = "TRADES_SUMMED"
SEVERAL_BARS: Final = "DIFFERENT_BARS"


@dataclass(frozen=True)
class Asked:
    """What is asked of the arms.

    `periods_per_year` replaces the count of the periods, None = counted; `sequential` None = one look at a fixed
    horizon; `false_discovery` asks for the p values of Benjamini and Hochberg as well.
    """

    question: Question
    periods_per_year: float | None = None
    sequential: SequentialPlan | None = None
    false_discovery: bool = False


def paired_sources(sources: Sequence[ArmSource], asked: Asked) -> tuple[tuple[ArmSource, ...], PairedArms]:
    """Return the arms, all with periods and names of their own, and what they earned in those that all have.

    Raises `DataError` for arms that cannot be paired, `UsageError` for a metric of trades where an arm's are unknown.
    """
    letters = arm_letters(len(sources))
    names = names_apart([one.name for one in sources], letters)
    laid = tuple(replace(one, name=name) for one, name in zip(on_periods(sources), names, strict=True))
    _check_trades(laid, letters, asked.question)
    series = [one.series for one in laid if one.series is not None]
    return laid, pair_arms(series, names, letters, asked.periods_per_year)


def ab_test(
    sources: Sequence[ArmSource], paired: PairedArms, asked: Asked, ledger: TrialLedger | None, *, test_id: str,
    command: str,
) -> ABTest:  # fmt: skip
    """Compare arms that are paired, and count them: trials that were replayed for this, and that it was looked at.

    `ledger` None counts nothing. Enter the test itself with `look_of` once it is kept.
    """
    letters = arm_letters(len(sources))
    question = replace(asked.question, periods_per_year=paired.per_year)
    if ledger is not None:
        ledger.add(replayed_entries(sources), [test_id])
    experiment, answer = experiment_of([one.identity for one in sources]), _answer(paired, question, asked)
    before = [] if ledger is None else ledger.looks(experiment)
    warnings = [
        *_fitted(sources, letters, paired, ledger), *_bars(sources), *_of_trades(sources, letters, question),
        *_peeking(before, answer, asked),
    ]  # fmt: skip
    comparison = compare_arms(
        paired.arms, paired.times, question, sequential=asked.sequential, warnings=tuple(warnings)
    )
    return ABTest(
        tuple(_facts(one, letter, place, paired, ledger) for place, (letter, one) in enumerate(zip(letters, sources))),
        comparison, paired.times, paired.spacing, len(before), command, test_id, experiment, answer, paired.source,
        _false_discovery(comparison) if asked.false_discovery else (),
    )  # fmt: skip


def look_of(test: ABTest) -> ABLook:
    """Return the look that an A/B test was, for the ledger."""
    return ABLook(test.test_id, test.experiment, test.answer)


def replayed_entries(sources: Sequence[ArmSource]) -> list[LedgerEntry]:
    """Return the ledger entries of the arms that were replayed for this test; runs have theirs."""
    return [one.tried.entry for one in sources if one.tried is not None and one.record is None]


def _facts(source: ArmSource, letter: str, place: int, paired: PairedArms, ledger: TrialLedger | None) -> ArmFacts:
    assert source.series is not None  # laid on periods
    times = source.series.times
    run_id = source.record.run_id if source.record else source.tried.entry.run_id if source.tried else ""
    return ArmFacts(
        letter, source.name, source.typed, source.kind, run_id, int(times[0]), int(times[-1]), len(times),
        paired.unmatched[place], source.values, _evidence(source, ledger),
    )  # fmt: skip


def _evidence(source: ArmSource, ledger: TrialLedger | None) -> Mapping[str, Any]:
    """Return what the ledger says of an arm; of a run in another folder what its own folder says."""
    tried = source.tried
    if tried is None or ledger is None:
        return {}
    if source.record is not None and source.record.folder.parent.resolve() != ledger.folder.resolve():
        kept = source.record.path(EVIDENCE)
        return read_json(kept) if kept.exists() else {}
    judged = judged_run(tried.entry, tried.manifest, tried.card)
    if judged is None:
        return {}
    return evidence_record(ledger_evidence(ledger, tried.entry.key, judged, tried.entry.seed), judged.per_year)


def _fitted(
    sources: Sequence[ArmSource], letters: Sequence[str], paired: PairedArms, ledger: TrialLedger | None
) -> list[WarningLine]:
    found = []
    for letter, one in zip(letters, sources, strict=True):
        alike = [] if ledger is None or one.tried is None else ledger.alike(one.tried.entry.key)
        found.append(fitted_warning(letter, one, alike, paired.times))
    return [line for line in found if line is not None]


def _bars(sources: Sequence[ArmSource]) -> list[WarningLine]:
    """Warn of arms that were tried on different symbols: market and strategy then differ at once."""
    symbols = list(dict.fromkeys(one.tried.entry.key.symbols for one in sources if one.tried is not None))
    if len(symbols) < 2:
        return []
    shown = " and ".join(", ".join(one[:3]) + (" ..." if len(one) > 3 else "") for one in symbols[:2])
    sentence = f"the arms trade different symbols ({shown}): a difference may be the market's, not the strategy's"
    return [WarningLine(SEVERAL_BARS, sentence)]


def _of_trades(sources: Sequence[ArmSource], letters: Sequence[str], question: Question) -> list[WarningLine]:
    of_trades = [letter for letter, one in zip(letters, sources, strict=True) if one.kind == "trades"]
    if not of_trades or question.metric in ("win_rate", "profit_factor"):
        return []
    days = "; days on which nobody closed one are left out" if len(of_trades) == len(sources) else ""
    return [
        WarningLine(
            TRADES_SUMMED,
            f"{' and '.join(of_trades)}: a file of trades has no equity; the return of a period is the sum of the "
            f"trades closed in it, 0 where none was, as if each had staked the whole account{days}",
        )
    ]


def _peeking(before: Sequence[ABLook], answer: str, asked: Asked) -> list[WarningLine]:
    if not before or asked.sequential is not None:
        return []
    times = "once" if len(before) == 1 else f"{len(before)} times"
    others = sum(look.answer != answer for look in before)
    if not others:
        told = "with these very returns and this question: the answer is the same, and nothing is lost by it"
    else:
        which = "" if others == len(before) else f"{others} of them "
        told = (
            f"{which}with other returns or another question: with every look the chance of a false find grows beyond "
            "alpha; use --sequential, or decide by the first"
        )
    return [WarningLine(PEEKING, f"this experiment was tested {times} before, {told}")]


def _check_trades(sources: Sequence[ArmSource], letters: Sequence[str], question: Question) -> None:
    if question.metric not in ("win_rate", "profit_factor"):
        return
    for letter, one in zip(letters, sources, strict=True):
        if one.series is not None and one.series.trades is None:
            raise UsageError(
                f"--metric {question.metric} must know the trades of each arm; {letter} ({one.typed}) is a file of "
                f"{one.kind}: give a run, a strategy or a file of trades, or another metric"
            )


def _false_discovery(comparison: Comparison) -> tuple[float, ...]:
    raw = [1.0 if pair.primary is None else pair.primary.p_value for pair in comparison.pairs]
    return tuple(float(p) for p in benjamini_hochberg(np.array(raw)))


def _answer(paired: PairedArms, question: Question, asked: Asked) -> str:
    plain = {**asdict(question), "sequential": None if asked.sequential is None else asdict(asked.sequential)}
    whole = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    returns = [arm.returns for arm in paired.arms]
    if question.alternative == "two-sided":  # B against A asks the same then
        returns.sort(key=lambda one: one.tobytes())
    for array in (paired.times, *returns):
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()
