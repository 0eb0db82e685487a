"""`explain_caps`: what was refused, replayed on its own, against trades worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stratkit.backtest import Inputs, RunConfig, replay
from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.research.refused_trades import CapEffect, explain_caps
from stratkit.strategies.desk import desk_of
from stratkit.strategies.signals import Signals


def market(*prices: float, symbols: int = 3) -> Bars:
    """Bars whose open, high, low and close are one price, the same for all symbols."""
    close = np.repeat(np.array(prices)[:, None], symbols, axis=1)
    times = (20_000 + np.arange(len(prices))) * NS_PER_DAY
    return Bars(times, tuple("ABC"[:symbols]), close, close, close, close, np.full_like(close, 1e6), "1d")


def effect(rule: str, strategy: str, refused: int, reduced: int, trades: int, pnl: float) -> CapEffect:
    near: Any = pytest.approx(pnl)
    return CapEffect(rule, strategy, refused, reduced, trades, near)


def said(name: str, bars: Bars, *cells: tuple[int, int, int], size: float = 0.1) -> Signals:
    side = np.zeros(bars.shape, np.int8)
    for bar, column, wish in cells:
        side[bar, column] = wish
    return Signals(name, side=side, size=np.where(side != 0, size, np.nan))


def explained(bars: Bars, *signals: Signals, **settings: Any) -> tuple[CapEffect, ...]:
    strategies = {one.strategy: {"enabled": True, "type": "buy_and_hold"} for one in signals}
    budgets = settings.pop("budgets", {})
    for name, budget in budgets.items():
        strategies[name]["risk_budgets"] = {"max_at_risk_pct": budget}
    config = RunConfig.model_validate(
        {"strategies": strategies, "account": {"initial_cash": 10_000.0}, "combine": {"method": "independent"}}
        | settings
    )
    inputs = Inputs(bars, desk_of(*signals))
    return explain_caps(config, inputs, replay(config, inputs))


def test_a_refused_entry_is_left_by_its_own_exit() -> None:
    # B would have been bought with 1,000 at 100 and sold at 120: 10 units, 200 that the cap cost
    bars = market(100, 100, 110, 120, 130)
    signals = said("a", bars, (0, 0, 1), (0, 1, 1), (2, 1, 2))
    effects = explained(bars, signals, risk={"caps": {"max_total_at_risk_pct": 10.0}})
    assert effects == (effect("max_total_at_risk", "a", 1, 0, 1, 200.0),)
    assert effects[0].verdict == "cost"


def test_a_refused_entry_that_is_never_left_is_marked_at_the_end() -> None:
    bars = market(100, 100, 90, 80)
    effects = explained(bars, said("a", bars, (0, 0, 1), (0, 1, 1)), risk={"caps": {"max_open_positions": 1}})
    assert effects == (effect("max_open_positions", "a", 1, 0, 1, -200.0),)
    assert effects[0].verdict == "saved"


def test_an_exit_plan_leaves_a_refused_trade_too() -> None:
    bars = market(100, 100, 90, 80)
    plan = {"risk_basis": "percent", "risk": 5, "sl": 1}
    effects = explained(
        bars, said("a", bars, (0, 0, 1), (0, 1, 1)), risk={"caps": {"max_open_positions": 1}}, exit_plan=plan
    )
    assert effects[0].pnl == pytest.approx(-100.0)  # stopped at the open of 90


def test_the_opposite_opinion_ends_a_refused_trade_and_starts_none() -> None:
    bars = market(100, 100, 110, 120, 150)
    signals = said("a", bars, (0, 0, 1), (0, 1, 1), (2, 1, -1))
    effects = explained(bars, signals, risk={"caps": {"max_open_positions": 1}})
    assert [(effect.refused, effect.trades) for effect in effects] == [(2, 2)]
    assert effects[0].pnl == pytest.approx(200.0 + _short(0.1, 120, 150))


def _short(share: float, entry: float, end: float) -> float:
    """The short was refused as well, at the same open: its units are 10 % of the equity of then."""
    equity = 10_000.0 + 10.0 * (entry - 100.0)  # A has risen
    return equity * share / entry * (entry - end)


def test_what_was_cut_off_is_replayed_beside_what_was_refused() -> None:
    # 2,000 wanted in A and B together, 1,500 allowed: half of B is cut off, 5 units, 100 at 120
    bars = market(100, 100, 120, 120)
    risk = {"caps": {"max_total_at_risk_pct": 15.0, "on_breach": "scale"}}
    effects = explained(bars, said("a", bars, (0, 0, 1), (0, 1, 1)), risk=risk)
    assert effects == (effect("max_total_at_risk", "a", 0, 1, 1, 100.0),)


def test_an_entry_refused_anew_while_its_trade_is_on_makes_no_second_trade() -> None:
    bars = market(100, 100, 110, 120, 130)
    signals = said("a", bars, (0, 0, 1), (0, 1, 1), (1, 1, 1), (2, 1, 1))
    effects = explained(bars, signals, risk={"caps": {"max_open_positions": 1}})
    assert [(effect.refused, effect.trades) for effect in effects] == [(3, 1)]


def test_each_strategy_has_its_own_line_for_each_rule() -> None:
    bars = market(100, 100, 120, 120)
    one = said("one", bars, (0, 0, 1), (0, 1, 1))
    two = said("two", bars, (0, 0, 1), (0, 2, 1))
    effects = explained(bars, one, two, budgets={"one": 15.0}, risk={"caps": {"max_open_positions": 1}})
    assert [(effect.rule, effect.strategy, effect.refused) for effect in effects] == [
        ("max_at_risk", "one", 2), ("max_open_positions", "two", 1),
    ]  # fmt: skip
    assert [effect.pnl for effect in effects] == [pytest.approx(400.0), pytest.approx(200.0)]


def test_cash_that_fell_short_counts_as_a_cap() -> None:
    bars = market(100, 100, 120, 120)
    effects = explained(bars, said("a", bars, (0, 0, 1), (0, 1, 1), size=0.8))
    assert effects == (effect("cash", "a", 0, 1, 1, 60 * 20.0),)  # 60 of 80 units were cut off


def test_target_weights_are_counted_and_not_replayed() -> None:
    bars = market(100, 100, 120, 120)
    weight = np.full(bars.shape, np.nan)
    weight[0] = [0.1, 0.1, np.nan]
    effects = explained(bars, Signals("w", weight=weight), risk={"caps": {"max_open_positions": 1}})
    assert effects == (CapEffect("max_open_positions", "w", 1, 0, 0, None),)
    assert effects[0].verdict == ""


def test_without_a_refusal_there_is_nothing_to_say() -> None:
    bars = market(100, 100, 120, 120)
    assert explained(bars, said("a", bars, (0, 0, 1))) == ()
