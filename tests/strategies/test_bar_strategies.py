"""Per-bar strategies: one that was written elsewhere runs as it is, and each works wherever a strategy does."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import ParameterError, StrategyError
from stratkit.features import indicator, rsi, sma
from stratkit.research.lookahead import check_lookahead
from stratkit.research.sources import StrategySource
from stratkit.strategies import BarContext, BarStrategy, BaseStrategy, Proposal
from stratkit.strategies.catalog import build_strategy, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.isolation import signals_or_faults
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.running import opinions, run_strategy
from stratkit.strategies.sheet import ProposalSheet
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.universe import Asset, Universe
from stratkit.testing import check_strategy, sample_bars

PUBLISHED = str(Path(__file__).with_name("mean_reversion_as_published.py"))
HELD: dict[str, Any] = {"positions": {symbol: {} for symbol in sample_bars(3).symbols}}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample_bars(400)


def published(params: dict[str, Any]) -> BarStrategy:
    strategy = build_strategy(PUBLISHED, params)
    assert isinstance(strategy, BarStrategy)
    return strategy


# the strategy of another system


def test_a_strategy_written_elsewhere_says_what_the_built_in_one_says(bars: Bars) -> None:
    params = {"rsi_oversold": 35, "rsi_overbought": 65}
    sheet = ProposalSheet(published(params), Context(bars))
    for bar in range(len(bars.times)):
        sheet.ask(bar, HELD)
    built_in = run_strategy(build_strategy("mean_reversion", params), Context(bars))
    assert built_in.side is not None
    assert (sheet.side == 1).sum() > 50
    assert (sheet.side == 2).sum() > 50
    assert built_in.confidence is not None
    assert built_in.size is not None
    late = slice(built_in.warmup_bars, None)  # the built-in one waits until its RSI has forgotten its start
    np.testing.assert_array_equal(sheet.side[late], built_in.side[late])
    np.testing.assert_array_equal(sheet.confidence[late], built_in.confidence[late])
    np.testing.assert_array_equal(sheet.size[late], built_in.size[late])
    assert sheet.plans == (built_in.exit_plan,)
    np.testing.assert_array_equal((sheet.plan == 0)[late], built_in.side[late] == 1)
    bar, column = np.argwhere(sheet.side == 1)[0]
    assert sheet.signals().remarks[int(bar), int(column)].startswith("RSI oversold: ")


def test_it_sells_only_what_it_holds(bars: Bars) -> None:
    sheet = ProposalSheet(published({}), Context(bars))
    for bar in range(len(bars.times)):
        sheet.ask(bar, {"positions": {"FULL": {}}} if bar % 2 else None)
    assert {tuple(cell) for cell in np.argwhere(sheet.side == 2) % [2, 99]} == {(1, 0)}


def test_it_is_built_and_run_as_its_own_test_does() -> None:
    config = {"enabled": True, "params": {"rsi_oversold": 30, "rsi_overbought": 70}}
    strategy: Any = find_strategy(PUBLISHED)(name="mean_reversion", config=config)
    strategy._calculate_rsi = lambda symbol, context: 15.0
    context = BarContext(
        universe=Universe((Asset("A"), Asset("B", eligible=False))),
        triggers=[],
        regime="chop",
        timestamp=datetime.now(UTC),
        cycle_number=1,
    )
    proposals = strategy.run(context)
    assert [(p.symbol, p.side, p.confidence) for p in proposals] == [("A", "BUY", 0.5)]
    assert all(p.metadata.get("strategy") == "mean_reversion" for p in proposals)


def test_it_keeps_the_contract_of_every_strategy() -> None:
    check_strategy(build_strategy(PUBLISHED, {"rsi_oversold": 35, "rsi_overbought": 65}), sample_bars(90))


# the base classes


class Generating(BaseStrategy):
    """Generate nothing."""

    def generate_proposals(self, context: BarContext) -> list[Proposal]:
        return [Proposal("ZZZ", "BUY")] if self.params.model_dump().get("wrong") else []


def test_a_configuration_may_be_given_or_parameters() -> None:
    by_catalog = Generating(window=7, ratio=0.5, word="x", flag=True)
    assert by_catalog.config == {
        "enabled": True, "params": {"window": 7, "ratio": 0.5, "word": "x", "flag": True}
    }  # fmt: skip
    assert (by_catalog.name, by_catalog.enabled, by_catalog.max_at_risk_pct) == ("generating", True, None)
    budgets = {"max_at_risk_pct": 10.0, "max_trades_per_cycle": 3}
    by_config = Generating(name="mine", config={"params": {"window": 7}, "risk_budgets": budgets})
    assert (by_config.name, by_config.enabled) == ("mine", False)
    assert (by_config.max_at_risk_pct, by_config.max_trades_per_cycle) == (10.0, 3)
    assert by_config.params.model_dump() == {"window": 7}
    assert Generating.name == "generating"


def test_parameters_of_any_name_are_single_values() -> None:
    with pytest.raises(ParameterError, match=r"levels must be a number, a text, or true or false; found \[1, 2\]"):
        Generating(levels=[1, 2])


def test_declared_parameters_have_their_defaults_in_the_configuration() -> None:
    class Declared(Generating):
        """Declare them."""

        class Params(Parameters):
            window: int = bounded(14, low=2, high=100, description="bars")

    assert Declared().config["params"] == {"window": 14}
    with pytest.raises(ParameterError, match="there is no parameter 'windw'; did you mean 'window'"):
        Declared(config={"params": {"windw": 3}})


def test_run_refuses_what_the_universe_does_not_hold() -> None:
    with pytest.raises(StrategyError, match="must name a symbol of the universe; found 'ZZZ'; known: A"):
        Generating(wrong=True).run(BarContext(Universe((Asset("A"),))))


class BuysDips(BarStrategy):
    """Buy the oversold, with a stop that depends on how far it fell."""

    class Params(Parameters):
        below: float = bounded(35.0, low=5.0, high=60.0, description="RSI that is oversold")

    def proposals(self, context: BarContext) -> list[Proposal]:
        found = []
        for asset in context.universe.get_all_eligible():
            strength = context.value(rsi, 14, symbol=asset.symbol)
            if strength < self.params.below:
                stop = float(5 + (context.cycle_number // 40))
                found.append(Proposal(asset.symbol, "BUY", 2.0, f"RSI {strength:.3f}", stop_loss_pct=stop))
            elif strength > 60:
                found.append(Proposal(asset.symbol, "SELL", 50.0))
        return found


def test_one_that_needs_no_state_runs_as_any_other(bars: Bars) -> None:
    context = Context(bars)
    signals = run_strategy(BuysDips(), context)
    strength = context.compute(rsi, 14)
    expected = np.where(strength < 35, 1, np.where(strength > 60, 2, 0))
    np.testing.assert_array_equal(signals.side, expected)
    assert signals.warmup_bars == 14
    assert signals.params == {"below": 35.0}


def test_one_that_needs_no_state_keeps_the_contract() -> None:
    check_strategy(BuysDips, sample_bars(90))


class Holder(BarStrategy):
    """Buy everything, and leave what has gained."""

    needs_state = True

    def proposals(self, context: BarContext) -> list[Proposal]:
        assert context.state is not None
        held = context.state["positions"]
        return [
            Proposal(asset.symbol, "SELL" if asset.symbol in held else "BUY")
            for asset in context.universe.get_all_eligible()
            if asset.symbol not in held or held[asset.symbol]["pnl"] > 0
        ]


def test_one_that_needs_state_is_not_run_on_all_bars_at_once(bars: Bars) -> None:
    with pytest.raises(StrategyError) as caught:
        run_strategy(Holder(), Context(bars))
    assert str(caught.value).startswith("strategy 'holder' asks for its positions (needs_state), so it must be run bar")
    with pytest.raises(StrategyError, match="asks for its positions"):
        signals_or_faults(Holder(), Context(bars), "skip")


def test_proofs_tell_it_the_positions_of_its_own_proposals() -> None:
    close = np.array([[10.0], [9.0], [11.0], [12.0], [11.0], [13.0]])
    bars = Bars(np.arange(6) * 86_400 * 10**9, ("A",), close, close, close, close, close, "1d")
    side = run_strategy(Holder(), Context(bars, assume_positions=True)).side
    assert side is not None
    assert side[:, 0].tolist() == [1, 0, 2, 1, 0, 2]
    check_strategy(Holder, sample_bars(90))


# looking ahead


def report_on(strategy: type[Strategy]) -> Any:
    return check_lookahead(StrategySource(strategy, reload=False), sample_bars(120), cuts=6)


def test_an_honest_one_is_proved_clean_with_its_plans_and_remarks() -> None:
    report = report_on(BuysDips)
    assert report.is_clean, report.sentence()
    assert {"plan.risk", "plan.sl", "remarks", "exit_fraction", "indicator rsi(window_bars=14)"} <= set(report.compared)


def test_one_that_needs_state_is_proved_too() -> None:
    assert report_on(Holder).is_clean


class DigsForTomorrow(BarStrategy):
    """Look for later closes behind the view that it is given."""

    def proposals(self, context: BarContext) -> list[Proposal]:
        seen = context.bars.close
        whole = seen if seen.base is None else seen.base
        known = np.isfinite(whole[len(seen) :]) & (whole[len(seen) :] != 0)
        assert not known.any(), "tomorrow is known"
        return [Proposal(asset.symbol, "BUY") for asset in context.universe.get_all_eligible()]


def test_one_that_digs_behind_its_view_finds_nothing() -> None:
    assert report_on(DigsForTomorrow).is_clean


@indicator("close", lookback=lambda: 0)
def tomorrow(values: Any) -> Any:
    return np.vstack([values[1:], values[-1:]])


class AsksForTomorrow(BarStrategy):
    """Read an indicator that is not causal."""

    def proposals(self, context: BarContext) -> list[Proposal]:
        rises = context.value(tomorrow, symbol="FULL") > context.value(sma, 1, symbol="FULL")
        return [Proposal("FULL", "BUY")] if rises else []


class CountsTheBars(BarStrategy):
    """Remember what was said on earlier bars."""

    calls = 0

    def proposals(self, context: BarContext) -> list[Proposal]:
        type(self).calls += 1
        return [Proposal("FULL", "BUY", reason=f"call {self.calls}")]


@pytest.mark.parametrize(("strategy", "verdict"), [(AsksForTomorrow, "leak"), (CountsTheBars, "random")])
def test_one_that_cheats_is_found_out(strategy: type[Strategy], verdict: str) -> None:
    assert report_on(strategy).verdict == verdict


class Changing(BarStrategy):
    """Let stop and words depend on the last bar of all."""

    def proposals(self, context: BarContext) -> list[Proposal]:
        return [Proposal("FULL", "BUY", stop_loss_pct=1.0 + context.value(last_bar, symbol="FULL") % 7)]


@indicator("close", lookback=lambda: 0)
def last_bar(values: Any) -> Any:
    return np.where(np.isfinite(values), float(len(values)), np.nan)


def test_a_leak_into_the_stop_alone_is_found() -> None:
    leaks = {leak.difference.field for leak in report_on(Changing).leaks}
    assert "plan.risk" in leaks
    assert "side" not in leaks


# isolation


class Broken(Strategy):
    """Do what the test says."""

    class Params(Parameters):
        how: str = "raise"

    def signals(self, context: Context) -> Signals:
        if self.params.how == "raise":
            raise ValueError("broken")
        if self.params.how == "slow":
            time.sleep(0.5)
        rows = 3 if self.params.how == "short" else len(context.bars.times)
        value = np.nan if self.params.how == "nan" else 0.0
        return self.opinion(side=np.full((rows, len(context.bars.symbols)), value))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", "strategy 'broken' raised: "),
        ("short", "must hold an opinion on each of 400 bars x 6 symbols; found the shape (3, 6)"),
        ("nan", "side must be 1, -1, 2 or 0 (no opinion); found NaN"),
        ("slow", "strategy 'broken' must answer within 0.1 s; took longer"),
    ],
)
def test_a_broken_strategy_becomes_silent_and_says_why(bars: Bars, how: str, message: str) -> None:
    signals, faults = signals_or_faults(Broken(how=how), Context(bars), "skip", 0.1)
    assert (signals.strategy, signals.params) == ("broken", {"how": how})
    assert signals.shape == bars.shape
    assert not opinions(signals).any()
    assert [(fault.strategy, fault.bar) for fault in faults] == [("broken", -1)]
    assert message in faults[0].message
    with pytest.raises(StrategyError) as caught:
        signals_or_faults(Broken(how=how), Context(bars), "fail", 0.1)
    assert message in str(caught.value)


def test_a_sound_strategy_has_no_faults(bars: Bars) -> None:
    strategy = build_strategy("mean_reversion")
    signals, faults = signals_or_faults(strategy, Context(bars), "skip", 60.0)
    np.testing.assert_array_equal(signals.side, run_strategy(strategy, Context(bars)).side)
    assert faults == ()


class FailsSometimes(BuysDips):
    """Fail on some bars."""

    def proposals(self, context: BarContext) -> list[Proposal]:
        if context.cycle_number in (50, 60):
            raise ValueError("sometimes")
        return super().proposals(context)


def test_a_per_bar_strategy_is_silent_only_where_it_fails(bars: Bars) -> None:
    signals, faults = signals_or_faults(FailsSometimes(), Context(bars), "skip")
    whole = run_strategy(BuysDips(), Context(bars))
    assert signals.side is not None
    assert whole.side is not None
    rest = np.delete(np.arange(len(bars.times)), [49, 59])
    np.testing.assert_array_equal(signals.side[rest], whole.side[rest])
    assert not signals.side[[49, 59]].any()
    assert [fault.bar for fault in faults] == [49, 59]
    assert signals.warmup_bars == whole.warmup_bars


def test_inside_a_run_an_error_is_told_once_with_its_line_and_date(bars: Bars) -> None:
    with pytest.raises(StrategyError) as caught:
        run_strategy(FailsSometimes(), Context(bars))
    line = FailsSometimes.proposals.__code__.co_firstlineno + 2
    assert str(caught.value) == (
        f"strategy 'fails_sometimes' on 2020-03-09 raised: {__file__}:{line}: ValueError: sometimes"
    )
