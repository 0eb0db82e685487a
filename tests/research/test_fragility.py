"""What is left of a result under each change, against trades worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_runs import CALM, day_bars

from stratkit.backtest import Inputs, RunConfig, prepare, replay, run_backtest, score_backtest
from stratkit.config import load_config
from stratkit.data.bars import Bars
from stratkit.data.store import load_bars
from stratkit.panel import NS_PER_DAY
from stratkit.research import fragility as room
from stratkit.research.best_trades import without_best
from stratkit.research.break_even import MOST_REPLAYS, break_even
from stratkit.research.changed_signals import can_change, delayed, without_entries
from stratkit.research.fragility import Fragility, FragilityRow, measure_fragility, most_replays
from stratkit.research.jitter import jittered
from stratkit.seeds import generator
from stratkit.strategies.desk import desk_of
from stratkit.strategies.parameters import SearchParameter
from stratkit.strategies.signals import Signals

FAST = SearchParameter("strategies.sma_cross.params.fast", "int", 20, "", 2, 200, log=True)
SLOW = SearchParameter("strategies.sma_cross.params.slow", "int", 50, "", 3, 500, log=True)
VALUES = {FAST.name: 20, SLOW.name: 100}


def market(*prices: float, symbols: str = "A") -> Bars:
    """Bars whose open, high, low and close are one price, the same for all symbols."""
    close = np.repeat(np.array(prices, np.float64)[:, None], len(symbols), axis=1)
    times = (20_000 + np.arange(len(prices))) * NS_PER_DAY
    return Bars(times, tuple(symbols), close, close, close, close, np.full_like(close, 1e6), "1d")


def said(bars: Bars, **sides: dict[int, int]) -> Inputs:
    side = np.zeros(bars.shape, np.int8)
    for symbol, wishes in sides.items():
        for bar, wish in wishes.items():
            side[bar, bars.symbols.index(symbol)] = wish
    return Inputs(bars, desk_of(Signals("hold", side=side)))


def config_of(**settings: Any) -> RunConfig:
    return RunConfig.model_validate(
        {
            "strategies": {"hold": {"enabled": True, "type": "buy_and_hold"}},
            "risk": {"sizing": {"rule": "fixed_units", "units": 10}},
            "account": {"initial_cash": 10_000.0},
            "analytics": {"benchmark": None},
            **settings,
        }
    )


def test_a_delayed_decision_trades_one_bar_later_and_the_first_bar_says_nothing() -> None:
    bars = market(100, 101, 102, 103, 104, 105)
    inputs = said(bars, A={0: 1, 3: 2})
    before, after = (replay(config_of(), each).trades for each in (inputs, delayed(inputs)))
    assert [before[name][0] for name in ("entry_bar", "exit_bar", "pnl")] == [1, 4, 30.0]
    assert [after[name][0] for name in ("entry_bar", "exit_bar", "pnl")] == [2, 5, 30.0]


def test_every_panel_and_every_remark_moves_with_the_delay() -> None:
    bars = market(*range(100, 106))
    panel = np.arange(6.0)[:, None]
    signals = Signals(
        "hold", side=np.array([[0], [1], [0], [-1], [2], [1]], np.int8), confidence=(panel / 10).astype(np.float32),
        size=panel, plan=np.full((6, 1), -1, np.int16), remarks={(1, 0): "up", (5, 0): "late"}, warmup_bars=1,
    )  # fmt: skip
    (moved,) = delayed(Inputs(bars, desk_of(signals))).desk.signals
    assert np.asarray(moved.side).ravel().tolist() == [0, 0, 1, 0, -1, 2]
    assert moved.size is not None
    assert np.isnan(moved.size[0, 0])
    assert moved.size[1:, 0].tolist() == [0, 1, 2, 3, 4]
    assert (dict(moved.remarks), moved.warmup_bars) == ({(2, 0): "up"}, 2)


def test_a_missed_entry_is_not_tried_again_before_its_trade_would_have_ended() -> None:
    # long wishes on every bar from 0 on, left on bar 3; then another trade
    bars = market(100, 101, 102, 103, 104, 105, 106, 107)
    inputs = said(bars, A={0: 1, 1: 1, 2: 1, 3: 2, 5: 1})
    result = replay(config_of(), inputs)
    assert result.trades["entry_bar"].tolist() == [1, 6]
    missed = replay(config_of(), without_entries(inputs, result, result.trades[:1]))
    assert missed.trades["entry_bar"].tolist() == [6]
    last = replay(config_of(), without_entries(inputs, result, result.trades[1:]))
    assert last.trades["entry_bar"].tolist() == [1]


def test_the_entry_of_a_trade_that_stays_open_is_missed_to_the_end() -> None:
    bars = market(100, 101, 102, 103, 104)
    inputs = said(bars, A=dict.fromkeys(range(5), 1))
    result = replay(config_of(), inputs)
    assert result.trades["exit_bar"].tolist() == [-1]
    assert len(replay(config_of(), without_entries(inputs, result, result.trades)).trades) == 0


def test_a_missed_long_leaves_the_short_that_would_have_ended_it() -> None:
    bars = market(100, 101, 102, 103, 104, 105)
    inputs = said(bars, A={0: 1, 1: 1, 2: -1})
    result = replay(config_of(), inputs)
    missed = replay(config_of(), without_entries(inputs, result, result.trades[:1]))
    assert (missed.trades["side"].tolist(), missed.trades["entry_bar"].tolist()) == ([-1], [3])


def test_only_the_symbol_of_the_trade_is_missed() -> None:
    bars = market(100, 101, 102, 103, symbols="AB")
    inputs = said(bars, A={0: 1}, B={0: 1})
    result = replay(config_of(), inputs)
    missed = replay(config_of(), without_entries(inputs, result, result.trades[result.trades["slot"] == 0]))
    assert missed.trades["slot"].tolist() == [1]


def test_a_missed_weight_is_left_flat_and_takes_its_package_with_it() -> None:
    bars = market(100, 101, 102, 103, symbols="ABC")
    weight = np.full(bars.shape, np.nan)
    weight[0], weight[2] = [0.2, -0.2, 0.2], 0.0
    legs = np.zeros(bars.shape, np.int16)
    legs[0, :2] = 7
    inputs = Inputs(bars, desk_of(Signals("hold", weight=weight, legs=legs)))
    config = config_of(risk={})
    result = replay(config, inputs)
    assert sorted(result.trades["slot"].tolist()) == [0, 1, 2]
    missed = replay(config, without_entries(inputs, result, result.trades[result.trades["slot"] == 0]))
    assert missed.trades["slot"].tolist() == [2]


def test_strategies_with_books_of_their_own_miss_only_their_own_entries() -> None:
    bars = market(100, 101, 102, 103)
    side = np.array([[1], [0], [0], [0]], np.int8)
    inputs = Inputs(bars, desk_of(Signals("one", side=side), Signals("two", side=side)))
    on = {"enabled": True, "type": "buy_and_hold"}
    config = config_of(strategies={"one": on, "two": on}, combine={"method": "independent"})
    result = replay(config, inputs)
    picked = result.trades[result.trades["strategy"] == 1]
    assert replay(config, without_entries(inputs, result, picked)).trades["strategy"].tolist() == [0]


def test_the_break_even_cost_is_the_one_worked_out_by_hand() -> None:
    # 10 units bought at 100 and sold at 110 gain 100 on 2,100 traded: 100 / 2,100 = 476.19 bps
    bars = market(100, 100, 110, 110)
    inputs = said(bars, A={0: 1, 1: 2})
    config = config_of(costs={"commission_bps": 5.0, "half_spread_bps": 3.0})
    result = replay(config, inputs)

    def total_return(under: RunConfig) -> float:
        return score_backtest(under, bars, replay(under, inputs))[0].value("total_return")

    found = break_even(config, result, total_return)
    assert found.bps == pytest.approx(1e4 * 100 / 2_100, rel=0.01)
    # the spread counts in what was paid: 8 bps of the price, a little less of the price with the spread inside
    assert found.paid_bps == pytest.approx(8.0, abs=0.01)
    assert found.replays <= MOST_REPLAYS


@pytest.mark.parametrize(
    ("prices", "wishes", "reason"),
    [
        ((100, 100, 90, 90), {0: 1, 1: 2}, "it loses without any cost of trading"),
        ((100, 100, 200, 200), {0: 1}, "it still gains at 2,000 bps"),
        ((100, 100, 90, 90), {}, "nothing was traded"),
    ],
)
def test_where_no_cost_brings_it_to_zero_there_is_no_figure(
    prices: tuple[float, ...], wishes: dict[int, int], reason: str
) -> None:
    bars = market(*prices)
    inputs = said(bars, A=wishes)
    result = replay(config_of(), inputs)
    found = break_even(
        config_of(), result,
        lambda under: score_backtest(under, bars, replay(under, inputs))[0].value("total_return"),
    )  # fmt: skip
    assert math.isnan(found.bps)
    assert found.reason == reason


def test_the_best_trades_are_taken_out_of_the_equity_bar_by_bar() -> None:
    # the first trade gains 10 x (110 - 100), marked 50 on the way; the second gains 10
    bars = market(100, 100, 105, 110, 110, 111)
    inputs = said(bars, A={0: 1, 2: 2, 3: 1})
    result = replay(config_of(costs={"commission_per_order": 1.0}), inputs)
    assert result.trades["pnl"].tolist() == [98.0, 9.0]
    left = without_best(result, bars, bars, 1)
    # the second trade pays 1 of the 10,098 that there were, and then gains 10 of 10,097
    entered = 10_000 * (1 - 1 / 10_098)
    assert left.equity.tolist() == pytest.approx([10_000.0] * 4 + [entered, entered * (1 + 10 / 10_097)])
    both = without_best(result, bars, bars, 2)
    assert both.equity.tolist() == pytest.approx([10_000.0] * 6)


def test_what_is_left_without_the_best_trades_loses_no_more_than_everything() -> None:
    # all is staked: it grows tenfold, then halves, so that the money lost is more than the account began with
    bars = market(100, 100, 1_000, 1_000, 1_000, 500, 500)
    inputs = said(bars, A={0: 1, 2: 2, 3: 1, 5: 2})
    result = replay(config_of(risk={"sizing": {"rule": "fixed_fraction", "fraction": 1.0}}), inputs)
    gained, lost = result.trades["pnl"]
    assert gained == pytest.approx(90_000.0)
    assert lost == pytest.approx(-50_000.0)
    left = without_best(result, bars, bars, 1)
    assert left.equity[-1] == pytest.approx(5_000.0)


def test_a_split_of_raw_prices_is_no_gain_of_a_trade() -> None:
    raw = market(100, 100, 100, 50, 50)
    even = market(50, 50, 50, 50, 50)
    result = replay(config_of(), said(raw, A={0: 1}))
    left = without_best(result, raw, even, 1)
    assert (
        left.equity[1:4].tolist() == result.equity[1:4].tolist()
    )  # until the last bar, where the row of the trade has the word


def test_neighbours_stay_in_the_space_and_within_their_width() -> None:
    fine = SearchParameter("x", "float", 5.0, "", 0.0, 10.0)
    coarse = SearchParameter("n", "int", 2, "", 0, 4)
    kind = SearchParameter("c", "choice", "a", "", choices=("a", "b"))
    drawn = list(jittered((fine, coarse, kind), {"x": 0.2, "n": 4, "c": "b", "other": 1}, 0.05, generator(0), 200))
    assert len(drawn) == 200
    x = [float(one["x"]) for one in drawn]  # type: ignore[arg-type]
    assert 0.0 <= min(x) < 0.05
    assert 0.6 < max(x) <= 0.7
    assert {one["n"] for one in drawn} == {3, 4}
    assert {(one["c"], one["other"]) for one in drawn} == {("b", 1)}


@pytest.fixture(scope="module")
def bars() -> Bars:
    whole = load_bars(load_config().run().data)
    return whole.slice(0, 1_500)


@pytest.fixture(scope="module")
def config() -> RunConfig:
    return load_config().run()


@pytest.fixture(scope="module")
def measured(config: RunConfig, bars: Bars) -> Fragility:
    return measure_fragility(config, bars, VALUES, (FAST, SLOW), draws=3)


def row(measured: Fragility, name: str) -> FragilityRow:
    return next(one for one in measured.rows if one.name == name)


def test_the_base_is_the_plain_backtest_and_twice_the_costs_that_of_twice_the_costs(
    measured: Fragility, config: RunConfig, bars: Bars
) -> None:
    for factor in (1, 2):
        plain = config.model_dump(mode="json", by_alias=True)
        plain["strategies"]["sma_cross"]["params"] |= {"fast": 20, "slow": 100}
        plain["costs"] |= {"commission_bps": 1.0 * factor, "half_spread_bps": 1.0 * factor}
        under = RunConfig.model_validate(plain)
        card, _ = score_backtest(under, bars, run_backtest(under, bars))
        figures = measured.base if factor == 1 else row(measured, "costs x2").figures
        assert figures.sharpe == card.value("sharpe")
        assert figures.total_return == card.value("total_return")


def test_every_change_has_its_row_and_differs_from_the_run_as_it_is(measured: Fragility) -> None:
    names = [one.name for one in measured.rows]
    assert names == ["costs x2", "costs x3", "one bar later", "5% of entries missed", "parameters a little off",
                     "without its 10 best trades", "one symbol left out"]  # fmt: skip
    for one in measured.rows:
        if one.is_known:
            assert one.change.sharpe == one.figures.sharpe - measured.base.sharpe
            assert one.figures != measured.base
    missed = row(measured, "5% of entries missed")
    assert missed.worst is not None
    assert missed.worst.sharpe < missed.figures.sharpe
    drawn = row(measured, "parameters a little off")
    assert drawn.worst is not None
    assert drawn.worst.sharpe <= drawn.figures.sharpe
    assert drawn.draws == 3
    assert row(measured, "one symbol left out").sentence == "n/a: SP500 is the only symbol"


def test_the_same_seed_draws_the_same_and_another_seed_others(
    measured: Fragility, config: RunConfig, bars: Bars
) -> None:
    again = measure_fragility(config, bars, VALUES, (FAST, SLOW), draws=3)
    assert again.rows[3] == measured.rows[3]
    other = measure_fragility(config.model_copy(update={"seed": 5}), bars, VALUES, (FAST, SLOW), draws=3)
    assert other.rows[4] != measured.rows[4]


def test_replays_are_counted_told_and_bounded(config: RunConfig, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    played = []

    def counted(under: RunConfig, inputs: Inputs) -> Any:
        played.append(1)
        return replay(under, inputs)

    monkeypatch.setattr(room, "replay", counted)
    told: list[tuple[int, int]] = []
    found = measure_fragility(config, bars, VALUES, (FAST, SLOW), draws=2, told=lambda *at: told.append(at))
    assert found.replays == len(played) <= most_replays((FAST, SLOW), 1, 2)
    assert [done for done, _ in told[:-1]] == list(range(1, len(played) + 1))
    assert told[-1] == (most_replays((FAST, SLOW), 1, 2),) * 2


def test_each_symbol_is_left_out_of_the_bars() -> None:
    bars = market(100, 110, 120, 130, 140, symbols="ABC")
    bars = replace(bars, close=bars.close * [1.0, 1.0, 1.0] - np.arange(5)[:, None] * [0.0, 0.0, 9.0])
    found = measure_fragility(config_of(costs={}), bars)
    rows = {one.name: one for one in found.rows if one.name.startswith("without ") and one.is_known}
    assert sorted(rows) == ["without A", "without B", "without C"]
    left = config_of(data={"symbols": ["A", "B"]})
    card, _ = score_backtest(left, bars.select(("A", "B")), run_backtest(left, bars.select(("A", "B"))))
    assert rows["without C"].figures.total_return == card.value("total_return")


ASKED = """
from stratkit.strategies import BarStrategy, Proposal


class Asked(BarStrategy):
    needs_state = True

    def proposals(self, context):
        return [] if context.cycle_number % 7 else [Proposal("A", "BUY", 10.0)]
"""


def test_a_strategy_that_is_asked_bar_by_bar_is_not_delayed_and_misses_nothing(tmp_path: Path) -> None:
    (tmp_path / "asked.py").write_text(ASKED)
    config = config_of(risk={}, strategies={"own": {"enabled": True, "type": f"{tmp_path / 'asked.py'}:Asked"}})
    bars = day_bars([CALM] * 30)
    assert not can_change(prepare(config, bars))
    found = measure_fragility(config, bars)
    assert "asked bar by bar" in row(found, "one bar later").sentence
    assert "asked bar by bar" in row(found, "5% of entries missed").sentence


def test_without_costs_nothing_is_dearer() -> None:
    found = measure_fragility(config_of(costs={}), market(100, 100, 110, 120))
    assert [one.sentence for one in found.rows[:2]] == ["n/a: no costs are configured"] * 2
