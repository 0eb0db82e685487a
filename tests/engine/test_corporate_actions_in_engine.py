"""Splits and dividends booked on raw prices, by hand and against split-adjusted bars."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_bars import ONE_UNIT, ROOMY, Row, bars_of, cells, fills, opinion
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.bars import PRICES, Bars
from stratkit.engine.profiles import PROFILE_NAMES
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.plans import ExitPlan
from stratkit.risk.settings import RiskSettings, SizingSettings
from stratkit.seeds import generator
from stratkit.strategies.signals import Signals

TEN = RiskSettings(sizing=SizingSettings(rule="fixed_units", units=10.0))
PLAN = ExitPlan(risk_basis="distance", risk=5.0, sl=1.0, tp1=1.0)
CALM: Row = (100.0, 101.0, 99.0, 100.0)
HALVED: Row = (50.0, 50.5, 49.5, 50.0)


def events(count: int, split: dict[int, float], dividend: dict[int, float] | None = None) -> Any:
    return cells(count, split, 1.0), cells(count, dividend or {}, 0.0)


def played(rows: list[Row], side: int, acts: Any, plan: ExitPlan | None = PLAN, **more: Any) -> BacktestResult:
    account = more.pop("account", ROOMY)
    return simulate(
        bars_of(rows), opinion(len(rows), {0: side}), account=account, risk=more.pop("risk", TEN), exit_plan=plan,
        events=acts, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("side", "last", "price", "why", "r"),
    [
        (1, (50.0, 50.5, 47.0, 50.0), 47.5, "stop", -1.0),
        (1, (50.0, 53.0, 49.5, 50.0), 52.5, "target", 1.0),
        (-1, (50.0, 53.0, 49.5, 50.0), 52.5, "stop", -1.0),
        (-1, (50.0, 50.5, 47.0, 50.0), 47.5, "target", 1.0),
    ],
)
def test_a_split_of_two_for_one_doubles_units_and_halves_every_level(
    side: int, last: Row, price: float, why: str, r: float
) -> None:
    result = played([CALM, CALM, HALVED, last], side, events(4, {2: 2.0}))
    assert fills(result) == [(1, side * 10.0, 100.0, "entry"), (3, -side * 20.0, price, why)]
    trade = result.trades[0]
    assert (trade["quantity"], trade["entry_price"], trade["risk_unit"]) == (20.0, 50.0, 2.5)
    assert trade["pnl"] == side * 20.0 * (price - 50.0)
    assert trade["r_multiple"] == r
    # bar 2 closes where bar 1 did, in halves
    assert result.equity.tolist() == [100_000.0, 100_000.0, 100_000.0, 100_000.0 + trade["pnl"]]


@pytest.mark.parametrize("side", [1, -1])
def test_a_split_alone_touches_no_stop_although_the_price_halves(side: int) -> None:
    assert len(fills(played([CALM, CALM, HALVED, HALVED], side, events(4, {2: 2.0})))) == 1
    unknown = played([CALM, CALM, HALVED, HALVED], side, None)
    assert fills(unknown)[1][3] == ("stop" if side > 0 else "target")


def test_a_reverse_split_is_the_other_way_round() -> None:
    tenfold: Row = (1000.0, 1010.0, 990.0, 1000.0)
    result = played([CALM, CALM, tenfold, (1000.0, 1010.0, 940.0, 1000.0)], 1, events(4, {2: 0.1}))
    assert fills(result)[1] == (3, -1.0, 950.0, "stop")
    assert result.trades["pnl"][0] == -50.0


def test_what_is_no_whole_lot_after_a_split_leaves_in_cash_at_the_new_mark() -> None:
    # 9 units at 1.5 are 13.5: four lots of 3 stay, 1.5 leave at 99 / 1.5 = 66
    after: Row = (66.0, 67.0, 65.0, 66.0)
    result = played(
        [CALM, (100.0, 101.0, 99.0, 99.0), after, after], 1, events(4, {2: 1.5}), None,
        account=AccountSettings(lot_size=3.0),
    )  # fmt: skip
    assert fills(result) == [(1, 9.0, 100.0, "entry"), (2, -1.5, 66.0, "split_cash")]
    assert result.cash.tolist() == [100_000.0, 99_100.0, 99_199.0, 99_199.0]
    assert result.equity[2] == 99_199.0 + 12 * 66.0 == result.equity[1]
    assert result.trades["pnl"].sum() == result.equity[-1] - 100_000.0


@pytest.mark.parametrize("side", [1, -1])
def test_a_dividend_is_paid_to_longs_and_by_shorts(side: int) -> None:
    result = played([CALM, CALM, CALM, CALM], side, events(4, {}, {2: 2.0}))
    assert result.equity.tolist() == [100_000.0, 100_000.0, 100_000.0 + side * 20.0, 100_000.0 + side * 20.0]
    assert (result.trades["dividend"][0], result.trades["pnl"][0]) == (side * 20.0, side * 20.0)
    assert result.trades["gross_pnl"][0] == 0.0


@pytest.mark.parametrize("bar", [1, 3])
def test_a_dividend_goes_to_who_held_at_the_close_before(bar: int) -> None:
    # entered at the open of bar 1 on its ex-date, left at the open of bar 3 on another
    rows = [CALM] * 4
    acts = events(4, {}, {bar: 2.0})
    signals = opinion(4, {0: 1, 2: 2})
    result = simulate(bars_of(rows), signals, account=ROOMY, risk=TEN, events=acts)
    assert result.trades["dividend"].tolist() == [20.0 if bar == 3 else 0.0]


@pytest.mark.parametrize("side", [1, -1])
def test_of_a_split_and_a_dividend_on_one_bar_the_dividend_is_paid_on_the_old_units(side: int) -> None:
    result = played([CALM, CALM, HALVED, HALVED], side, events(4, {2: 2.0}, {2: 2.0}))
    assert result.trades["dividend"][0] == side * 20.0
    assert result.trades["quantity"][0] == 20.0
    assert result.equity[-1] == 100_000.0 + side * 20.0


def adjusted_for(rows: list[Row], split_bar: int, ratio: float) -> Bars:
    raw = bars_of(rows)
    factor = np.where(np.arange(len(rows)) < split_bar, 1.0 / ratio, 1.0)[:, None]
    return replace(raw, **{name: getattr(raw, name) * factor for name in PRICES})


@pytest.mark.parametrize(
    ("profile", "entry", "panels"),
    [
        # decided before the ex-date on prices of after it, filled after it
        ("conservative", (2, 10.0, 50.0, "entry"), {}),
        # filled at the close before: the stop was 94 there, and the split made it 47
        ("close", (1, 10.0, 100.0, "entry"), {}),
        # an order that rests over the ex-date is played on it, whenever market orders trade
        ("close", (2, 10.0, 50.4, "entry"), {"entry_level": {1: 50.4}}),
        ("conservative", (2, 10.0, 50.4, "entry"), {"entry_level": {1: 50.4}}),
    ],
)
def test_a_stop_level_given_before_the_ex_date_means_the_same_price_after_it(
    profile: Any, entry: tuple[int, float, float, str], panels: dict[str, dict[int, float]]
) -> None:
    rows: list[Row] = [CALM, CALM, HALVED, (50.0, 50.5, 46.0, 50.0)]
    signals = opinion(4, {1: 1}, {"stop_level": {1: 47.0}, **panels})
    result = simulate(
        bars_of(rows), signals, account=ROOMY, risk=TEN, execution=ExecutionSettings(profile=profile),
        events=events(4, {2: 2.0}), signal_bars=adjusted_for(rows, 2, 2.0),
    )  # fmt: skip
    assert fills(result) == [entry, (3, -(10.0 if entry[0] == 2 else 20.0), 47.0, "stop")]
    assert result.trades["r_multiple"].tolist() == [pytest.approx(-1.0)]


def random_case(seed: int) -> tuple[Bars, Bars, Any, Signals]:
    """Return split-adjusted bars, the raw ones, the events between them, and opinions with levels on the former."""
    rng = generator(seed, "test")
    count, symbols = 60, 2
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (count, symbols)), axis=0))
    opens = np.vstack([close[:1], close[:-1]]) * np.exp(rng.normal(0, 0.01, (count, symbols)))
    high = np.maximum(opens, close) * (1 + rng.random((count, symbols)) * 0.02)
    low = np.minimum(opens, close) * (1 - rng.random((count, symbols)) * 0.02)
    hole = rng.random((count, symbols)) < 0.05
    times = bars_of([None] * count).times
    shown = dict(zip(PRICES, (opens, high, low, close), strict=True))
    panels: dict[str, Any] = {name: np.where(hole, np.nan, panel) for name, panel in shown.items()}
    seen = Bars(times, ("A", "B"), **panels, volume=np.where(hole, np.nan, 1e6), frequency="1d")
    ratio = np.where(rng.random((count, symbols)) < 0.06, rng.choice([0.1, 0.5, 1.5, 2.0, 3.0], (count, symbols)), 1.0)
    ratio[:2] = 1.0
    ratio[hole] = 1.0  # an event stands on a bar that exists
    after = np.ones((count, symbols))
    after[:-1] = np.cumprod(ratio[:0:-1], axis=0)[::-1]
    raw = replace(seen, **{name: getattr(seen, name) * after for name in PRICES}, volume=seen.volume / after)
    side = np.where(hole, 0, rng.choice([0, 0, 0, 1, -1, 2], (count, symbols)))
    given = rng.random((count, symbols))
    direction = np.where(side == -1, -1, 1)
    known = np.where(hole, 100.0, close)
    signals = Signals(
        "mine",
        side=side,
        stop_level=np.where(given < 0.3, known * (1 - 0.05 * direction), np.nan),
        target_level=np.where(given > 0.8, known * (1 + 0.06 * direction), np.nan),
        entry_level=np.where(rng.random((count, symbols)) < 0.3, known * (1 + 0.004 * direction), np.nan),
        risk_unit=np.where(given > 0.5, known * 0.02, np.nan),
    )
    return seen, raw, (ratio, np.zeros((count, symbols))), signals


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@given(seed=st.integers(0, 10_000))
def test_raw_prices_with_their_splits_give_the_equity_of_split_adjusted_bars(profile: Any, seed: int) -> None:
    seen, raw, acts, signals = random_case(seed)
    settings: dict[str, Any] = {
        "account": AccountSettings(leverage=2.0),
        "costs": CostSettings(commission_bps=2.0, half_spread_bps=1.0, slippage_volatility=0.1),
        "execution": ExecutionSettings(profile=profile),
        "risk": RiskSettings(sizing=SizingSettings(rule="fixed_fraction", fraction=0.4)),
        "exit_plan": ExitPlan(risk_basis="atr", risk=1.0, sl=2.0, tp1=2.0, f1=0.5, be=1.0, trail_at=1.0, trail_by=2.0),
    }
    plain = simulate(seen, signals, **settings)
    booked = simulate(raw, signals, **settings, events=acts, signal_bars=seen)
    np.testing.assert_allclose(booked.equity, plain.equity, rtol=1e-9)
    np.testing.assert_allclose(booked.trades["pnl"], plain.trades["pnl"], atol=1e-4)
    np.testing.assert_array_equal(booked.trades["exit_reason"], plain.trades["exit_reason"])
    np.testing.assert_allclose(booked.trades["r_multiple"], plain.trades["r_multiple"], rtol=1e-6, atol=1e-9)
    check_books(booked, raw, acts)


def test_the_random_cases_hold_positions_over_splits_and_leave_in_every_way() -> None:
    reasons: set[str] = set()
    splits = 0
    for seed in range(20):
        seen, raw, acts, signals = random_case(seed)
        plan = ExitPlan(risk_basis="atr", risk=1.0, sl=2.0, tp1=2.0, trail_at=1.0, trail_by=2.0)
        result = simulate(raw, signals, account=ROOMY, exit_plan=plan, events=acts, signal_bars=seen)
        reasons |= {why for _, _, _, why in fills(result)}
        for trade in result.closed_trades:
            inside = slice(trade["entry_bar"] + 1, trade["exit_bar"])
            splits += int((acts[0][inside, result.slot_symbol[trade["slot"]]] != 1.0).sum())
    assert reasons >= {"entry", "stop", "target", "trailing", "exit_signal", "reverse"}
    assert splits > 15


def check_books(result: BacktestResult, bars: Bars, acts: tuple[FloatArray, FloatArray]) -> None:
    """Rebuild cash and units from fills and events: equity is cash and what is held at its mark."""
    split, dividend = acts
    held, mark, cash = np.zeros(bars.shape[1]), np.zeros(bars.shape[1]), result.initial_cash
    for bar in range(bars.shape[0]):
        cash += float((held * dividend[bar]).sum())
        held, mark = held * split[bar], mark / split[bar]
        for fill in result.fills[result.fills["bar"] == bar]:
            signed = fill["direction"] * fill["quantity"]
            cash -= signed * fill["price"] + fill["commission"]
            held[result.slot_symbol[fill["slot"]]] += signed
        mark = np.where(np.isfinite(bars.close[bar]), bars.close[bar], mark)
        assert result.cash[bar] == pytest.approx(cash, rel=1e-9)
        assert result.equity[bar] == pytest.approx(cash + float((held * mark).sum()), rel=1e-9)
    assert result.trades["pnl"].sum() == pytest.approx(result.equity[-1] - result.initial_cash, abs=1e-4)


@given(seed=st.integers(0, 10_000))
def test_cash_units_and_trades_add_up_with_splits_dividends_and_lots(seed: int) -> None:
    _, raw, (ratio, _), signals = random_case(seed)
    rng = generator(seed, "test")
    paid = np.where((rng.random(raw.shape) < 0.1) & np.isfinite(raw.close), 0.3, 0.0)
    result = simulate(
        raw, replace(signals, stop_level=None, target_level=None, entry_level=None), events=(ratio, paid),
        account=AccountSettings(leverage=2.0, lot_size=7.0),
        exit_plan=ExitPlan(risk_basis="percent", risk=3, sl=1, tp1=2),
        risk=RiskSettings(sizing=SizingSettings(rule="fixed_fraction", fraction=0.4)),
    )  # fmt: skip
    check_books(result, raw, (ratio, paid))


def test_holding_through_a_split_and_two_dividends_earns_the_total_return() -> None:
    rows: list[Row] = [(100.0, 101.0, 99.0, 100.0), (100.0, 106.0, 99.0, 104.0), (103.0, 104.0, 101.0, 102.0),
                       (51.0, 53.0, 50.0, 52.0), (52.0, 56.0, 51.0, 55.0)]  # fmt: skip
    result = simulate(bars_of(rows), opinion(5, {0: 1}), events=events(5, {3: 2.0}, {2: 1.0, 4: 0.5}))
    # 1,000 units at 100; 1.00 each on bar 2; 2,000 units from bar 3; 0.50 each on bar 4
    expected = [100_000.0, 104_000.0, 102_000.0 + 1_000.0, 104_000.0 + 1_000.0, 110_000.0 + 1_000.0 + 1_000.0]
    np.testing.assert_allclose(result.equity, expected, rtol=1e-12)


def test_a_split_of_nothing_held_changes_nothing() -> None:
    one = simulate(bars_of([CALM] * 3), opinion(3, {0: 1}), risk=ONE_UNIT, events=events(3, {1: 2.0}))
    assert fills(one) == [(1, 1.0, 100.0, "entry")]


@pytest.mark.parametrize(
    ("split", "dividend", "message"),
    [
        ({1: np.nan}, {}, "split ratios must be finite and of the shape of the bars"),
        ({}, {1: np.inf}, "dividends must be finite"),
        ({1: 0.0}, {}, "split ratios must be above 0; found 0"),
        ({1: -2.0}, {}, "found -2"),
    ],
)
def test_events_that_cannot_be_booked_are_refused(
    split: dict[int, float], dividend: dict[int, float], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        simulate(bars_of([CALM] * 3), opinion(3, {0: 1}), events=events(3, split, dividend))
    with pytest.raises(UsageError, match="of the shape of the bars"):
        simulate(bars_of([CALM] * 3), opinion(3, {0: 1}), events=events(2, {}))
