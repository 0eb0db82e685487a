"""`data.trade_start`: earlier bars are looked back on, nothing trades on them, and no figure counts them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stratkit.backtest import RunConfig, prepare, run_backtest, score_backtest
from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.result import BacktestResult
from stratkit.engine.simulate import simulate
from stratkit.errors import DataError
from stratkit.features.indicators import atr, return_std
from stratkit.panel import format_time
from stratkit.research.assignment import assigned
from stratkit.research.evaluation import Evaluator
from stratkit.research.outcomes import outcome_of
from stratkit.research.trials import Outcome

ARRAYS = ("times", "equity", "cash", "gross", "net", "carry", "by_strategy", "fills", "trades", "decisions")
COSTS = {"commission_bps": 2, "half_spread_bps": 1, "borrow_ann": 0.02}
CROSS = {"cross": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 15}}}
SAYS_ONCE = """
import numpy as np
from stratkit.strategies.strategy import Strategy
class Once(Strategy):
    "Long on one bar, 50."
    def signals(self, context):
        side = np.zeros(context.shape, np.int8)
        side[50] = np.isfinite(context.bars.close[50])
        return self.opinion(side=side)
"""
ASKED = """
from stratkit.strategies import BarStrategy, Proposal
class Asked(BarStrategy):
    "Buys what it does not hold, as soon as it has seen 40 bars, and notes the bars that it sees."
    needs_state = True
    warmup_bars = 40
    def proposals(self, context):
        held = context.state["positions"]
        return [
            Proposal(asset.symbol, "BUY", size_pct=10.0, reason=str(len(context.bars.times)))
            for asset in context.universe.get_all_eligible() if asset.symbol not in held
        ]
"""


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_universe(3, 400, seed=9).bars


def config(bars: Bars, start: int | None, **changed: Any) -> RunConfig:
    values: dict[str, Any] = {
        "strategies": CROSS,
        "risk": {"sizing": {"fraction": 0.3}},
        "costs": COSTS,
        "account": {"leverage": 2},
        **changed,
    }
    when = None if start is None else str(np.datetime64(int(bars.times[start]), "ns"))
    return RunConfig.model_validate({**values, "data": {"trade_start": when, **changed.get("data", {})}})


def bytes_of(result: BacktestResult) -> dict[str, bytes]:
    return {name: getattr(result, name).tobytes() for name in ARRAYS}


def own(tmp_path: Path, body: str) -> dict[str, Any]:
    path = tmp_path / "own.py"
    path.write_text(body)
    return {"strategies": {"own": {"enabled": True, "type": str(path)}}}


def test_from_the_first_bar_on_it_changes_nothing(bars: Bars) -> None:
    plain, dated = run_backtest(config(bars, None), bars), run_backtest(config(bars, 0), bars)
    assert len(plain.fills) > 50
    assert bytes_of(plain) == bytes_of(dated)
    assert plain.provenance == dated.provenance


@given(seed=st.integers(0, 10_000), start=st.integers(0, 118), leverage=st.sampled_from((1, 3)))
def test_a_run_is_that_of_the_signals_of_the_whole_run_on_the_bars_from_there_on(
    seed: int, start: int, leverage: int
) -> None:
    bars = synthetic_universe(2, 120, seed=seed).bars
    dated = config(bars, start, account={"leverage": leverage})
    whole = prepare(config(bars, None), bars).desk.signals[0]
    assert whole.side is not None
    later = type(whole)(whole.strategy, side=whole.side[start:])
    expected = simulate(
        bars.slice(start, 120), later, account=dated.account, costs=dated.costs, execution=dated.execution,
        risk=dated.risk,
    )  # fmt: skip
    assert bytes_of(run_backtest(dated, bars)) == bytes_of(expected)


def test_a_long_average_is_warm_on_the_first_bar(bars: Bars) -> None:
    slow = {"cross": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 200}}}
    start = int(np.argwhere(np.asarray(prepare(config(bars, None, strategies=slow), bars).desk.signals[0].side))[0][0])
    assert 200 <= start < 300
    dated = run_backtest(config(bars, start, strategies=slow), bars)
    alone = run_backtest(config(bars, None, strategies=slow), bars.slice(start, len(bars.times)))
    assert int(dated.fills["bar"][0]) == 1  # decided on the first bar
    assert len(alone.fills) == 0  # without history its warm-up would last to the end
    assert (dated.provenance["warmup_bars"], alone.provenance["warmup_bars"]) == (0, 200)


@pytest.mark.parametrize(("start", "fills"), [(50, 1), (51, 0), (49, 1)])
def test_an_opinion_before_it_does_not_act(bars: Bars, tmp_path: Path, start: int, fills: int) -> None:
    result = run_backtest(config(bars, start, **own(tmp_path, SAYS_ONCE)), bars)
    assert len(np.unique(result.fills["slot"])) == fills * int(np.isfinite(bars.close[50]).sum())
    assert not fills or int(result.fills["bar"][0]) == 51 - start
    assert len(result.equity) == 400 - start
    assert result.equity[0] == result.initial_cash


def test_a_strategy_that_looks_at_its_positions_is_asked_from_there_on_and_sees_all_bars(
    bars: Bars, tmp_path: Path
) -> None:
    result = run_backtest(config(bars, 100, **own(tmp_path, ASKED)), bars)
    assert int(result.fills["bar"][0]) == 1
    assert result.opinions is not None
    assert result.opinions.remark[0] == "101"  # bars seen on the first one that trades
    early = run_backtest(config(bars, 10, **own(tmp_path, ASKED)), bars)
    assert int(early.fills["bar"][0]) == 31  # bar 41 of all: its warm-up holds from the first bar


def test_stops_in_true_ranges_look_back_too(bars: Bars) -> None:
    crosses = np.argwhere(np.asarray(prepare(config(bars, None), bars).desk.signals[0].side) == 1)
    start, symbol = (int(value) for value in crosses[len(crosses) // 2])
    result = run_backtest(config(bars, start, exit_plan={"sl": 2, "atr_bars": 14, "risk": 1.5}), bars)
    expected = 1.5 * atr(bars.high, bars.low, bars.close, 14)[start, symbol]
    trade = next(row for row in result.trades if row["slot"] == symbol)
    assert trade["decision_bar"] == 0
    assert trade["risk_unit"] == expected


def test_sizes_and_slippage_by_volatility_look_back_too(bars: Bars) -> None:
    crosses = np.argwhere(np.asarray(prepare(config(bars, None), bars).desk.signals[0].side) == 1)
    start, symbol = (int(value) for value in crosses[len(crosses) // 2])
    sizing = {"rule": "volatility_target", "vol_bars": 60, "vol_target_ann": 0.1}
    costs = {"slippage_volatility": 0.1, "slippage_volatility_bars": 30}
    result = run_backtest(config(bars, start, risk={"sizing": sizing}, costs=costs), bars)
    fill = next(row for row in result.fills if row["slot"] == symbol)
    volatility = return_std(bars.close, 60)[start, symbol] * np.sqrt(252)
    slipped = 0.1 * return_std(bars.close, 30)[start, symbol]
    assert fill["bar"] == 1
    assert fill["price"] == pytest.approx(bars.open[start + 1, symbol] * (1 + slipped), rel=1e-12)
    assert fill["quantity"] * fill["price"] == pytest.approx(1e5 * 0.1 / volatility, rel=0.01)


def test_an_override_of_an_earlier_date_holds_from_the_first_bar(bars: Bars) -> None:
    date = format_time(int(bars.times[60]))
    off = {"overrides": {date: {"cross": {"enabled": False}}}}
    assert len(run_backtest(config(bars, 100, **off), bars).fills) == 0
    assert len(run_backtest(config(bars, 100), bars).fills) > 0


@pytest.mark.parametrize("method", ["highest_confidence", "weighted_average", "independent"])
def test_strategies_together_begin_there_with_all_cash(bars: Bars, method: str) -> None:
    more = {**CROSS, "rsi": {"enabled": True, "type": "rsi_reversion", "params": {}}}
    result = run_backtest(config(bars, 150, strategies=more, combine={"method": method}), bars)
    assert len(result.times) == 250
    assert result.times[0] == bars.times[150]
    assert result.equity[0] == result.initial_cash
    assert len(result.fills) > 10
    assert np.allclose(result.equity, result.cash + result.net)


def test_packages_of_legs_begin_there(bars: Bars) -> None:
    pairs = {"pairs": {"enabled": True, "type": "pairs", "params": {}}}
    many = synthetic_universe(4, 700, seed=4).bars
    dated = config(many, 400, strategies=pairs)
    signals = prepare(dated, many).desk.signals[0]
    assert signals.legs is not None
    assert signals.shape == (300, 4)
    expected = simulate(many.slice(400, 700), signals, account=dated.account, costs=dated.costs, risk=dated.risk)
    assert bytes_of(run_backtest(dated, many)) == bytes_of(expected)


def test_a_coarser_timeframe_keeps_its_history(bars: Bars) -> None:
    weekly = {"cross": {**CROSS["cross"], "timeframe": "1w"}}
    whole = prepare(config(bars, None, strategies=weekly), bars).desk.signals[0]
    dated = prepare(config(bars, 120, strategies=weekly), bars).desk.signals[0]
    assert np.array_equal(np.asarray(whole.side)[120:], np.asarray(dated.side))
    assert np.any(np.asarray(dated.side)[:60])  # 15 weeks of warm-up are over


def test_figures_and_the_benchmark_begin_there(bars: Bars) -> None:
    dated = config(bars, 200, analytics={"benchmark": "equal_weight"})
    result = run_backtest(dated, bars)
    card, benchmark = score_backtest(dated, bars, result)
    assert card.value("total_return") == pytest.approx(result.equity[-1] / result.initial_cash - 1)
    alone = config(bars, None, analytics={"benchmark": "equal_weight"})
    _, expected = score_backtest(alone, bars.slice(200, 400), run_backtest(alone, bars.slice(200, 400)))
    assert benchmark is not None
    assert expected is not None
    assert benchmark.scorecard.value("total_return") == expected.scorecard.value("total_return")


@pytest.mark.parametrize("given", [{}, {"exit_plan": {"sl": 2}}, {"costs": {"slippage_volatility": 0.1}}])
def test_trials_that_are_only_summed_up_begin_there_too(bars: Bars, given: dict[str, Any]) -> None:
    dated = config(bars, 200, **given)
    values = [{"strategies.cross.params.fast": fast} for fast in (3, 5, 8)]
    for one, outcome in zip(values, Evaluator(dated, bars).evaluate(values), strict=True):
        own = assigned(dated, one)
        result = run_backtest(own, bars)
        card, _ = score_backtest(own, bars, result)
        assert isinstance(outcome, Outcome)
        assert outcome.digest == outcome_of(own, bars, result).digest
        assert outcome.metrics["sharpe"] == card.value("sharpe")


@pytest.mark.parametrize("when", ["1990-01-01", "2090-01-01"])
def test_it_must_lie_within_the_bars(bars: Bars, when: str) -> None:
    with pytest.raises(DataError, match=r"data\.trade_start must lie within the bars"):
        run_backtest(config(bars, None, data={"trade_start": when}), bars)


def test_it_must_lie_between_start_and_end() -> None:
    for dates in ({"start": "2015-01-01"}, {"end": "2013-01-01"}):
        with pytest.raises(ValidationError, match="trade_start must lie between start and end"):
            DataSettings.model_validate({"trade_start": "2014-01-01", **dates})
    with pytest.raises(ValidationError, match="must be an ISO date"):
        DataSettings(trade_start="soon")
