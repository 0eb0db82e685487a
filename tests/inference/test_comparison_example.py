"""The worked example of a comparison: two shares bought and held, every figure that is computed and not drawn."""

from __future__ import annotations

import pytest
from public_series import twenty_stocks

from stratkit.inference.comparison import Arm, PairComparison, Question
from stratkit.inference.paired_comparison import compare_pair

JPM, LLY = 8, 10  # columns of its 20 shares, which are in alphabetical order


@pytest.fixture(scope="module")
def example() -> PairComparison:
    returns = twenty_stocks()[-1500:]  # 2017-01-13 to 2022-12-28
    return compare_pair(Arm("LLY", returns[:, LLY].copy()), Arm("JPM", returns[:, JPM].copy()), Question())


def test_what_was_earned_and_risked(example: PairComparison) -> None:
    rows = {row.metric: row for row in example.rows}
    assert [round(rows["mean"].a, 3), round(rows["mean"].b, 3), round(rows["mean"].difference, 3)] == [
        0.321,
        0.145,
        0.176,
    ]
    assert [round(rows["sharpe"].a, 3), round(rows["sharpe"].b, 3)] == [1.142, 0.480]
    assert [round(rows["sortino"].a, 3), round(rows["sortino"].b, 3)] == [1.835, 0.709]
    assert [round(rows["max_drawdown"].a, 3), round(rows["max_drawdown"].b, 3)] == [-0.225, -0.436]
    assert (example.n, example.different, round(example.correlation, 3)) == (1500, 1500, 0.284)


def test_the_primary_test(example: PairComparison) -> None:
    primary = example.primary
    assert primary is not None
    assert round(primary.difference, 3) == 0.662
    assert primary.statistic == pytest.approx(1.351, abs=6e-4)  # 1.3515, cut in the example
    assert round(primary.se_period * 252**0.5, 3) == 0.490
    assert (primary.block, primary.reps) == (2, 4999)
    assert [each.block for each in primary.sensitivity] == [1, 2, 4]
    # drawn, there with another generator: p 0.182 with an error of 0.005, the interval -0.310 to 1.633
    assert primary.p_value == pytest.approx(0.182, abs=4 * 0.0055)
    assert primary.interval.low == pytest.approx(-0.310, abs=0.05)
    assert primary.interval.high == pytest.approx(1.633, abs=0.05)


def test_the_checks(example: PairComparison) -> None:
    p_values = [round(check.p_value, 3) for check in example.checks]
    assert p_values[:5] == [0.175, 0.177, 0.178, 0.217, 0.041]  # HAC, prewhitened, JKM, Newey-West(7), Wilcoxon


def test_what_could_have_been_found(example: PairComparison) -> None:
    assert example.power is not None
    assert round(example.power.detectable, 2) == 1.37
    assert round(example.power.observed, 2) == 0.66
    assert round(example.power.needed) == 6484
    assert round(example.power.needed_years, 1) == 25.7
    assert example.power.needed_by == "JKM"


def test_the_warning_and_the_verdict(example: PairComparison) -> None:
    assert [line.code for line in example.warnings] == ["TEST_DISAGREE"]
    assert example.warnings[0].sentence.startswith("Wilcoxon signed rank rejects, the primary test does not")
    assert example.verdict.text == "NO DETECTABLE DIFFERENCE (underpowered)"
