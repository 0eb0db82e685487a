"""One strategy under every fill profile: what differs, what is the same, and what the spread is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hand_runs import CALM, day_bars, run_config

from stratkit.backtest import Inputs, RunConfig, prepare, run_backtest, score_backtest
from stratkit.config import FILLS_CONFIG, load_config
from stratkit.data.bars import Bars
from stratkit.data.store import load_bars
from stratkit.engine.profiles import PROFILE_NAMES, PROFILES
from stratkit.research import fills as room
from stratkit.research.fills import FillsComparison, compare_fills
from stratkit.runs.table_digest import table_digest


@pytest.fixture(scope="module")
def config() -> RunConfig:
    return load_config(built_in=FILLS_CONFIG).run()


@pytest.fixture(scope="module")
def bars(config: RunConfig) -> Bars:
    return load_bars(config.data)


@pytest.fixture(scope="module")
def compared(config: RunConfig, bars: Bars) -> FillsComparison:
    return compare_fills(config, bars)


def test_every_profile_fills_otherwise_on_the_bundled_bars(compared: FillsComparison) -> None:
    assert [run.profile for run in compared.runs] == list(PROFILE_NAMES)
    assert len({table_digest(run.result.fills_columns()) for run in compared.runs}) == len(PROFILE_NAMES)
    assert [run.profile for run in compared.runs if run.optimistic] == ["close", "vectorbt"]


def test_every_result_is_stamped_with_its_profile_and_options(compared: FillsComparison) -> None:
    for run in compared.runs:
        stamped = run.result.provenance
        assert (stamped["fill_profile"], stamped["fill_options"]) == (run.profile, PROFILES[run.profile])
        assert (stamped["fill_overrides"], run.label) == ({}, run.profile)
        assert stamped["optimistic"] is run.optimistic


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_profile_of_the_comparison_is_the_run_of_that_profile(
    profile: Any, compared: FillsComparison, config: RunConfig, bars: Bars
) -> None:
    execution = config.execution.model_copy(update={"profile": profile})
    under = config.model_copy(update={"execution": execution})
    alone = run_backtest(under, bars)
    run = next(run for run in compared.runs if run.profile == profile)
    assert table_digest(alone.fills_columns()) == table_digest(run.result.fills_columns())
    assert list(score_backtest(under, bars, alone)[0]) == list(run.scorecard)


def test_the_spread_is_the_largest_less_the_smallest(compared: FillsComparison) -> None:
    returns = [float(run.result.equity[-1]) / run.result.initial_cash - 1 for run in compared.runs]
    assert compared.spread("total_return") == pytest.approx(max(returns) - min(returns), rel=1e-12)


def test_an_undefined_figure_has_no_spread() -> None:
    compared = compare_fills(run_config(), day_bars([CALM] * 3))  # no trade closes, so there is no win rate
    assert math.isnan(compared.spread("win_rate"))


def test_an_option_that_is_set_alone_holds_in_every_profile(config: RunConfig, bars: Bars) -> None:
    execution = config.execution.model_copy(update={"same_bar": "target_first"})
    compared = compare_fills(config.model_copy(update={"execution": execution}), bars)
    assert {run.result.provenance["fill_options"]["same_bar"] for run in compared.runs} == {"target_first"}
    assert [run.label for run in compared.runs][:2] == ["conservative, same_bar=target_first",
                                                         "close, same_bar=target_first"]  # fmt: skip


def test_signals_are_computed_once_and_each_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []

    def counted(config: RunConfig, bars: Bars) -> Inputs:
        prepared.append(config.execution.profile)
        return prepare(config, bars)

    monkeypatch.setattr(room, "prepare", counted)
    told: list[str] = []
    compare_fills(run_config(), day_bars([CALM] * 3), ("close", "freqtrade"), told.append)
    assert (prepared, told) == (["conservative"], ["close", "freqtrade"])
