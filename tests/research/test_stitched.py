"""`stitched`: one account under one configuration after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.layout import DELISTED
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.research.stitched import Reign, stitched

ARRAYS = ("times", "equity", "cash", "gross", "net", "carry", "by_strategy", "fills", "trades", "decisions")
BARS = 260
START = 40
ASKED = """
from stratkit.strategies import BarStrategy, Proposal
class Asked(BarStrategy):
    "Buys what it does not hold with stops of its own, and sells what went up."
    needs_state = True
    def proposals(self, context):
        held = context.state["positions"]
        found = []
        for asset in context.universe.get_all_eligible():
            close = context.history(asset.symbol, 1).close[-1]
            if asset.symbol not in held:
                if int(close * 7) % 3 == 0:
                    found.append(Proposal(asset.symbol, "BUY", size_pct=10.0, stop_loss_pct=2.0 + int(close) % 3,
                                          take_profit_pct=5.0))
            elif int(close * 11) % 5 == 0:
                found.append(Proposal(asset.symbol, "EXIT", reason="enough"))
        return found
"""


def on(kind: str, **params: Any) -> dict[str, Any]:
    return {"enabled": True, "type": kind, "params": params}


CROSS = {"cross": on("sma_cross", fast=3, slow=8)}
TWO = {**CROSS, "rsi": on("rsi_reversion")}
KINDS: dict[str, dict[str, Any]] = {
    "sides": {"strategies": CROSS},
    "plans": {"strategies": CROSS, "exit_plan": {"sl": 2, "tp1": 1, "f1": 0.5, "trail_at": 1, "trail_by": 1}},
    "weights": {"strategies": {"low": on("time_series_momentum", lookback=20, vol_com_bars=5)}},
    "netted": {"strategies": TWO, "combine": {"method": "highest_confidence"}, "exit_plan": {"sl": 2, "tp1": 3}},
    "averaged": {"strategies": TWO, "combine": {"method": "weighted_average"}},
    "books": {"strategies": TWO, "combine": {"method": "independent"}},
    "resting": {"strategies": {"donchian": on("donchian_breakout")}, "exit_plan": {"sl": 2, "time_stop_bars": 9}},
    "volume": {"strategies": CROSS, "execution": {"max_volume_share_pct": 0.02, "partial": "wait"}},
    "at the close": {"strategies": TWO, "execution": {"profile": "close"}},
    "every third bar": {"strategies": {"cross": {**CROSS["cross"], "every_bars": 3}}},
    "breakers": {"strategies": CROSS, "risk": {"breakers": {"max_drawdown_pct": 3, "reopen_after_bars": 9}}},
    "packages": {"strategies": {"ranked": on("cross_sectional_momentum", lookback=5, skip=0, side_symbols=1)}},
    "packages with stops": {
        "strategies": {"ranked": on("cross_sectional_momentum", lookback=5, skip=0, side_symbols=1)},
        "exit_plan": {"risk_basis": "percent", "risk": 1, "sl": 1},
    },
    "overrides": {"strategies": TWO, "overrides": {"2010-06-01": {"cross": {"weight": 0.5}}}},
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("own") / "asked.py"
    path.write_text(ASKED)
    return str(path)


def bars_of(seed: int) -> Bars:
    return synthetic_universe(3, BARS, seed=seed).bars


def config(bars: Bars, **given: Any) -> RunConfig:
    values: dict[str, Any] = {
        "risk": {"sizing": {"fraction": 0.3}},
        "costs": {"commission_bps": 2, "half_spread_bps": 1, "borrow_ann": 0.02},
        "account": {"leverage": 2},
        **given,
        "data": {"trade_start": str(np.datetime64(int(bars.times[START]), "ns"))},
    }
    return RunConfig.model_validate(values)


def same(one: BacktestResult, other: BacktestResult) -> None:
    for name in ARRAYS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert one.counts == other.counts
    assert one.proposals == other.proposals
    assert one.provenance == other.provenance
    assert repr(one.opinions) == repr(other.opinions)
    assert (one.contribution is None) == (other.contribution is None)
    if one.contribution is not None and other.contribution is not None:
        assert one.contribution.tobytes() == other.contribution.tobytes()


def cut(config: RunConfig, edges: list[int]) -> list[Reign]:
    return [Reign(config, start, stop) for start, stop in pairwise(edges)]


@pytest.mark.parametrize("kind", [*KINDS, "asked", "asked at the close"])
@settings(max_examples=8)
@given(seed=st.integers(0, 500), inner=st.sets(st.integers(1, BARS - START - 1), max_size=5))
def test_parts_of_one_configuration_are_one_plain_run(kind: str, seed: int, inner: set[int], asked: str) -> None:
    bars = bars_of(seed)
    own = {"strategies": {"own": {"enabled": True, "type": asked}}}
    given = KINDS.get(kind, own if kind == "asked" else {**own, "execution": {"profile": "close"}})
    one = config(bars, **given)
    same(stitched(cut(one, [0, *sorted(inner), BARS - START]), bars), run_backtest(one, bars))


def test_the_cases_trade(asked: str) -> None:
    bars = bars_of(3)
    for kind, values in {**KINDS, "asked": {"strategies": {"own": {"enabled": True, "type": asked}}}}.items():
        assert len(run_backtest(config(bars, **values), bars).fills) > 3, kind


@given(
    seed=st.integers(0, 500),
    edges=st.sets(st.integers(1, BARS - START - 1), min_size=1, max_size=4),
    windows=st.lists(st.integers(2, 9), min_size=5, max_size=5),
    closes=st.booleans(),
)
def test_the_books_balance_whatever_changes(seed: int, edges: set[int], windows: list[int], closes: bool) -> None:
    bars, places = bars_of(seed), [0, *sorted(edges), BARS - START]
    reigns = [
        Reign(
            config(
                bars,
                strategies={"cross": on("sma_cross", fast=window, slow=3 * window), "rsi": on("rsi_reversion")},
                exit_plan={"sl": window, "tp1": 1, "f1": 0.5} if window % 2 else None,
                risk={"sizing": {"fraction": 0.1 * (window % 4 + 1)}, "caps": {"max_open_positions": window}},
                costs={"commission_bps": window, "borrow_ann": 0.1 * (window % 2), "margin_rate_ann": 0.05},
            ),
            start,
            stop,
        )
        for window, start, stop in zip(windows, places, places[1:], strict=False)
    ]
    result = stitched(reigns, bars, "close" if closes else "keep")
    assert np.allclose(result.equity, result.cash + result.net, rtol=1e-12)
    earned = result.trades["pnl"].sum() - result.account_carry
    assert result.equity[-1] - result.initial_cash == pytest.approx(earned, abs=1e-6)
    assert result.by_strategy[-1].sum() - result.account_carry == pytest.approx(earned, abs=1e-6)


def ladder(rows: int = 12) -> Bars:
    """Opens of 100, 101, 102 ... and closes half a point above."""
    open_ = 100.0 + np.arange(rows, dtype=float)[:, None]
    days = np.datetime64("2020-01-01", "ns").astype(np.int64) + np.arange(rows) * 86_400 * 10**9
    return Bars(days, ("ABC",), open_, open_ + 0.75, open_ - 0.25, open_ + 0.5, open_ * 0, "1d")


ALWAYS = {"enabled": True, "type": "formula", "params": {"long": "close > 0", "exit": ""}}


def holding(**given: Any) -> RunConfig:
    values = {"strategies": {"hold": ALWAYS}, "account": {"lot_size": 1, "initial_cash": 1000}, **given}
    return RunConfig.model_validate(values)


def rows(result: BacktestResult) -> list[tuple[int, int, float, float, float]]:
    return [tuple(result.fills[name][k].item() for name in ("bar", "direction", "quantity", "price", "commission"))
            for k in range(len(result.fills))]  # fmt: skip


def test_closing_at_the_switch_by_hand() -> None:
    """Bought at 101 with 1000: 9 shares; sold at the open of bar 6, 106; bought again one bar later, at 107."""
    free, charged = holding(costs={"commission_per_order": 0}), holding(costs={"commission_per_order": 1})
    result = stitched([Reign(free, 0, 6), Reign(charged, 6, 12)], ladder(), "close")
    # the exit is decided in the first reign, at its costs: 9 x (106 - 101) = 45 earned, 1045 buys 9 at 107 less a fee
    assert rows(result) == [(1, 1, 9.0, 101.0, 0.0), (6, -1, 9.0, 106.0, 0.0), (7, 1, 9.0, 107.0, 1.0)]
    assert result.cash[-1] == 1000 + 45 - 9 * 107 - 1
    kept = stitched([Reign(free, 0, 6), Reign(charged, 6, 12)], ladder(), "keep")
    assert rows(kept) == [(1, 1, 9.0, 101.0, 0.0)]


def test_what_has_no_price_at_the_switch_leaves_when_it_has_one() -> None:
    one = ladder()
    panels: dict[str, Any] = {
        name: np.hstack([getattr(one, name)] * 2) for name in ("open", "high", "low", "close", "volume")
    }
    for panel in panels.values():
        panel[5:8, 1] = np.nan
    two = Bars(one.times, ("ABC", "DEF"), **panels, frequency="1d")
    halves = holding(risk={"sizing": {"fraction": 0.3}})
    result = stitched([Reign(halves, 0, 6), Reign(halves, 6, 12)], two, "close")
    left = [(int(row["bar"]), int(row["slot"])) for row in result.fills if row["direction"] < 0]
    assert left == [(6, 0), (8, 1)]


def test_under_fills_at_the_close_positions_leave_at_the_last_close() -> None:
    one = holding(execution={"profile": "close"})
    result = stitched([Reign(one, 0, 6), Reign(one, 6, 12)], ladder(), "close")
    assert [(bar, price) for bar, _, _, price, _ in rows(result)] == [(0, 100.5), (5, 105.5), (6, 106.5)]


@pytest.mark.parametrize("method", ["highest_confidence", "independent"])
def test_closing_works_for_several_strategies(method: str) -> None:
    two = {"one": ALWAYS, "two": ALWAYS}
    one = holding(strategies=two, combine={"method": method}, risk={"sizing": {"fraction": 0.4}})
    result = stitched([Reign(one, 0, 6), Reign(one, 6, 12)], ladder(), "close")
    sold = [row[0] for row in rows(result) if row[1] < 0]
    assert sold == [6] * (1 if method == "highest_confidence" else 2)
    assert [row[0] for row in rows(result) if row[0] > 6] == [7] * len(sold)


def test_a_position_keeps_the_plan_that_it_was_opened_with_and_the_next_one_gets_the_new_plan() -> None:
    short, long = ({"risk_basis": "percent", "risk": 5, "time_stop_bars": bars} for bars in (4, 6))
    first, then = holding(exit_plan=short), holding(exit_plan=long)
    result = stitched([Reign(first, 0, 3), Reign(then, 3, 20)], ladder(20))
    held = [(int(row["entry_bar"]), int(row["exit_bar"])) for row in result.trades]
    # bought at bar 1 and left after 4 bars; bought again behind that bar and left after 6
    assert held[:2] == [(1, 5), (6, 12)]


def test_costs_and_sizes_are_those_of_the_reign() -> None:
    dear = config(bars_of(3), strategies=CROSS, costs={"commission_bps": 10})
    free = config(bars_of(3), strategies=CROSS, costs={})
    result = stitched([Reign(free, 0, 100), Reign(dear, 100, BARS - START)], bars_of(3))
    paid = result.fills["commission"] > 0
    assert not paid[result.fills["bar"] <= 100].any()  # what bar 99 decided fills in bar 100 at its costs
    ended = result.fills["reason"] == DELISTED  # at the last mark, without costs
    assert paid[(result.fills["bar"] > 100) & ~ended].all()


def test_carry_may_begin_in_the_middle() -> None:
    bars = bars_of(3)
    free, charged = (config(bars, strategies=CROSS, costs={"borrow_ann": rate}) for rate in (0.0, 0.5))
    result = stitched([Reign(free, 0, 100), Reign(charged, 100, 160), Reign(free, 160, BARS - START)], bars)
    borrowed = np.flatnonzero(result.carry[:, 0])
    assert len(borrowed)
    assert borrowed.min() > 100
    assert borrowed.max() <= 160


def test_what_one_account_cannot_do_is_refused() -> None:
    one, bars = holding(), ladder()
    others = {
        "same strategies": holding(strategies={"hold": ALWAYS, "more": ALWAYS}),
        "same bars": holding(data={"end": "2020-01-11"}),
        "one moment": holding(execution={"profile": "close"}),
    }
    for words, other in others.items():
        with pytest.raises(UsageError, match=words if words != "same strategies" else "."):
            stitched([Reign(one, 0, 6), Reign(other, 6, 12)], bars)
    for spans in ([(0, 6), (7, 12)], [(1, 12)], [(0, 6), (6, 6)]):
        with pytest.raises(UsageError, match="without a gap"):
            stitched([Reign(one, *span) for span in spans], bars)
    with pytest.raises(UsageError, match="end with the bars"):
        stitched([Reign(one, 0, 6)], bars)


@given(seed=st.integers(0, 500), edge=st.integers(30, 180), fast=st.integers(2, 6), slow=st.integers(8, 20))
def test_after_closing_the_second_reign_earns_what_a_run_that_begins_there_earns(
    seed: int, edge: int, fast: int, slow: int
) -> None:
    bars = bars_of(seed)
    one = config(bars, strategies=CROSS, exit_plan={"sl": 2, "tp1": 2, "f1": 0.5})
    two = config(bars, strategies={"cross": on("sma_cross", fast=fast, slow=slow)}, risk={"sizing": {"fraction": 0.2}})
    result = stitched([Reign(one, 0, edge), Reign(two, edge, BARS - START)], bars, "close")
    begins = str(np.datetime64(int(bars.times[START + edge]), "ns"))
    later = two.model_copy(update={"data": two.data.model_copy(update={"trade_start": begins})})
    alone = run_backtest(later, bars)
    old = result.trades[result.trades["decision_bar"] < edge]
    assume(((old["exit_bar"] >= 0) & (old["exit_bar"] <= edge)).all())  # without a bar they leave later
    # in its first bar the old positions are left; from then on all is in proportion to the equity
    assert np.allclose(result.returns[edge + 1 :], alone.returns[1:], atol=1e-12)
    entered = result.trades[result.trades["decision_bar"] >= edge]
    assert (entered["decision_bar"] - edge).tolist() == alone.trades["decision_bar"].tolist()


def held(result: BacktestResult, bar: int) -> dict[int, int]:
    """The side of each slot that has a position at the close of a bar."""
    trades = result.trades
    open_ = (trades["entry_bar"] <= bar) & ((trades["exit_bar"] < 0) | (trades["exit_bar"] > bar))
    return {int(one["slot"]): int(one["side"]) for one in trades[open_]}


def alone(config: RunConfig) -> RunConfig:
    return config.model_copy(update={"data": config.data.model_copy(update={"trade_start": None})})


@pytest.mark.parametrize("kind", ["sides", "netted", "books", "at the close"])
@pytest.mark.parametrize("seed", range(3))
def test_an_account_that_adopts_holds_what_the_new_parameters_would_hold(kind: str, seed: int) -> None:
    whole = bars_of(seed)
    bars = whole.select(("SYN01",))  # the others come late, or go
    given_: dict[str, Any] = {**KINDS[kind], "exit_plan": None}
    if kind == "at the close":
        given_["strategies"] = CROSS
    old = config(bars, **given_)
    cross = {**given_["strategies"]["cross"], "params": {"fast": 9, "slow": 30}}
    new = config(bars, **{**given_, "strategies": {**given_["strategies"], "cross": cross}})
    after = 0 if kind == "at the close" else 1
    found = 0
    for switch in (50, 90, 130, 170):
        last = BARS - START
        result = stitched([Reign(old, 0, switch), Reign(new, switch, last)], bars, "adopt")
        own = run_backtest(alone(new), bars)
        for bar in (switch + after, switch + after + 1, last - 1):
            assert held(result, bar) == held(own, bar + START), (switch, bar)
        found += bool(held(own, switch + START))
    assert found, "nothing would have been held anywhere: this shows nothing"


def test_the_first_reign_adopts_what_history_would_have_left_it() -> None:
    bars = bars_of(2).select(("SYN01",))
    slow = config(bars, strategies={"cross": on("sma_cross", fast=4, slow=15)})
    fresh, adopted = (stitched([Reign(slow, 0, BARS - START)], bars, how) for how in ("keep", "adopt"))
    own = run_backtest(alone(slow), bars)
    assert held(own, START + 1) == held(adopted, 1) != {}
    assert held(fresh, 1) == {}


def test_adopted_weights_are_those_of_the_new_parameters_by_then() -> None:
    bars = bars_of(1).select(("SYN01",))
    old, new = (
        config(bars, strategies={"low": on("time_series_momentum", lookback=n, vol_com_bars=5)}) for n in (20, 60)
    )
    switch = 100
    result = stitched([Reign(old, 0, switch), Reign(new, switch, BARS - START)], bars, "adopt")
    own = run_backtest(alone(new), bars)
    for one, bar in ((result, switch + 1), (own, START + switch + 1)):
        assert one.net[bar] != 0, bar
    assert result.net[switch + 1] / result.equity[switch + 1] == pytest.approx(
        own.net[START + switch + 1] / own.equity[START + switch + 1], rel=0.03
    )


def test_adopting_pays_for_what_it_changes() -> None:
    bars = bars_of(0).select(("SYN01",))
    old, new = (config(bars, strategies={"cross": on("sma_cross", fast=f, slow=s)}) for f, s in ((3, 8), (9, 30)))
    theirs, own = (run_backtest(alone(one), bars) for one in (old, new))
    silent = [bar for bar in range(40, 200) if not (own.decisions["bar"] == START + bar).any()]
    switch = next(bar for bar in silent if held(theirs, START + bar) != held(own, START + bar))
    result = stitched([Reign(old, 0, switch), Reign(new, switch, BARS - START)], bars, "adopt")
    at_switch = result.fills[result.fills["bar"] == switch + 1]
    assert len(at_switch)
    assert (at_switch["commission"] > 0).all()
