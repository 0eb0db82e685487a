"""Two arms compared: what is tested, what is shown beside it, and what is not tested at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stratkit.errors import DataError, UsageError
from stratkit.inference.comparison import Arm, ComparedMetric, PairComparison, Question, TradeFlows, WarningLine
from stratkit.inference.comparison_rows import max_drawdown
from stratkit.inference.paired_comparison import compare_pair
from stratkit.panel import FloatArray

QUICK = Question(reps=499)
TEN_BP = 0.001


def returns(n: int = 600, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0004, 0.01, n)


def codes(found: PairComparison) -> list[str]:
    return [line.code for line in found.warnings]


@pytest.mark.parametrize("metric", ["sharpe", "mean", "sortino"])
def test_ten_basis_points_a_day_more_are_better_from_either_side(metric: ComparedMetric) -> None:
    a, b = Arm("a", returns()), Arm("b", returns() + TEN_BP)
    question = replace(QUICK, metric=metric)
    straight, swapped = compare_pair(a, b, question), compare_pair(b, a, question)
    assert (straight.verdict.text, swapped.verdict.text) == ("B BETTER", "A BETTER")
    assert straight.primary is not None
    assert swapped.primary is not None
    assert straight.primary.p_value == swapped.primary.p_value == 1 / 500
    assert straight.primary.difference == pytest.approx(-swapped.primary.difference)


def test_a_constant_difference_of_means_is_certain_and_says_so() -> None:
    question = replace(QUICK, metric="mean")
    found = compare_pair(Arm("a", returns()), Arm("b", returns() + TEN_BP), question)
    assert codes(found) == ["CONSTANT_DIFF"]
    assert found.primary is not None
    assert (found.primary.se_period, found.primary.interval.low) == (0.0, found.primary.interval.high)
    assert found.primary.difference == pytest.approx(-0.252)
    assert found.power is not None
    assert found.power.detectable == 0.0


def test_a_constant_difference_the_other_way_is_no_answer_to_a_one_sided_question() -> None:
    question = replace(QUICK, metric="mean", alternative="greater")
    a, b = Arm("a", returns()), Arm("b", returns() + TEN_BP)
    assert compare_pair(a, b, question).verdict.kind == "no-difference"
    assert compare_pair(b, a, question).verdict.text == "A BETTER"


@pytest.mark.parametrize("metric", ["sharpe", "mean", "sortino", "calmar"])
def test_an_arm_against_itself_is_recognised_and_not_tested(metric: ComparedMetric) -> None:
    found = compare_pair(Arm("a", returns()), Arm("b", returns().copy()), replace(QUICK, metric=metric))
    assert (found.verdict.kind, found.verdict.text) == ("equivalent", "EQUIVALENT (identical returns)")
    assert (found.primary, found.power, found.checks, found.different) == (None, None, (), 0)
    assert codes(found) == ["IDENTICAL"]
    assert {row.difference for row in found.rows} == {0.0}


def test_returns_that_differ_by_rounding_are_identical() -> None:
    equity = np.cumprod(1 + returns())
    again = np.diff(equity, prepend=1.0) / np.concatenate(([1.0], equity[:-1]))
    assert not np.array_equal(again, returns())
    found = compare_pair(Arm("a", returns()), Arm("b", again), QUICK)
    assert (found.verdict.text, found.different) == ("EQUIVALENT (identical returns)", 0)


def test_twice_the_stake_is_the_same_sharpe_ratio_and_another_mean() -> None:
    a, b = Arm("a", returns()), Arm("b", 2 * returns())
    sharpe = compare_pair(a, b, QUICK)
    assert sharpe.verdict.text == "EQUIVALENT (identical Sharpe ratio)"
    assert codes(sharpe) == ["IDENTICAL"]
    assert compare_pair(a, b, replace(QUICK, metric="mean")).primary is not None


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (returns(19), returns(19, 2), "19 periods, at least 20 are needed"),
        (returns(), np.full(600, 0.001), "the returns of B do not vary"),
        (np.zeros(600), returns(), "the returns of A do not vary"),
    ],
)
def test_arms_that_nothing_can_be_said_of_are_invalid(a: FloatArray, b: FloatArray, said: str) -> None:
    found = compare_pair(Arm("a", a), Arm("b", b), QUICK)
    assert (found.verdict.kind, found.verdict.text) == ("invalid", f"INVALID ({said})")
    assert found.primary is None


def test_a_metric_that_an_arm_does_not_have_is_invalid() -> None:
    rising = Arm("a", np.abs(returns()))
    assert compare_pair(rising, Arm("b", returns()), replace(QUICK, metric="sortino")).verdict.text == (
        "INVALID (A has no Sortino ratio)"
    )
    assert compare_pair(Arm("b", returns()), rising, replace(QUICK, metric="calmar")).verdict.text == (
        "INVALID (B has no Calmar ratio)"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 0.5}, "alpha"),
        ({"reps": 98}, "99 resamples"),
        ({"margin": 0.0}, "margin"),
        ({"block": 0}, "block"),
        ({"block": 301}, "half the 600"),
        ({"power": 1.0}, "power"),
        ({"periods_per_year": 0.0}, "year"),
    ],
)
def test_a_question_without_an_answer_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compare_pair(Arm("a", returns()), Arm("b", returns(seed=2)), replace(QUICK, **change))


@pytest.mark.parametrize(
    ("b", "said"),
    [
        (returns(599), "same periods"),
        (np.where(np.arange(600) == 5, np.nan, returns()), "finite"),
        (np.where(np.arange(600) == 5, -1.5, returns()), "-100%"),
    ],
)
def test_returns_that_are_none_are_refused(b: FloatArray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        compare_pair(Arm("a", returns()), Arm("b", b), QUICK)


def flows(n: int, share: float, seed: int) -> TradeFlows:
    draw = np.random.default_rng(seed)
    closed = draw.poisson(0.5, n).astype(float)
    won = draw.binomial(closed.astype(int), share).astype(float)
    profit, loss = won * draw.uniform(50, 150, n), (closed - won) * draw.uniform(50, 150, n)
    return TradeFlows(closed, won, profit, loss)


def test_trades_are_compared_by_ratios_of_means() -> None:
    a, b = Arm("a", returns(), flows(600, 0.8, 1)), Arm("b", returns(seed=2), flows(600, 0.4, 2))
    for metric in ("win_rate", "profit_factor"):
        found = compare_pair(a, b, replace(QUICK, metric=metric))
        assert found.verdict.text == "A BETTER"
        [row] = [row for row in found.rows if row.is_primary]
        assert row.metric == metric
        assert row.interval is not None
        assert row.difference == pytest.approx(row.a - row.b)
    assert a.flows is not None
    wins = {row.metric: row.a for row in found.rows}["win_rate"]
    assert wins == pytest.approx(a.flows.won.sum() / a.flows.closed.sum())


def test_a_metric_of_trades_needs_trades() -> None:
    a, b = Arm("a", returns(), flows(600, 0.8, 1)), Arm("b", returns(seed=2))
    with pytest.raises(UsageError, match="those of b are not known"):
        compare_pair(a, b, replace(QUICK, metric="win_rate"))
    few = TradeFlows(*(np.zeros(600) for _ in range(4)))
    found = compare_pair(a, Arm("b", returns(seed=2), few), replace(QUICK, metric="win_rate"))
    assert found.verdict.text == "INVALID (B closed 0 trades, at least 10 are needed)"


def test_a_calmar_ratio_is_compared_along_the_path() -> None:
    a, b = Arm("a", returns() + 0.003), Arm("b", returns(seed=2))
    found = compare_pair(a, b, replace(QUICK, metric="calmar"))
    assert found.primary is not None
    assert found.primary.block >= 25  # the root of 600: drawdowns last
    [row] = [row for row in found.rows if row.is_primary]
    assert found.primary.difference == pytest.approx(row.a - row.b)
    assert found.verdict.text == "A BETTER"


def test_rows_describe_and_only_the_mean_and_the_primary_are_tested() -> None:
    found = compare_pair(Arm("a", returns()), Arm("b", returns(seed=2)), QUICK)
    rows = {row.metric: row for row in found.rows}
    assert list(rows) == ["mean", "volatility", "sharpe", "sortino", "max_drawdown", "calmar"]
    assert [key for key, row in rows.items() if row.interval is not None] == ["mean", "sharpe"]
    a = returns()
    assert rows["mean"].a == pytest.approx(a.mean() * 252)
    assert rows["volatility"].a == pytest.approx(a.std(ddof=1) * 252**0.5)
    assert rows["sharpe"].a == pytest.approx(a.mean() / a.std(ddof=1) * 252**0.5)
    assert rows["sortino"].a == pytest.approx(a.mean() / np.sqrt(np.mean(np.minimum(a, 0) ** 2)) * 252**0.5)
    growth = np.prod(1 + a) ** (252 / 600) - 1
    assert rows["calmar"].a == pytest.approx(growth / -rows["max_drawdown"].a)


def test_a_drawdown_begins_before_the_first_return() -> None:
    assert max_drawdown(np.array([-0.1, 0.05])) == pytest.approx(-0.1)


def test_the_risk_free_rate_is_taken_off_the_sharpe_ratio() -> None:
    a, b = Arm("a", returns()), Arm("b", returns(seed=2))
    plain, less = compare_pair(a, b, QUICK), compare_pair(a, b, replace(QUICK, risk_free_ann=0.05))
    row = {row.metric: row for row in less.rows}["sharpe"]
    assert row.a == pytest.approx((a.returns.mean() - 0.05 / 252) / a.returns.std(ddof=1) * 252**0.5)
    assert plain.primary is not None
    assert less.primary is not None
    assert plain.primary.difference != less.primary.difference
    # taken off both arms, in every test of the panel that is one of Sharpe ratios
    excess = compare_pair(Arm("a", a.returns - 0.05 / 252), Arm("b", b.returns - 0.05 / 252), QUICK)
    assert [check.p_value for check in less.checks] == pytest.approx([check.p_value for check in excess.checks])


def test_the_seed_and_the_block_decide_every_digit() -> None:
    a, b = Arm("a", returns()), Arm("b", returns(seed=2))

    def p(**change: Any) -> float:
        primary = compare_pair(a, b, replace(QUICK, **change)).primary
        assert primary is not None
        return primary.p_value

    assert p() == p()
    assert len({p(), p(seed=1), p(block=7)}) == 3


def test_half_and_twice_the_block_stand_beside_it() -> None:
    primary = compare_pair(Arm("a", returns()), Arm("b", returns(seed=2)), replace(QUICK, block=6)).primary
    assert primary is not None
    assert (primary.block, primary.block_rule) == (6, "given")
    assert [each.block for each in primary.sensitivity] == [3, 6, 12]
    assert primary.sensitivity[1].p_value == primary.p_value


def test_equivalence_is_tested_when_a_margin_is_given() -> None:
    draw = np.random.default_rng(0)
    common = draw.normal(0.0005, 0.01, 2000)
    a, b = Arm("a", common), Arm("b", common + draw.normal(0, 0.0003, 2000))
    found = compare_pair(a, b, replace(QUICK, margin=0.3))
    assert found.equivalence is not None
    assert (found.equivalence.interval.level, found.equivalence.holds) == (0.9, True)
    assert found.verdict.text == "EQUIVALENT (within +-0.3)"
    assert compare_pair(a, b, QUICK).equivalence is None


def test_a_one_sided_question_does_not_find_the_other_side() -> None:
    a, b = Arm("a", returns()), Arm("b", returns() + TEN_BP)
    one_sided = replace(QUICK, alternative="greater")
    assert compare_pair(a, b, one_sided).verdict.kind == "no-difference"
    assert compare_pair(b, a, one_sided).verdict.text == "A BETTER"


def test_warnings_from_outside_come_first() -> None:
    looked = WarningLine("PEEKING", "this experiment was tested 3 times before")
    found = compare_pair(Arm("a", returns(100)), Arm("b", returns(100, 2)), QUICK, warnings=[looked])
    assert codes(found)[:2] == ["PEEKING", "SHORT"]


def test_letters_other_than_a_and_b_stand_in_every_sentence() -> None:
    found = compare_pair(Arm("a", returns()), Arm("d", returns() + TEN_BP), QUICK, letters=("A", "D"))
    assert found.verdict.text == "D BETTER"
    assert found.primary is not None
    assert found.primary.hypothesis == "Sharpe ratio A = Sharpe ratio D, two-sided"
