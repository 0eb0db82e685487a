"""What is drawn anew changes, what stays stays: trades, returns, drawdowns, ruin and the cone of a run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from made_study import cross_config, study_of

from stratkit.analytics.resampled import METRICS_OF_RETURNS, check_metrics_of_returns, metrics_of_returns
from stratkit.analytics.score import score_run
from stratkit.backtest import run_backtest
from stratkit.data.planted import planted_market
from stratkit.errors import DataError, UsageError
from stratkit.research.monte_carlo_record import PathRow, Procedure
from stratkit.research.monte_carlo_returns import ReturnPaths, drawdowns, returns_bootstrap
from stratkit.research.monte_carlo_risk import cone, ruin, split_place
from stratkit.research.monte_carlo_rows import as_good, histogram, path_row
from stratkit.research.monte_carlo_run import ClosedTrades, StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_trades import trade_resample, trade_shuffle

SMALL = MonteCarloSettings(paths=400)


@pytest.fixture(scope="module")
def run() -> StudiedRun:
    return study_of(cross_config(5, 20), planted_market(800, seed=3))


def row(procedure: Procedure, name: str) -> PathRow:
    return next(one for one in procedure.rows if one.name == name)


def with_shares(run: StudiedRun, *shares: float) -> StudiedRun:
    count = len(shares)
    zeros, places = np.zeros(count), np.arange(count)
    trades = ClosedTrades(
        ("PLANTED",) * count, places, np.array(shares), np.array(shares), zeros, zeros, places, places,
        ("exit_signal",) * count,
    )  # fmt: skip
    return replace(run, trades=trades)


def test_a_shuffle_of_few_trades_is_exact_and_keeps_what_they_earn(run: StudiedRun) -> None:
    """Of +10 %, -10 %, -20 %: orders with both losses in a row fall by 28 %, the others by 20 % or more."""
    found = trade_shuffle(with_shares(run, 0.1, -0.1, -0.2), SMALL)
    assert (found.is_exact, found.paths) == (True, 6)
    drawdown = row(found, "Maximum drawdown, by trade")
    # as they came: 1.1, 0.99, 0.792: 28 % below 1.1. Four orders of six have both losses in a row
    assert drawdown.observed == pytest.approx(-0.28)
    assert drawdown.p_value == 1.0  # every order is at least as good as the worst
    assert drawdown.p_error == 0.0
    streak = row(found, "Longest losing streak")
    assert (streak.observed, streak.p_value) == (2.0, 1.0)
    assert found.fans[0].values[:, -1] == pytest.approx([0.792] * 5)


def test_resampled_trades_end_elsewhere_and_tell_how_often_with_a_loss(run: StudiedRun) -> None:
    found = trade_resample(with_shares(run, 0.1, -0.1, -0.2), SMALL)
    assert (found.is_exact, found.paths) == (True, 27)
    total = row(found, "Total return, of closed trades")
    assert total.q95 > total.observed > total.q05
    # three draws of +0.1, or two of them with the smaller loss, gain; 1.1^2 x 0.8 = 0.968 does not: 1 + 3 of 27
    assert "85.2% of the paths end with a loss" in found.notes[0]


def test_trades_need_two_to_be_put_in_another_order(run: StudiedRun) -> None:
    with pytest.raises(DataError, match="two trades must be closed; one trade is"):
        trade_shuffle(with_shares(run, 0.1), SMALL)


@pytest.mark.parametrize("name", METRICS_OF_RETURNS)
def test_a_metric_of_returns_is_that_of_the_scorecard(run: StudiedRun, name: str) -> None:
    result = run_backtest(run.config, planted_market(800, seed=3))
    card = score_run(result, run.periods, run.config.analytics)
    (found,) = metrics_of_returns(run.returns, run.basis, (name,))
    assert found == pytest.approx(card.value(name), rel=1e-9, nan_ok=True)


def test_metrics_that_need_trades_are_refused_and_unknown_ones_corrected() -> None:
    with pytest.raises(UsageError, match="win_rate needs more than returns"):
        check_metrics_of_returns(("sharpe", "win_rate"))
    with pytest.raises(UsageError, match="did you mean 'sharpe'"):
        check_metrics_of_returns(("shrape",))


def test_counted_and_computed_metrics_of_a_path_are_the_same(run: StudiedRun) -> None:
    """The sampler counts seven figures on the way; the scorecard's formulas give the same on the same paths."""
    names = ("total_return", "cagr", "sharpe", "sortino", "calmar", "ann_vol", "max_drawdown", "max_dd_duration")
    settings = replace(SMALL, metrics=names, paths=50)
    paths = ReturnPaths(run, settings)
    slow = paths.metrics(names)
    quick = returns_bootstrap(paths).rows
    for place, one in enumerate(quick):
        assert one.q50 == pytest.approx(float(np.nanmedian(slow[:, place])), rel=1e-6), one.name


def test_the_interval_of_a_bootstrap_holds_the_figure_and_the_block_is_said(run: StudiedRun) -> None:
    found = returns_bootstrap(ReturnPaths(run, replace(SMALL, metrics=("sharpe", "omega"))))
    for one in found.rows:
        assert one.low < one.observed < one.high
    assert "by Politis and White" in found.notes[0]
    given = returns_bootstrap(ReturnPaths(run, replace(SMALL, block_bars=40.0)))
    assert "blocks of 40.0 returns in the mean, as given" in given.notes[0]
    assert row(given, "Sharpe ratio").low != row(found, "Sharpe ratio").low
    assert "with blocks of 20.0" in given.notes[1]
    assert "with blocks of 80.0" in given.notes[1]


def test_drawdowns_and_ruin_tell_of_the_same_paths(run: StudiedRun) -> None:
    paths = ReturnPaths(run, replace(SMALL, ruin=(0.15,)))
    deep, risk = drawdowns(paths), ruin(paths)
    from_peak = row(risk, "Falls 15% from its peak")
    assert from_peak.mean == pytest.approx(float((paths.sample.max_drawdown <= -0.15).mean()))
    assert from_peak.low < from_peak.mean < from_peak.high
    assert row(deep, "Maximum drawdown").q05 == pytest.approx(float(np.quantile(paths.sample.max_drawdown, 0.05)))
    assert row(risk, "Loses 15% of its start").mean <= from_peak.mean
    fine = ruin(ReturnPaths(run, replace(SMALL, ruin=(0.125, 0.999))))
    assert [one.name for one in fine.rows[::2]] == ["Falls 12.5% from its peak", "Falls 99.9% from its peak"]


def test_the_seed_decides_and_workers_do_not(run: StudiedRun) -> None:
    alone, together, other = (
        returns_bootstrap(ReturnPaths(run, settings)).rows
        for settings in (SMALL, replace(SMALL, workers=2), replace(SMALL, seed=1))
    )
    assert together == alone
    assert other != alone


def test_too_few_returns_and_returns_that_do_not_vary_are_refused(run: StudiedRun) -> None:
    short = replace(run, equity=run.equity[:10], times=run.times[:10])
    short = replace(short, periods=replace(run.periods, period_end=run.periods.period_end[:10]))
    with pytest.raises(DataError, match="at least 20 returns are needed to resample them; the run has 9"):
        returns_bootstrap(ReturnPaths(short, SMALL))
    with pytest.raises(DataError, match="all of them are the same"):
        returns_bootstrap(ReturnPaths(replace(run, equity=np.full_like(run.equity, 1e5)), SMALL))


def test_a_cone_begins_at_its_split_and_knows_nothing_of_what_follows(run: StudiedRun) -> None:
    settings = replace(SMALL, split="1992-01-01")
    found = cone(ReturnPaths(run, settings))
    fan = found.fans[0]
    assert fan.split is not None
    place = int(np.searchsorted(fan.steps, fan.split))
    assert fan.values[:, : place + 1] == pytest.approx(np.tile(fan.observed[: place + 1], (5, 1)))
    assert np.ptp(fan.values[:, -1]) > 0
    # another account after the split has the same cone, and another place in it
    later = run.equity.copy()
    later[fan.split + 1 :] *= 1.5
    other = cone(ReturnPaths(replace(run, equity=later), settings))
    assert other.fans[0].values[:, -1] == pytest.approx(fan.values[:, -1])
    assert row(other, "Return after the split").p_value < row(found, "Return after the split").p_value


def test_a_split_leaves_returns_on_both_sides(run: StudiedRun) -> None:
    assert split_place(run, None) == 599  # three quarters of 799
    with pytest.raises(UsageError, match="--split must leave 20 returns on both sides"):
        split_place(run, "1990-01-05")


def test_p_values_are_never_zero_and_undefined_draws_count_for_nothing() -> None:
    drawn = np.array([0.1, 0.2, math.nan, 0.3])
    best = path_row("x", "ratio", "higher", 1.0, drawn, tests=True)
    assert best.p_value == pytest.approx(1 / 5)
    assert best.q50 == pytest.approx(0.2)
    assert path_row("x", "ratio", "lower", 0.2, drawn, tests=True).p_value == pytest.approx(3 / 5)
    assert as_good(0.2 * (1 + 1e-12), drawn, "higher") == 2
    assert histogram("x", "ratio", 0.1, np.full(9, 0.1)) is None
