"""Several strategies in one account, through the hallway: budgets, books, blends, dated changes, state, faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.backtest import RunConfig, prepare, replay, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.layout import CAP_STRATEGY, FILLED, REDUCED, REFUSED, RULES
from stratkit.engine.result import BacktestResult
from stratkit.errors import StrategyError, UsageError
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.plans import PROFILES

ARRAYS = ("fills", "trades", "decisions", "equity", "cash", "gross", "net")

# says on each bar what its parameters tell: the symbols by letter, each with a size in percent
SAYING = '''
import numpy as np
from stratkit.strategies import BarStrategy, Parameters, Proposal
from stratkit.strategies.strategy import Strategy


class Script(Parameters):
    said: str = ""  # "bar:symbol:side:percent:confidence ..."


def lines(params):
    for word in params.said.split():
        bar, symbol, side, percent, confidence = word.split(":")
        yield int(bar), symbol, side, float(percent), float(confidence)


class Saying(Strategy):
    """Say what the parameters tell."""
    Params = Script

    def signals(self, context):
        side = np.zeros(context.shape, np.int8)
        size, sure = np.full(context.shape, np.nan), np.ones(context.shape, np.float32)
        for bar, symbol, word, percent, confidence in lines(self.params):
            cell = bar, context.bars.symbols.index(symbol)
            side[cell] = {"BUY": 1, "SHORT": -1, "SELL": 2}[word]
            size[cell], sure[cell] = percent / 100, confidence
        return self.opinion(side=side, size=size, confidence=sure)


class Proposing(BarStrategy):
    """Propose what the parameters tell, bar by bar."""
    Params = Script

    def proposals(self, context):
        return [
            Proposal(symbol, word, None if word == "SELL" else percent, confidence=confidence)
            for bar, symbol, word, percent, confidence in lines(self.params)
            if bar == context.cycle_number - 1
        ]


class Looking(Proposing):
    """The same, but it says that it looks at its positions."""
    needs_state = True


class Telling(Proposing):
    """Buys A whenever it holds nothing at all, and sells when its account is told to hold something."""
    needs_state = True

    def proposals(self, context):
        held = context.state["positions"]
        return [Proposal("A", "SELL") if "A" in held else Proposal("A", "BUY", 10.0)]


class Failing(BarStrategy):
    """Fails on every third bar."""

    def proposals(self, context):
        if context.cycle_number % 3 == 0:
            raise ValueError("no quote today")
        return [Proposal("A", "BUY", 5.0)]
'''


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "saying.py"
    path.write_text(SAYING)
    return path


@pytest.fixture(scope="module")
def universe() -> Bars:
    return synthetic_universe(6, 500, seed=4).bars


def flat(count: int = 8, symbols: str = "ABCDE", prices: dict[int, float] | None = None) -> Bars:
    """Bars that stand at 100, or from a bar on at another price."""
    close = np.full((count, len(symbols)), 100.0)
    for bar, price in (prices or {}).items():
        close[bar:] = price
    times = (20_000 + np.arange(count)) * NS_PER_DAY
    return Bars(times, tuple(symbols), close, close, close, close, np.full_like(close, 1e6), "1d")


def own(file: Path, said: str = "", kind: str = "Saying", **more: Any) -> dict[str, Any]:
    return {"enabled": True, "type": f"{file}:{kind}", "params": {"said": said} if said else {}, **more}


def config(strategies: dict[str, Any], **more: Any) -> RunConfig:
    account = {"initial_cash": 10_000.0}
    return RunConfig.model_validate({"strategies": strategies, "account": account, **more})


def exposure_by_strategy(result: BacktestResult, bars: Bars) -> FloatArray:
    """(T, S) value of each strategy's positions at each open, after what filled there."""
    fills = result.fills
    held = np.zeros((len(bars.times), len(result.strategies), len(bars.symbols)))
    signed = fills["direction"] * fills["quantity"]
    np.add.at(held, (fills["bar"], fills["strategy"], result.slot_symbol[fills["slot"]]), signed)
    return np.asarray((np.abs(np.cumsum(held, axis=0)) * bars.open[:, None, :]).sum(axis=2))


def log(result: BacktestResult) -> list[tuple[str, str, str]]:
    """The decisions as (strategy, outcome, rule)."""
    names = {FILLED: "filled", REDUCED: "reduced", REFUSED: "refused"}
    return [(result.strategies[row.strategy], names.get(row.outcome, "?"), RULES[row.rule]) for row in result.decisions]


# ---- the worked example: 10,000 in the account, caps of 15 % and 10 %

BUDGETS = ({"max_at_risk_pct": 15.0, "max_trades_per_cycle": 5}, {"max_at_risk_pct": 10.0, "max_trades_per_cycle": 3})


@pytest.mark.parametrize("shared", [True, False], ids=["one position per symbol", "books"])
def test_caps_of_15_and_10_percent_of_10_000_allow_1_500_and_1_000(file: Path, shared: bool) -> None:
    rules = own(file, "0:A:BUY:5:1 0:B:BUY:5:1 0:C:BUY:5:1 1:D:BUY:1:1", risk_budgets=BUDGETS[0])
    reversion = own(file, "0:D:BUY:5:.5 0:E:BUY:5:.5", risk_budgets=BUDGETS[1])
    settings = config({"rules": rules, "reversion": reversion}, **{"global": {"dedupe_by_symbol": shared}})
    result = run_backtest(settings, flat())
    held = exposure_by_strategy(result, flat())
    assert held[1].tolist() == [pytest.approx(1_500), pytest.approx(1_000)]
    assert held[-1].tolist() == [pytest.approx(1_500), pytest.approx(1_000)]
    refused = ("rules", "refused", RULES[CAP_STRATEGY])
    if shared:  # D is held: the new buy is a no-op, and would be an add only where adds are allowed
        assert refused not in log(result)
    else:
        assert log(result)[-1] == refused


def test_one_proposal_too_many_refuses_all_of_that_bar(file: Path) -> None:
    said = "0:A:BUY:5:1 0:B:BUY:5:1 0:C:BUY:5:1 0:D:BUY:1:1"
    result = run_backtest(config({"rules": own(file, said, risk_budgets=BUDGETS[0])}), flat())
    assert log(result) == [("rules", "refused", "max_at_risk")] * 4
    assert result.equity[-1] == 10_000


def test_scaled_proposals_share_the_room_that_is_left(file: Path) -> None:
    said = "0:A:BUY:10:1 0:B:BUY:20:1"
    risk = {"caps": {"on_breach": "scale"}}
    result = run_backtest(config({"rules": own(file, said, risk_budgets=BUDGETS[0])}, risk=risk), flat())
    assert [fill.quantity for fill in result.fills] == [pytest.approx(5.0), pytest.approx(10.0)]  # 15 % in all


def test_the_cap_is_a_share_of_equity_at_that_open(file: Path) -> None:
    # 10 % of 10,000 bought at 100; at 200 the account is worth 11,000 and the position 2,000: no room under 20 %
    said = "0:A:BUY:10:1 3:B:BUY:1:1 5:C:BUY:1:1"
    bars = flat(prices={3: 200.0, 5: 150.0})
    result = run_backtest(config({"rules": own(file, said, risk_budgets={"max_at_risk_pct": 16.0})}), bars)
    assert log(result) == [
        ("rules", "filled", ""),
        ("rules", "refused", "max_at_risk"),  # 2,000 + 110 > 16 % of 11,000
        ("rules", "filled", ""),  # 1,500 + 105 <= 16 % of 10,500
    ]


def test_both_caps_are_held_to_before_the_caps_of_the_account(file: Path) -> None:
    strategies = {
        "rules": own(file, "0:A:BUY:10:1 0:B:BUY:6:1", risk_budgets=BUDGETS[0]),
        "reversion": own(file, "0:C:BUY:8:.5", risk_budgets=BUDGETS[1]),
    }
    result = run_backtest(config(strategies, risk={"caps": {"max_total_at_risk_pct": 7.0}}), flat())
    assert sorted(log(result)) == [
        ("reversion", "refused", "max_total_at_risk"),
        ("rules", "refused", "max_at_risk"),
        ("rules", "refused", "max_at_risk"),
    ]


# ---- what each strategy earned


@pytest.mark.parametrize("method", ["highest_confidence", "majority", "independent"])
def test_the_pnl_of_the_strategies_is_that_of_the_account_at_every_bar(universe: Bars, method: str) -> None:
    strategies: dict[str, Any] = {
        "trend": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20}},
        "dip": {"enabled": True, "type": "rsi_reversion", "params": {"direction": "both"}},
        "breakout": {"enabled": True, "type": "donchian_breakout", "risk_budgets": {"max_at_risk_pct": 40}},
    }
    costs = {"commission_bps": 3, "half_spread_bps": 2, "borrow_ann": 0.03, "margin_rate_ann": 0.05}
    settings = config(
        strategies, costs=costs, combine={"method": method}, risk={"sizing": {"fraction": 0.4}},
        account={"leverage": 3.0, "initial_cash": 10_000.0}, exit_plan="moderate",
    )  # fmt: skip
    result = run_backtest(settings, universe)
    interest = np.cumsum(result.carry[:, 2])
    assert len(result.trades) > 50
    assert len(set(result.trades["strategy"].tolist())) > 1
    np.testing.assert_allclose(result.by_strategy.sum(axis=1) - interest, result.equity - 10_000, atol=1e-6)
    for place in range(3):
        of_trades = result.trades["pnl"][result.trades["strategy"] == place].sum()
        assert result.by_strategy[-1, place] == pytest.approx(of_trades, abs=1e-6)


def test_one_of_several_alone_is_the_run_of_that_strategy(universe: Bars) -> None:
    two = {
        "trend": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20}},
        "dip": {"enabled": True, "type": "rsi_reversion"},
    }
    alone = {"trend": two["trend"], "dip": {**two["dip"], "enabled": False}}
    one = run_backtest(config({"trend": two["trend"]}), universe)
    picked = run_backtest(config(alone), universe)
    together = run_backtest(config(two), universe)
    for name in ARRAYS:
        assert getattr(one, name).tobytes() == getattr(picked, name).tobytes()
    assert together.fills.tobytes() != one.fills.tobytes()


# ---- books, weights, schedules, symbols, plans: every setting changes something


def test_books_hold_one_symbol_twice_and_a_netted_account_once(file: Path) -> None:
    strategies = {"a": own(file, "0:A:BUY:10:1"), "b": own(file, "0:A:BUY:20:.5")}
    netted = run_backtest(config(strategies), flat())
    books = run_backtest(config(strategies, combine={"method": "independent"}), flat())
    assert [(fill.strategy, fill.quantity) for fill in netted.fills] == [(0, 10.0)]
    assert [(fill.strategy, fill.quantity) for fill in books.fills] == [(0, 10.0), (1, 20.0)]


def test_a_weight_counts_in_the_vote_and_scales_a_book(file: Path) -> None:
    strategies = {"a": own(file, "0:A:BUY:10:.5"), "b": own(file, "0:A:SHORT:20:.6", weight=0.5)}
    assert run_backtest(config(strategies), flat()).fills["direction"].tolist() == [1]
    books = run_backtest(config(strategies, combine={"method": "independent"}), flat())
    assert sorted(books.fills["quantity"].tolist()) == [10.0, 10.0]  # half of 20


def test_multipliers_are_held_between_a_tenth_and_two(file: Path) -> None:
    strategies = {"a": own(file, "0:A:BUY:10:1", weight=7.0), "b": own(file, "0:B:BUY:10:1", weight=0.01)}
    books = run_backtest(config(strategies, combine={"method": "independent"}), flat())
    assert sorted(books.fills["quantity"].tolist()) == [pytest.approx(1.0), pytest.approx(20.0)]


def test_a_schedule_asks_on_every_nth_bar_only(file: Path) -> None:
    said = "1:A:BUY:10:1 4:B:BUY:10:1"
    result = run_backtest(config({"a": own(file, said, every_bars=4)}), flat())
    assert result.fills["bar"].tolist() == [5]


def test_symbols_keep_a_strategy_to_its_own(file: Path) -> None:
    said = "0:A:BUY:10:1 0:B:BUY:10:1"
    result = run_backtest(config({"a": own(file, said, symbols=("B",))}), flat())
    assert result.slot_symbol[result.fills["slot"]].tolist() == [1]
    with pytest.raises(UsageError, match="no symbol 'BB' in the bars; did you mean 'B'"):
        run_backtest(config({"a": own(file, said, symbols=("BB",))}), flat(symbols="AB"))


def test_a_timeframe_says_once_what_a_coarser_bar_said(universe: Bars) -> None:
    trend = {"enabled": True, "type": "sma_cross", "params": {"fast": 2, "slow": 5}}
    fine = run_backtest(config({"trend": trend}), universe)
    weekly = run_backtest(config({"trend": {**trend, "timeframe": "1w"}}), universe)
    assert 0 < len(weekly.decisions) < len(fine.decisions)


def test_each_strategy_has_its_own_plan_and_the_configuration_goes_before_the_design(universe: Bars) -> None:
    strategies: dict[str, Any] = {
        "breakout": {"enabled": True, "type": "donchian_breakout", "exit_plan": "scalp"},
        "dip": {"enabled": True, "type": "rsi_reversion"},
    }
    both = config(strategies, combine={"method": "independent"}, exit_plan={"risk": 3, "sl": 1},
                  risk={"sizing": {"fraction": 0.1}})  # fmt: skip
    result = run_backtest(both, universe)
    stage_plans = {place: both.plan_of(settings) for place, settings in enumerate(both.enabled().values())}
    assert stage_plans[0] == PROFILES["scalp"].plan
    targets = result.fills[result.fills["reason"] == 6]
    assert set(targets["strategy"].tolist()) == {0}  # only a scalp has targets


def test_named_plans_of_ones_own_go_before_profiles(file: Path) -> None:
    plans = {"scalp": {"risk_basis": "percent", "risk": 50, "sl": 1}, "tight": {"risk_basis": "percent", "risk": 1,
             "sl": 1}}  # fmt: skip
    settings = config({"a": own(file, "0:A:BUY:10:1", exit_plan="scalp")}, exit_plans=plans)
    assert settings.plan_of(settings.strategies["a"]).risk == 50  # type: ignore[union-attr]
    bars = flat(prices={3: 90.0})
    assert len(run_backtest(settings, bars).fills) == 1
    tight = config({"a": own(file, "0:A:BUY:10:1")}, exit_plans=plans, exit_plan="tight")
    assert len(run_backtest(tight, bars).fills) == 2


def test_limits_on_proposals_keep_the_most_confident(file: Path) -> None:
    said = "0:A:BUY:5:.2 0:B:BUY:5:.9 0:C:BUY:5:.5"
    limited = run_backtest(config({"a": own(file, said, risk_budgets={"max_trades_per_cycle": 2})}), flat())
    assert sorted(limited.slot_symbol[limited.fills["slot"]].tolist()) == [1, 2]
    total = run_backtest(config({"a": own(file, said)}, **{"global": {"max_total_proposals_per_cycle": 1}}), flat())
    assert total.slot_symbol[total.fills["slot"]].tolist() == [1]
    assert total.proposals["a"]["over_total_limit"] == 2


def test_a_floor_leaves_out_what_is_not_sure_enough(file: Path) -> None:
    settings = config({"a": own(file, "0:A:BUY:5:.4 0:B:BUY:5:.6")}, combine={"min_confidence": 0.5})
    result = run_backtest(settings, flat())
    assert result.slot_symbol[result.fills["slot"]].tolist() == [1]


# ---- changes by date


@pytest.mark.parametrize("method", ["highest_confidence", "independent"])
def test_an_override_switches_a_strategy_off_for_entries_from_its_date_on(file: Path, method: str) -> None:
    said = " ".join(f"{bar}:A:BUY:10:1 {bar + 1}:A:SELL:100:1" for bar in (0, 2, 4))
    date = str((np.datetime64("1970-01-01") + 20_002).astype(str))
    settings = config(
        {"a": own(file, said), "b": own(file, "4:B:BUY:10:1")}, combine={"method": method},
        overrides={date: {"a": {"enabled": False}}},
    )  # fmt: skip
    result = run_backtest(settings, flat())
    assert [(int(fill.bar), int(fill.strategy)) for fill in result.fills] == [(1, 0), (2, 0), (5, 1)]


def test_an_override_of_a_budget_holds_from_its_date_on(file: Path) -> None:
    date = str((np.datetime64("1970-01-01") + 20_002).astype(str))
    said = "0:A:BUY:8:1 2:B:BUY:8:1"
    changed = {date: {"a": {"max_at_risk_pct": 20.0}}}
    strategies = {"a": own(file, said, risk_budgets={"max_at_risk_pct": 10.0})}
    assert len(run_backtest(config(strategies), flat()).fills) == 1
    assert len(run_backtest(config(strategies, overrides=changed), flat()).fills) == 2


def test_an_override_of_a_weight_scales_the_books_after_it(file: Path) -> None:
    date = str((np.datetime64("1970-01-01") + 20_002).astype(str))
    strategies = {"a": own(file, "0:A:BUY:8:1 2:B:BUY:8:1")}
    settings = config(strategies, combine={"method": "independent"}, overrides={date: {"a": {"weight": 0.5}}})
    assert run_backtest(settings, flat()).fills["quantity"].tolist() == [8.0, 4.0]


def test_an_override_must_name_a_strategy_and_a_date(file: Path) -> None:
    strategies = {"trend": own(file, "0:A:BUY:8:1")}
    with pytest.raises(UsageError, match="did you mean 'trend'"):
        run_backtest(config(strategies, overrides={"2020-01-01": {"trnd": {"enabled": False}}}), flat())
    with pytest.raises(UsageError, match="ISO date"):
        run_backtest(config(strategies, overrides={"soon": {"trend": {"enabled": False}}}), flat())


# ---- strategies that are asked bar by bar


def script(draw: st.DrawFn) -> str:
    words = draw(
        st.lists(
            st.tuples(
                st.integers(0, 11), st.sampled_from("ABC"), st.sampled_from(["BUY", "SHORT", "SELL"]),
                st.sampled_from([2, 10, 40]), st.sampled_from([0.25, 0.5, 1.0]),
            ),
            max_size=14, unique_by=lambda word: word[:2],
        )
    )  # fmt: skip
    return " ".join(":".join(map(str, word)) for word in words)


@given(st.composite(script)(), st.composite(script)(), st.sampled_from(["conservative", "close", "tradingview"]),
       st.sampled_from(["highest_confidence", "weighted_average", "independent"]), st.booleans())  # fmt: skip
def test_being_asked_bar_by_bar_changes_nothing(
    file: Path, first: str, second: str, profile: str, method: str, limited: bool
) -> None:
    """One that says it looks at its positions, but does not, trades like one that is asked for all bars at once."""
    bars = flat(12, "ABC", {4: 90.0, 7: 120.0, 9: 80.0})
    budgets = {"max_at_risk_pct": 30.0, "max_trades_per_cycle": 1} if limited else {}

    def played(kind: str) -> BacktestResult:
        strategies = {
            "a": own(file, first, kind, risk_budgets=budgets),
            "b": own(file, second, "Saying"),
            "c": own(file, second, kind, weight=2.0),
        }
        settings = config(
            strategies, execution={"profile": profile}, combine={"method": method},
            exit_plan={"risk_basis": "percent", "risk": 8, "sl": 1, "tp1": 2, "f1": 0.5, "trail_by": 1},
            overrides={str(np.datetime64("1970-01-01") + 20_006): {"c": {"enabled": False}}},
        )  # fmt: skip
        return run_backtest(settings, bars)

    at_once, bar_by_bar = played("Proposing"), played("Looking")
    for name in ARRAYS:
        assert getattr(at_once, name).tobytes() == getattr(bar_by_bar, name).tobytes(), name
    assert at_once.proposals == bar_by_bar.proposals


@pytest.mark.parametrize(("profile", "fills"), [("conservative", [1, 2, 3, 4, 5, 6, 7]), ("close", list(range(8)))])
def test_a_strategy_sees_the_book_at_the_close_it_decides_on(file: Path, profile: str, fills: list[int]) -> None:
    # flat: buy; long: sell; and so on, one fill a bar
    result = run_backtest(config({"a": own(file, kind="Telling")}, execution={"profile": profile}), flat())
    assert result.fills["bar"].tolist() == fills
    assert result.fills["direction"].tolist() == [1, -1, 1, -1, 1, -1, 1, -1][: len(fills)]


def test_in_books_of_their_own_strategies_do_not_see_each_others_positions(file: Path) -> None:
    strategies = {"a": own(file, kind="Telling"), "b": own(file, "0:A:BUY:5:.5")}
    books = run_backtest(config(strategies, combine={"method": "independent"}), flat(4))
    netted = run_backtest(config(strategies), flat(4))
    assert [(int(fill.bar), int(fill.strategy)) for fill in books.fills] == [(1, 0), (1, 1), (2, 0), (3, 0)]
    assert [(int(fill.bar), int(fill.strategy)) for fill in netted.fills] == [(1, 0), (2, 0), (3, 0)]


def test_a_replay_under_other_fills_asks_again(file: Path) -> None:
    settings = config({"a": own(file, kind="Telling")})
    inputs = prepare(settings, flat())
    first = replay(settings, inputs)
    again = replay(settings, inputs)
    assert first.fills.tobytes() == again.fills.tobytes()
    assert len(first.fills) == 7


# ---- strategies that fail


def test_a_strategy_that_fails_ends_the_run_unless_it_may_be_skipped(file: Path) -> None:
    strategies = {"bad": own(file, kind="Failing"), "good": own(file, "0:B:BUY:5:1")}
    with pytest.raises(StrategyError, match="no quote today"):
        run_backtest(config(strategies), flat())
    result = run_backtest(config(strategies, **{"global": {"on_error": "skip"}}), flat())
    assert [(fault.strategy, fault.bar) for fault in result.faults] == [("bad", 2), ("bad", 5)]
    assert sorted(result.strategies[owner] for owner in result.fills["strategy"]) == ["bad", "good"]


def test_every_fault_is_counted_against_every_time_a_strategy_was_asked(file: Path) -> None:
    settings = config({"bad": own(file, kind="Failing")}, **{"global": {"on_error": "skip"}})
    inputs = prepare(settings, flat(450))
    assert [seat.times_asked for seat in inputs.desk.seats] == [450]
    assert [fault.bar for fault in replay(settings, inputs).faults] == list(range(2, 450, 3))


def test_a_fault_on_a_coarser_bar_stands_where_that_bar_is_complete(file: Path) -> None:
    # the first bar is a Friday: weeks end on bars 2, 9, 16, 23, 30, 37, and every third of them fails
    settings = config({"bad": own(file, kind="Failing", timeframe="1w")}, **{"global": {"on_error": "skip"}})
    assert [fault.bar for fault in run_backtest(settings, flat(40)).faults] == [16, 37]
