"""The studentized block bootstrap: the authors' p values, a plain twin, its size, and arms that hardly differ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paired_samples import columns, factor, flows_of, funds, pair

from stratkit.errors import UsageError
from stratkit.inference.block_length import circular_block_length
from stratkit.inference.comparison import Arm, ComparedMetric
from stratkit.inference.sharpe_difference import hac_difference
from stratkit.inference.smooth_metrics import SmoothMetric, metric_columns, smooth_metric
from stratkit.inference.studentized_bootstrap import (
    StudentizedBootstrap,
    draw_starts,
    influence,
    studentized_difference,
)
from stratkit.panel import FloatArray
from stratkit.seeds import generator

SHARPE = smooth_metric("sharpe")
SMOOTH: tuple[ComparedMetric, ...] = ("sharpe", "mean", "sortino", "win_rate", "profit_factor")


def asked(x: FloatArray, y: FloatArray, metric: SmoothMetric = SHARPE, **options: object) -> StudentizedBootstrap:
    given = {"block": 2, "reps": 199, "draw": generator(0, "asked"), **options}
    return studentized_difference(x, y, metric, **given)  # type: ignore[arg-type]  # options of any type


def both(metric: ComparedMetric, n: int, *name: str | int) -> tuple[FloatArray, FloatArray]:
    first, second = pair(n, *name)
    return columns(first, metric, flows_of(n, "a", *name)), columns(second, metric, flows_of(n, "b", *name))


@pytest.mark.parametrize("vector", ["lw-boot-fixed-starts-ff600"])
def test_the_p_value_of_given_blocks_is_that_of_the_authors(vector: str) -> None:
    # the authors' R boot.time.inference with its blocks replaced by these: 56/500
    starts = np.random.RandomState(12345).randint(0, 600, size=(499, 100))
    found = asked(columns(factor("Mkt-RF")), columns(factor("SMB")), block=6, reps=499, starts=starts)
    assert found.p_value == 56 / 500


# Ledoit and Wolf (2008), authors' R code, M = 4999, two seeds: Monte Carlo errors of both p values
@pytest.mark.parametrize(
    ("kind", "block", "p"),
    [
        pytest.param("hedge", 5, 0.2715, id="lw2008-hedge-boot-b5"),
        pytest.param("hedge", 10, 0.2827, id="lw2008-hedge-boot-b10"),
        pytest.param("mutual", 5, 0.0868, id="lw2008-mutual-boot-b5"),
        pytest.param("mutual", 10, 0.1166, id="lw2008-mutual-boot-b10"),
    ],
)
def test_the_p_values_of_the_funds_are_those_of_the_authors(kind: str, block: int, p: float) -> None:
    first, second = (columns(each) for each in funds(kind))
    found = asked(first, second, block=block, reps=4999)
    assert found.p_value == pytest.approx(p, abs=0.03)
    assert found.p_error == pytest.approx(math.sqrt(found.p_value * (1 - found.p_value) / 4999))


def plain_resample(
    x: FloatArray, y: FloatArray, metric: SmoothMetric, block: int, starts: FloatArray
) -> tuple[float, float]:
    """One resample by its observations: D* and SE* as in the paper, the last block cut."""
    n, m = x.shape
    index = np.concatenate([(start + np.arange(block)) % n for start in starts])[:n]
    v = np.column_stack([x, y])[index]
    means = v.mean(axis=0)
    gradient = np.concatenate([metric.gradient(means[:m]), -metric.gradient(means[m:])])
    difference = float(metric.value(means[:m]) - metric.value(means[m:])) * metric.small_sample(n)
    pieces = [v[begin : begin + block] - means for begin in range(0, n, block)]
    psi = sum(np.outer(piece.sum(axis=0), piece.sum(axis=0)) for piece in pieces) / n * n / (n - 2 * m)
    return difference, math.sqrt(float(gradient @ psi @ gradient) / n)


@pytest.mark.parametrize("metric_name", SMOOTH)
@pytest.mark.parametrize("block", [1, 4, 7])
def test_every_resample_is_that_of_a_plain_twin(metric_name: ComparedMetric, block: int) -> None:
    metric = smooth_metric(metric_name)
    x, y = both(metric_name, 120, "twin")
    starts = draw_starts(120, block, 25, generator(0, "starts"))
    found = asked(x, y, metric, block=block, reps=25, starts=starts)
    twins = [plain_resample(x, y, metric, block, row) for row in starts]
    np.testing.assert_allclose(found.drawn, [difference for difference, _ in twins], rtol=1e-9, atol=1e-12)
    expected = [(difference - found.difference) / se for difference, se in twins]
    np.testing.assert_allclose(found.t_star, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("metric_name", SMOOTH)
def test_gradients_are_those_of_small_steps(metric_name: ComparedMetric) -> None:
    metric = smooth_metric(metric_name)
    means = both(metric_name, 200, "gradient")[0].mean(axis=0)
    steps = 1e-6 * np.abs(means)
    numeric = [
        float(metric.value(means + step) - metric.value(means - step)) / (2 * step.sum()) for step in np.diag(steps)
    ]
    assert metric.gradient(means) == pytest.approx(numeric, rel=1e-6)


def test_the_gradient_of_a_sharpe_difference_is_the_published_one() -> None:
    # Ledoit and Wolf (2008), p. 852; a public port has the sign of the third term wrong
    mu1, mu2, gam1, gam2 = 0.2, 0.1, 1.5, 2.5
    first, second = SHARPE.gradient(np.array([mu1, gam1])), -SHARPE.gradient(np.array([mu2, gam2]))
    assert first == pytest.approx([gam1 / (gam1 - mu1**2) ** 1.5, -mu1 / (2 * (gam1 - mu1**2) ** 1.5)])
    assert second == pytest.approx([-gam2 / (gam2 - mu2**2) ** 1.5, mu2 / (2 * (gam2 - mu2**2) ** 1.5)])


@pytest.mark.parametrize("metric_name", SMOOTH)
def test_metrics_are_those_of_record(metric_name: ComparedMetric) -> None:
    returns, other = pair(300, "record")
    flows = flows_of(300, "record")
    excess = returns - 0.0001
    record = {
        "sharpe": excess.mean() / excess.std(ddof=1),
        "mean": excess.mean(),
        "sortino": excess.mean() / math.sqrt(np.mean(np.minimum(excess, 0) ** 2)),
        "win_rate": flows.won.sum() / flows.closed.sum(),
        "profit_factor": flows.gross_profit.sum() / flows.gross_loss.sum(),
    }
    metric = smooth_metric(metric_name)
    means = metric_columns(metric_name, Arm("a", returns, flows), 0.0001).mean(axis=0)
    assert float(metric.value(means)) * metric.small_sample(300) == pytest.approx(record[metric_name], rel=1e-12)
    x, y = columns(returns, metric_name, flows), columns(other, metric_name, flows_of(300, "other"))
    assert asked(x, y, metric).difference == pytest.approx(
        float(metric.value(x.mean(axis=0)) - metric.value(y.mean(axis=0))) * metric.small_sample(300)
    )


def test_yearly_figures_grow_by_root_or_by_count_or_not_at_all() -> None:
    grown = [smooth_metric(name).annual(0.5, 252.0) for name in SMOOTH]
    assert grown == [0.5 * math.sqrt(252), 126.0, 0.5 * math.sqrt(252), 0.5, 0.5]


def test_the_error_is_the_prewhitened_one_and_the_influence_has_the_mean_zero() -> None:
    x, y = both("sharpe", 400, "error")
    found = asked(x, y)
    assert found.se == hac_difference(x, y, SHARPE, prewhiten=True).se
    assert found.statistic == pytest.approx(found.difference / found.se)
    each = influence(x, y, SHARPE)
    assert each.mean() == pytest.approx(0, abs=1e-12)
    assert math.sqrt(each.var() / 400) == pytest.approx(found.se, rel=0.15)


@given(st.integers(0, 300), st.sampled_from([0.8, 0.9, 0.95]), st.floats(0, 0.002))
def test_the_interval_leaves_out_zero_exactly_when_the_p_value_rejects(seed: int, level: float, gap: float) -> None:
    first, second = pair(120, "duality", seed)
    found = asked(columns(first + gap), columns(second), level=level, draw=generator(seed, "duality"))
    assert (found.p_value <= 1 - level + 1e-12) == (found.low > 0 or found.high < 0)


@pytest.mark.parametrize(("metric_name", "persistence"), [("sharpe", 0.0), ("mean", 0.0), ("sharpe", 0.1)])
def test_of_400_pairs_without_a_difference_about_one_in_twenty_is_called_different(
    metric_name: ComparedMetric, persistence: float
) -> None:
    metric, rejected = smooth_metric(metric_name), 0
    for seed in range(400):
        first, second = pair(500, "size", seed)
        for t in range(1, 500 if persistence else 1):
            first[t] += persistence * first[t - 1]
            second[t] += persistence * second[t - 1]
        x, y = columns(first, metric_name), columns(second, metric_name)
        block = circular_block_length(influence(x, y, metric))
        rejected += asked(x, y, metric, block=block, reps=299, draw=generator(seed, "size")).p_value <= 0.05
    # three standard errors: .05 +- 3 sqrt(.05 x .95/400)
    assert 0.017 <= rejected / 400 <= 0.083


def test_a_constant_a_day_more_is_found_and_swapped_it_is_found_the_other_way() -> None:
    first, _ = pair(800, "constant")
    for gap in (1e-3, 1e-6):
        found, swapped = (
            asked(columns(a), columns(b), reps=499) for a, b in ((first + gap, first), (first, first + gap))
        )
        assert (found.p_value, swapped.p_value) == (0.002, 0.002)
        assert found.se > 0
        assert found.low > 0 > swapped.high
        assert (found.low, found.high) == pytest.approx((-swapped.high, -swapped.low))


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_a_mean_difference_that_never_varies_is_certain(alternative: str) -> None:
    first, _ = pair(300, "certain")
    metric = smooth_metric("mean")
    more, less = columns(first + 0.001, "mean"), columns(first, "mean")
    found = asked(more, less, metric, alternative=alternative)
    assert (found.se, found.p_value, found.statistic) == (0.0, 1 / 200, math.inf)
    assert found.low == found.high == pytest.approx(0.001)
    worse = asked(less, more, metric, alternative=alternative)
    assert worse.p_value == (1.0 if alternative == "greater" else 1 / 200)


@pytest.mark.parametrize("leverage", [0.37, 0.7, 1.3, 3.1])
def test_a_multiple_of_an_arm_has_the_same_sharpe_ratio_for_certain(leverage: float) -> None:
    first, _ = pair(300, "multiple")
    found = asked(columns(leverage * first), columns(first))
    assert (found.difference, found.se, found.statistic, found.p_value) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("gap", [1e-10, 1e-11, 1e-12, 1e-13])
def test_a_difference_too_small_for_its_error_to_be_more_than_rounding_is_certain(gap: float) -> None:
    first, _ = pair(300, "tiny")
    found = asked(columns(first + gap), columns(first))
    assert (found.se, found.p_value) == (0.0, 1 / 200)
    assert found.low == found.high == pytest.approx(gap / first.std(ddof=1), rel=0.01)


def test_arms_that_differ_on_one_day_only_are_never_called_different() -> None:
    first, _ = pair(300, "one day")
    second = first.copy()
    second[100] -= 0.2
    for alternative in ("two-sided", "greater"):
        found = asked(columns(first), columns(second), alternative=alternative)
        assert found.p_value > 0.3  # (1 - 1/300)^300: resamples that hold no such day
        assert (found.low, found.high) == (-math.inf, math.inf)


def test_resamples_without_a_trade_count_against_a_difference() -> None:
    flows = [flows_of(30, name) for name in ("a", "b")]
    for each in flows:
        for field in (each.closed, each.won, each.gross_profit, each.gross_loss):
            field[3:] = 0.0
    first, second = pair(30, "trades")
    x, y = columns(first, "win_rate", flows[0]), columns(second, "win_rate", flows[1])
    x[0] = (1.0, 2.0)
    y[0] = (0.0, 1.0)
    found = asked(x, y, smooth_metric("win_rate"), block=1)
    undefined = ~np.isfinite(found.drawn)
    assert undefined.any()
    assert np.isinf(found.t_star[undefined]).all()
    assert found.p_value > undefined.mean()


def test_one_sided_p_values_of_both_directions_cover_the_resamples() -> None:
    x, y = both("sharpe", 200, "one-sided")
    found, turned = asked(x, y, alternative="greater"), asked(y, x, alternative="greater")
    assert found.p_value == (1 + np.sum(found.t_star >= found.statistic)) / 200
    assert turned.t_star == pytest.approx(-found.t_star)
    assert found.p_value != asked(x, y).p_value


def test_given_starts_give_what_they_give_when_drawn_and_however_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = both("sharpe", 203, "starts")
    drawn = asked(x, y, block=5, draw=generator(0, "same"))
    starts = draw_starts(203, 5, 199, generator(0, "same"))
    assert starts.shape == (199, 41)
    given = asked(x, y, block=5, starts=starts)
    monkeypatch.setattr("stratkit.inference.studentized_bootstrap._AT_ONCE", 41 * 7)
    in_parts = asked(x, y, block=5, draw=generator(0, "same"))
    for found in (given, in_parts):
        np.testing.assert_array_equal(found.t_star, drawn.t_star)
        assert found.p_value == drawn.p_value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": 51}, "between 1 and n / 2 = 50"),
        ({"block": 0}, "between 1 and n / 2 = 50"),
        ({"reps": 0}, "at least one resample"),
        ({"level": 95}, "level must lie"),
        ({"starts": np.zeros((199, 49), np.int64)}, "starts must have the shape"),
        ({"starts": np.full((199, 50), 100)}, "starts must lie between"),
    ],
)
def test_options_out_of_their_bounds_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        asked(*both("sharpe", 100, "refused"), **options)


def test_columns_that_cannot_be_compared_are_refused() -> None:
    x, y = both("sharpe", 100, "refused")
    with pytest.raises(UsageError, match="identical"):
        asked(x, x.copy())
    with pytest.raises(UsageError, match="at least 10 paired periods"):
        asked(x[:9], y[:9])
    with pytest.raises(UsageError, match="one shape"):
        asked(x, y[:50])
    with pytest.raises(UsageError, match="must be finite"):
        asked(x, np.where(y > 0.01, np.nan, y))


@pytest.mark.parametrize(
    ("metric", "returns", "message"),
    [
        ("sharpe", np.full(50, 0.01), "arm do not vary"),
        ("sharpe", np.array([0.01, np.nan]), "must be finite"),
        ("sortino", np.linspace(0.0, 0.1, 50), "no period below"),
        ("win_rate", np.zeros(50), "only returns are known"),
        ("profit_factor", np.zeros(50), "only returns are known"),
        ("calmar", np.zeros(50), "order of the returns"),
    ],
)
def test_an_arm_without_the_metric_is_refused(metric: ComparedMetric, returns: FloatArray, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        columns(returns, metric)
    if metric == "calmar":
        with pytest.raises(UsageError, match=message):
            smooth_metric(metric)


@pytest.mark.parametrize(
    ("metric", "message"), [("win_rate", "closed no trade"), ("profit_factor", "lost on no trade")]
)
def test_an_arm_without_trades_is_refused(metric: ComparedMetric, message: str) -> None:
    flows = flows_of(50, "none")
    flows.closed[:] = flows.gross_loss[:] = 0.0
    with pytest.raises(UsageError, match=message):
        columns(np.zeros(50), metric, flows)
