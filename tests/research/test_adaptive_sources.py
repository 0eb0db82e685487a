"""A whole run that adapts is proved causal, and a leak in any part of what it learns by is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from adaptive_runs import FAST, SELECTOR, inputs_of, walk

from stratkit.adaptive import layer as layer_module
from stratkit.adaptive.adaptation import Adaptation, adapt
from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.quality import signal_quality
from stratkit.adaptive.success_rates import counted, no_rates
from stratkit.adaptive.terms import Terms
from stratkit.backtest import RunConfig
from stratkit.controls import Controls
from stratkit.data.bars import Bars
from stratkit.errors import RunError
from stratkit.research import adaptive_sources
from stratkit.research.adaptive_sources import AdaptiveRun
from stratkit.research.lookahead import LookaheadReport, check_lookahead
from stratkit.research.outputs import Outputs
from stratkit.strategies.signals import Signals


def bars_of(late: int = 60) -> Bars:
    """Three symbols of which one is listed late."""
    bars = walk(150, seed=5)
    panels: dict[str, Any] = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for panel in panels.values():
        panel[:late, 1] = np.nan
    return replace(bars, **panels)


QUALITY = {"threshold": 0.5, "success_min_trades": 1, "timeframes": ["1w"], "trend_window_bars": 2}


def adapting(**blocks: Any) -> RunConfig:
    given: dict[str, Any] = {
        "strategies": {name: {"enabled": True, "type": "sma_cross"} for name in ("s0", "s1")},
        "combine": {"method": "independent"}, "exit_plan": "scalp",
        "regimes": {"method": "rules"}, "risk": {"sizing": {"rule": "fixed_fraction", "fraction": 0.1}},
        "optimization": {**FAST, "update_every_bars": 2, "quality": QUALITY},
        "meta_strategy": SELECTOR, **blocks,
    }  # fmt: skip
    return RunConfig.model_validate(given)


SYMBOLS = ("S0", "S1", "S2")
ALL = adapting()


def said(bars: Bars) -> tuple[Signals, ...]:
    """Two opinions on every bar, by that bar alone: with its move and against it, the surer the larger it is."""
    move = np.nan_to_num(bars.close / bars.open - 1.0)
    sure = np.clip(0.5 + 20.0 * np.abs(move), 0.0, 1.0).astype(np.float32)
    along = np.where(move > 0.004, 1, np.where(move < -0.03, 2, 0))
    against = np.where(move > 0.01, -1, np.where(move < -0.01, 1, 0))
    return tuple(
        Signals(name, side=np.where(np.isfinite(bars.close), side, 0).astype(np.int8), confidence=sure)
        for name, side in (("s0", along), ("s1", against))
    )


@pytest.fixture(autouse=True)
def says_something_on_every_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptive_sources, "prepare", lambda config, bars: inputs_of(config, bars, said(bars)))


def proved(source: AdaptiveRun, cuts: int = 3) -> LookaheadReport:
    return check_lookahead(source, bars_of(), cuts=cuts)


def test_a_run_in_which_everything_adapts_depends_on_no_later_bar() -> None:
    report = proved(AdaptiveRun(ALL, SYMBOLS))
    assert report.is_clean, report.sentence()
    assert report.raised == 0
    found = AdaptiveRun(ALL).outputs(bars_of()).panels
    assert len(np.unique(found["weight of s0"])) > 1
    assert len(np.unique(found["asked plan"])) > 2
    assert set(np.unique(found["shadow of s0"])) == {0, 1, 2}


class CountsAtTheEntry(AdaptiveRun):
    """Success rates hold every trade that was entered, with how it ended; a first replay tells."""

    def outputs(self, bars: Bars) -> Outputs:
        told: list[Outcomes] = []

        def notes(terms: Terms, known: Adaptation, new: Outcomes, base: Controls, bar: int) -> Any:
            told.append(new)
            return adapt(terms, known, new, base, bar)

        def peeks(terms: Terms, known: Adaptation, new: Outcomes, base: Controls, bar: int) -> Any:
            strategies, symbols, _, regimes = known.rates.trades.shape
            rates = no_rates(strategies, symbols, regimes - 1)
            for one in told:
                rates = counted(rates, one[one.decision_bar < bar])
            now, controls = adapt(terms, known, new, base, bar)
            return replace(now, rates=rates), controls

        with mock.patch.object(layer_module, "adapt", notes):
            super().outputs(bars)
        with mock.patch.object(layer_module, "adapt", peeks):
            return super().outputs(bars)


def test_success_rates_that_count_a_trade_at_its_entry_are_found() -> None:
    report = proved(CountsAtTheEntry(ALL, SYMBOLS), cuts=8)
    assert report.verdict == "leak", report.sentence()


def test_a_label_of_tomorrow_in_the_quality_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def judges(terms: Any, rates: Any, side: Any, sure: Any, label: Any, higher: Any = None) -> Any:
        return signal_quality(terms, rates, side, sure, np.vstack((label[1:], label[-1:])), higher)

    monkeypatch.setattr(layer_module, "signal_quality", judges)
    report = proved(AdaptiveRun(ALL, SYMBOLS))
    assert report.verdict == "leak", report.sentence()


def test_what_adapts_must_run_to_be_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_module, "adapt", lambda *_: 1 / 0)
    with pytest.raises(RunError, match="must run to be proved; found ZeroDivisionError"):
        proved(AdaptiveRun(ALL))
    with pytest.raises(RunError, match="found nothing"):
        proved(AdaptiveRun(adapting(optimization=None, meta_strategy=None)))
