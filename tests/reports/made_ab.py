"""A/B tests made up: two arms or many, with seeded figures that hang together as those of a real test would."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np

from stratkit.inference.comparison import (
    ArmRow,
    BlockSensitivity,
    ComparedRow,
    Comparison,
    Equivalence,
    Look,
    ManyArms,
    PairComparison,
    PairVerdict,
    PowerFacts,
    PrimaryTest,
    Question,
    Sequential,
    WarningLine,
)
from stratkit.inference.interval import Interval
from stratkit.inference.test_result import TestResult
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.reports.ab_content import ABContent
from stratkit.research.ab_test import ABTest, ArmFacts

NORMAL = NormalDist()
NAMES = ("moving_average_cross", "rsi_reversion", "donchian_breakout", "x" * 40, "buy_and_hold", "bollinger")
LETTERS = "ABCDEFGH"
ROOT = math.sqrt(252)


def ab_content(arms: int = 2, n: int = 1500, seed: int = 4, margin: float | None = 0.3, **changes: Any) -> ABContent:
    """Return what the page of `arms` arms on `n` daily periods shows; `changes` are laid over its comparison."""
    returns = _returns(arms, n, seed)
    times = (17_180 + np.arange(n)) * NS_PER_DAY
    names = NAMES[:arms]
    question = Question(margin=margin)
    pairs = tuple(_pair(returns, names, other, question, seed) for other in range(1, arms))
    comparison = Comparison(
        question=question,
        names=names,
        times=times,
        returns=returns,
        equity=_equity(returns),
        pairs=pairs,
        many=_many(names, returns, pairs) if arms > 2 else None,
        sequential=None,
        warnings=pairs[0].warnings,
        verdict=pairs[0].verdict,
    )
    comparison = replace(comparison, **changes)
    facts = tuple(_arm(at, name, times, n) for at, name in enumerate(names))
    command = "stratkit abtest " + " ".join(f"strategy:{name}" for name in names)
    return ABContent(f"{names[0]} against {names[1]}", ABTest(facts, comparison, times, "daily", 2, command))


def identical_content() -> ABContent:
    """Return what the page of an arm against itself shows: no test was run."""
    content = ab_content(margin=None)
    same = content.test.comparison
    verdict = PairVerdict("equivalent", "EQUIVALENT", "Both arms earn the same in every period: no test was run.")
    pair = replace(
        same.first,
        primary=None,
        power=None,
        equivalence=None,
        checks=(),
        different=0,
        correlation=1.0,
        verdict=verdict,
        warnings=(WarningLine("IDENTICAL", "The returns of both arms are the same in all 1,500 periods."),),
    )
    twice = np.repeat(same.returns[:, :1], 2, axis=1)
    comparison = replace(
        same,
        pairs=(pair,),
        verdict=verdict,
        warnings=pair.warnings,
        returns=twice,
        equity=_equity(twice),
    )
    return replace(content, test=replace(content.test, comparison=comparison))


def watched(mode: str = "always-valid", looks: int = 24) -> Sequential:
    """Return a sequential comparison that could have been stopped at its 15th look."""
    found = tuple(_look(mode, look, looks) for look in range(1, looks + 1))
    words = "The difference left 0 for good after 938 periods: the comparison could have been stopped there."
    return Sequential(mode, found, 938, 1500 if mode == "alpha-spending" else None, words)  # type: ignore[arg-type]  # one of two words


def _look(mode: str, look: int, looks: int) -> Look:
    n = 1500 * look // looks
    difference = 0.66 + 1.1 * math.exp(-look / 4) * math.cos(look)
    reach = 0.95 * math.sqrt(1500 / n) * (1.35 if mode == "always-valid" else 1.0)
    boundary = 2.04 / math.sqrt(look / looks) if mode == "alpha-spending" else math.nan
    return Look(
        n,
        difference,
        difference - reach,
        difference + reach,
        min(1.0, 3.0 / look**1.6),
        2.6 * math.sqrt(n / 1500),
        boundary,
    )


def _returns(arms: int, n: int, seed: int) -> FloatArray:
    draw = np.random.default_rng(seed)
    common = draw.standard_t(5, n) * 0.006
    own = draw.standard_t(5, (n, arms)) * 0.007
    drift = np.linspace(0.0006, 0.0003, arms)
    returns: FloatArray = drift + common[:, None] + own
    return returns


def _equity(returns: FloatArray) -> FloatArray:
    equity: FloatArray = np.cumprod(1 + returns, axis=0).astype(np.float64)
    return equity


def _sharpe(returns: FloatArray) -> float:
    return float(returns.mean() / returns.std(ddof=1)) * ROOT


def _pair(returns: FloatArray, names: tuple[str, ...], other: int, question: Question, seed: int) -> PairComparison:
    a, b = returns[:, 0], returns[:, other]
    n, draw = len(a), np.random.default_rng((seed, other))
    correlation = float(np.corrcoef(a, b)[0, 1])
    difference = _sharpe(a) - _sharpe(b)
    se = ROOT * math.sqrt(2 * (1 - correlation) / n)
    drawn = difference + se * draw.standard_t(8, question.reps)
    interval = Interval(difference, difference - 2.02 * se, difference + 2.02 * se, 0.95, "studentized block bootstrap")
    p = max(2 * (1 - NORMAL.cdf(abs(difference) / se)), 1 / (question.reps + 1))
    primary = PrimaryTest(
        metric="sharpe",
        hypothesis="the Sharpe ratio of A equals that of B, two-sided",
        test="Ledoit-Wolf studentized circular block bootstrap",
        difference=difference,
        interval=interval,
        difference_period=difference / ROOT,
        se_period=se / ROOT,
        se_name="prewhitened HAC",
        statistic=abs(difference) / se,
        p_value=p,
        p_error=math.sqrt(p * (1 - p) / question.reps),
        block=4,
        block_rule="Politis-White on the influence function",
        reps=question.reps,
        seed=question.seed,
        sensitivity=tuple(
            BlockSensitivity(block, p * shift, 0.0055) for block, shift in ((2, 1.01), (4, 1.0), (8, 0.97))
        ),
        drawn=drawn,
    )
    letters = ("A", LETTERS[other])
    verdict = PairVerdict(
        "no-difference",
        "NO DETECTABLE DIFFERENCE (underpowered)",
        f"The Sharpe ratio of {letters[0]} is {difference:.2f} above that of {letters[1]}, but a gap of that size is "
        "lost in the noise of so few periods: about four times as many would be needed.",
    )
    return PairComparison(
        names=(names[0], names[other]),
        letters=letters,
        n=n,
        correlation=correlation,
        different=n - 3,
        rows=_rows(a, b, interval, se),
        primary=primary,
        checks=_checks(p),
        power=_power(difference, se, n),
        equivalence=None if question.margin is None else _equivalence(difference, se, question.margin),
        warnings=_warnings(),
        verdict=verdict,
    )


def _rows(a: FloatArray, b: FloatArray, interval: Interval, se: float) -> tuple[ComparedRow, ...]:
    mean = float(a.mean() - b.mean()) * 252
    of_mean = Interval(mean, mean - 0.18 * se, mean + 0.18 * se, 0.95, "circular block bootstrap")

    def fall(returns: FloatArray) -> float:
        wealth = np.cumprod(1 + returns)
        return float((wealth / np.maximum.accumulate(wealth) - 1).min())

    return (
        ComparedRow("mean", "fraction", float(a.mean()) * 252, float(b.mean()) * 252, mean, of_mean),
        ComparedRow(
            "volatility", "fraction", float(a.std()) * ROOT, float(b.std()) * ROOT, float(a.std() - b.std()) * ROOT
        ),
        ComparedRow("sharpe", "ratio", _sharpe(a), _sharpe(b), interval.estimate, interval, is_primary=True),
        ComparedRow("sortino", "ratio", 1.4 * _sharpe(a), 1.38 * _sharpe(b), 1.4 * _sharpe(a) - 1.38 * _sharpe(b)),
        ComparedRow("max_drawdown", "fraction", fall(a), fall(b), fall(a) - fall(b)),
    )


def _checks(p: float) -> tuple[TestResult, ...]:
    return (
        TestResult("Ledoit-Wolf HAC", 1.35, p * 0.97, "stationary, weakly dependent returns", 0.03),
        TestResult("Ledoit-Wolf HAC, prewhitened", 1.33, p, "stationary, weakly dependent returns", 0.031),
        TestResult("Jobson-Korkie-Memmel", 1.31, p * 1.02, "independent normal returns", 0.03),
        TestResult(
            "Newey-West mean difference (7 lags)",
            1.2,
            min(1.0, p * 1.2),
            "weakly dependent; the mean, not Sharpe",
            0.0004,
        ),
        TestResult("Wilcoxon signed rank", 2.04, 0.041, "symmetric differences; the median, not Sharpe"),
        TestResult(
            "sign flip of blocks", 1.2, min(1.0, p * 1.19), "symmetric blocks; the mean, not Sharpe", p_error=0.0056
        ),
        TestResult("Diebold-Mariano", math.nan, math.nan, "forecast errors", reason="the arms forecast nothing"),
    )


def _power(difference: float, se: float, n: int) -> PowerFacts:
    gaps = np.linspace(0, 4.5 * se, 61)
    powers = np.array([NORMAL.cdf(gap / se - 1.96) + NORMAL.cdf(-gap / se - 1.96) for gap in gaps])
    needed = n * (2.8 * se / difference) ** 2
    return PowerFacts(0.8, 2.8 * se, difference, needed, needed / 252, "Jobson-Korkie-Memmel", gaps, powers)


def _equivalence(difference: float, se: float, margin: float) -> Equivalence:
    interval = Interval(difference, difference - 1.68 * se, difference + 1.68 * se, 0.9, "studentized block bootstrap")
    return Equivalence(margin, interval, 0.71, 0.0064, False)


def _warnings() -> tuple[WarningLine, ...]:
    return (
        WarningLine("TEST_DISAGREE", "Wilcoxon rejects, the primary test does not; it tests a different hypothesis."),
        WarningLine("PEEKING", "This experiment was tested twice before; the p value knows nothing of those looks."),
    )


def _many(names: tuple[str, ...], returns: FloatArray, pairs: tuple[PairComparison, ...]) -> ManyArms:
    first = ArmRow(names[0], "A", _sharpe(returns[:, 0]), 0.0, None, math.nan, math.nan, math.nan, 0.0, True, 1.0)
    others = []
    for at, pair in enumerate(pairs, 1):
        test = pair.primary
        assert test is not None
        others.append(
            ArmRow(
                names[at],
                LETTERS[at],
                _sharpe(returns[:, at]),
                test.difference,
                test.interval,
                test.p_value,
                min(1.0, test.p_value * len(pairs)),
                min(1.0, test.p_value * 0.8 * len(pairs)),
                test.p_error,
                at < 3,
                0.4 / at,
            )
        )
    return ManyArms((first, *others), 0.21, 0.24, 0.31, 0.006, 0.9, 4, 4999)


def _arm(at: int, name: str, times: Any, n: int) -> ArmFacts:
    is_file = at == 4
    evidence: dict[str, Any] = (
        {}
        if is_file
        else {
            "trials": 37,
            "effective_trials": 9.4,
            "psr": 0.97,
            "deflated_sharpe": 0.71,
            "luck_sharpe_ann": 0.62,
            "pbo": None,
            "spa_p": None,
            "reasons": {"pbo": "fewer than 8 trials on these bars", "spa_p": "fewer than 8 trials on these bars"},
        }
    )
    return ArmFacts(
        letter=LETTERS[at],
        name=name,
        source="returns/index.csv" if is_file else f"strategy:{name} fast=10,slow=50",
        kind="returns" if is_file else "strategy",
        run_id="" if is_file else f"20260114-101500-{at}a3f9c1",
        first_ns=int(times[0]),
        last_ns=int(times[-1]),
        n=n + at,
        unmatched=at,
        values={} if is_file else {f"{name}.fast": 10, f"{name}.slow": 50},
        evidence=evidence,
    )
