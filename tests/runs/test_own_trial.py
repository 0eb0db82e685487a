"""The trial that a run is, by hand: returns per period, history that does not count, sessions of several bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stratkit.errors import DataError
from stratkit.panel import parse_time
from stratkit.runs.ledger_evidence import judged_run
from stratkit.runs.own_trial import own_trial, returns_of_periods

DAY = 86_400_000_000_000
START = parse_time("2024-01-01")
CARD = {"period_unit": "day", "periods_per_year": 252.0, "metrics": [{"name": "sharpe", "value": None}]}


def manifest(**data: Any) -> dict[str, Any]:
    blocks = {"trend": {"enabled": True, "type": "sma_cross", "params": {"fast": 5}}}
    config = {"data": data, "strategies": blocks, "account": {"initial_cash": 100.0}, "analytics": {}}
    return {"config": config, "data_digests": {"ACME": "ab"}, "engine_semantics": 1, "seed": 3}


def test_a_return_of_every_period_the_first_against_the_initial_cash() -> None:
    found = returns_of_periods(np.array([100.0, 110.0, 99.0, 0.0, 5.0]), 100.0, np.arange(5))
    assert found == pytest.approx([0.0, 0.1, -0.1, -1.0, 0.0])  # what is lost earns nothing


def test_a_daily_run_has_a_return_a_bar_and_is_judged_without_an_idle_first() -> None:
    equity = np.array([100.0, 110.0, 99.0, 99.0])
    trial = own_trial(manifest(), CARD, START + DAY * np.arange(4), equity, run_id="a")
    assert trial.returns == pytest.approx([0.0, 0.1, -0.1, 0.0])
    assert trial.count is not None
    assert trial.total is not None
    assert trial.squares is not None
    assert (trial.count.tolist(), trial.seed, trial.values) == ([2, 2], 3, {"strategies.trend.params.fast": 5})
    assert trial.total == pytest.approx([0.1, -0.1])
    assert trial.squares == pytest.approx([0.01, 0.01])
    assert trial.edges is not None
    assert ((trial.edges - START) // DAY).tolist() == [0, 2, 4]
    assert np.isnan(trial.metrics["sharpe"])
    judged = judged_run(trial, manifest(), CARD)
    assert judged is not None
    assert judged.returns == pytest.approx([0.1, -0.1, 0.0])
    busy = own_trial(manifest(), CARD, START + DAY * np.arange(4), equity + 1.0, run_id="a")
    assert (judged_run(busy, manifest(), CARD) or judged).returns[0] == pytest.approx(0.01)


def test_bars_before_trade_start_are_history() -> None:
    equity = np.array([100.0, 100.0, 100.0, 110.0, 121.0])
    times = START + DAY * np.arange(5)
    trial = own_trial(manifest(trade_start="2024-01-03"), CARD, times, equity, run_id="a")
    assert (trial.first_ns, trial.last_ns) == (times[2], times[4])
    assert trial.returns == pytest.approx([0.0, 0.1, 0.1])


def test_of_intraday_bars_a_session_is_a_period() -> None:
    times = START + DAY // 2 * np.arange(6)
    card = {**CARD, "period_unit": "session day"}
    trial = own_trial(manifest(), card, times, np.array([90.0, 110.0, 50.0, 121.0, 121.0, 60.5]), run_id="a")
    assert trial.returns == pytest.approx([0.1, 0.1, -0.5])
    judged = judged_run(trial, manifest(), card)
    assert judged is not None
    assert len(judged.returns) == 3


def test_one_bar_has_no_sums_and_is_a_trial() -> None:
    trial = own_trial(manifest(), CARD, np.array([START]), np.array([100.0]), run_id="a")
    assert (trial.count, trial.returns) == (None, None)
    assert judged_run(trial, manifest(), CARD) is None


def test_a_manifest_without_its_configuration_is_refused() -> None:
    with pytest.raises(DataError, match="the manifest of a must hold its configuration: an older stratkit wrote it"):
        own_trial({**manifest(), "config": {}}, CARD, np.array([START]), np.array([100.0]), run_id="a")
