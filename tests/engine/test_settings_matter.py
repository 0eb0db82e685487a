"""Every setting of account, costs, execution, risk and exit plan changes a result; the sizes and costs by hand."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.data.funding import load_funding
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.panel import NS_PER_DAY
from stratkit.plans import ExitPlan
from stratkit.risk.settings import BreakerSettings, CapSettings, SizingSettings
from stratkit.seeds import generator
from stratkit.strategies.signals import Signals

MODELS: dict[str, type[BaseModel]] = {
    "account": AccountSettings,
    "costs": CostSettings,
    "execution": ExecutionSettings,
    "risk.sizing": SizingSettings,
    "risk.caps": CapSettings,
    "risk.breakers": BreakerSettings,
    "exit_plan": ExitPlan,
}
WRITTEN_IN_A_FILE = "funding.csv"  # stands for a file with funding rates


class Change(NamedTuple):
    """A value that differs from the setting's default, and the settings under which it must matter."""

    value: Any
    beside: dict[str, Any] = {}  # noqa: RUF012  read, never written
    weights: bool = False
    resting: bool = False  # entries rest at a level beside the close


STOP = {"exit_plan.risk_basis": "percent", "exit_plan.risk": 2.0, "exit_plan.sl": 1.0}
TARGET = {**STOP, "exit_plan.tp1": 1.0}
TWO_TARGETS = {**TARGET, "exit_plan.f1": 0.4, "exit_plan.tp2": 2.0, "exit_plan.f2": 0.3}
THREE_TARGETS = {**TWO_TARGETS, "exit_plan.tp3": 3.0, "exit_plan.f3": 0.2}
TRAIL = {**STOP, "exit_plan.trail_by": 1.0}
SMALL = {"risk.sizing.fraction": 0.1}
KELLY = {"risk.sizing.rule": "fractional_kelly", "risk.sizing.kelly_min_trades": 1_000}
VOLATILITY = {"risk.sizing.rule": "volatility_target"}
LEVERED = {"account.leverage": 5.0, "risk.sizing.fraction": 2.0}
# every fill option has something to decide: gaps, one-bar ambiguities, a trailing stop
FILLS = {"exit_plan.risk_basis": "percent", "exit_plan.risk": 1.0, "exit_plan.sl": 1.0, "exit_plan.tp1": 1.0,
         "exit_plan.f1": 0.5, "exit_plan.trail_by": 1.5}  # fmt: skip
LIMITED = {"execution.max_volume_share_pct": 0.05, "risk.sizing.fraction": 0.3}
DRAWDOWN = {"risk.breakers.max_drawdown_pct": 2.0}

CHANGES: dict[str, list[Change]] = {
    "account.initial_cash": [Change(50_000.0)],
    "account.leverage": [Change(3.0, {"risk.sizing.fraction": 2.0})],
    "account.maintenance_margin_pct": [Change(35.0, LEVERED)],
    "account.margin_mode": [Change("isolated", {**LEVERED, "account.maintenance_margin_pct": 15.0})],
    "account.allow_short": [Change(False)],
    "account.lot_size": [Change(7.0)],
    "account.tick_size": [Change(0.5)],
    "account.min_notional": [Change(20_000.0, {"risk.sizing.rule": "fixed_units", "risk.sizing.units": 150.0})],
    "account.min_trade_weight": [Change(0.05, weights=True)],
    "account.max_adds": [Change(2, SMALL)],
    "account.reenter": [Change("new_edge", STOP)],
    "account.close_at_end": [Change("open"), Change("close")],
    "account.stale_after_bars": [Change(1, SMALL)],
    "account.delisting_return": [Change(-0.5, SMALL)],
    "costs.commission_bps": [Change(5.0)],
    "costs.commission_per_share": [Change(0.01)],
    "costs.commission_per_order": [Change(1.0)],
    "costs.commission_minimum": [Change(2.0)],
    "costs.half_spread_bps": [Change(2.0)],
    "costs.slippage_bps": [Change(2.0)],
    "costs.slippage_volatility": [Change(0.1)],
    "costs.slippage_volatility_bars": [Change(5, {"costs.slippage_volatility": 0.1})],
    "costs.impact_bps": [Change(20.0)],
    "costs.borrow_ann": [Change(0.05)],
    "costs.margin_rate_ann": [Change(0.05, LEVERED)],
    "costs.funding_path": [Change(WRITTEN_IN_A_FILE)],
    "execution.profile": [
        Change("close"), Change("tradingview", FILLS), Change("vectorbt", FILLS), Change("freqtrade", FILLS),
    ],
    "execution.intents_fill_at": [Change("this_close")],
    "execution.gapped_stop": [Change("level", FILLS)],
    "execution.gapped_target": [Change("level", FILLS)],
    "execution.same_bar": [Change(order, FILLS) for order in ("target_first", "path", "trailing_last")],
    "execution.entry_bar_exits": [Change(False, FILLS)],
    "execution.trailing_moves": [Change("before_test", FILLS)],
    "execution.opposite_in_bar": [Change(True, {**FILLS, "exit_plan.risk": 0.3}, resting=True)],
    "execution.slippage_on_stops": [Change(False, {**FILLS, "costs.slippage_bps": 3.0})],
    "execution.max_volume_share_pct": [Change(0.5)],
    "execution.partial": [Change("cancel", LIMITED)],
    "risk.sizing.rule": [
        Change("equal_weight"), Change("volatility_target"), Change("risk_per_trade", STOP), Change("fractional_kelly"),
        Change("fixed_units"),
    ],
    "risk.sizing.fraction": [Change(0.5)],
    "risk.sizing.positions": [Change(7, {"risk.sizing.rule": "equal_weight"})],
    "risk.sizing.vol_target_ann": [Change(0.05, VOLATILITY)],
    "risk.sizing.vol_bars": [Change(5, VOLATILITY)],
    "risk.sizing.bars_per_year": [Change(365.0, VOLATILITY)],
    "risk.sizing.max_fraction": [Change(0.2, VOLATILITY)],
    "risk.sizing.risk_pct": [Change(0.5, {**STOP, "risk.sizing.rule": "risk_per_trade"})],
    "risk.sizing.kelly_fraction": [Change(0.25, KELLY)],
    "risk.sizing.kelly_min_trades": [Change(5, KELLY)],
    "risk.sizing.kelly_start": [Change(0.2, KELLY)],
    "risk.sizing.units": [Change(2.0, {"risk.sizing.rule": "fixed_units"})],
    "risk.sizing.scale_by_confidence": [Change(True)],
    "risk.caps.risk_basis": [Change("stop", {**STOP, **SMALL, "risk.caps.max_total_at_risk_pct": 15.0})],
    "risk.caps.on_breach": [Change("scale", {**SMALL, "account.max_adds": 2, "risk.caps.max_symbol_pct": 15.0})],
    "risk.caps.max_total_at_risk_pct": [Change(50.0)],
    "risk.caps.max_open_positions": [Change(1, SMALL)],
    "risk.caps.max_symbol_pct": [Change(50.0)],
    "risk.caps.max_gross_leverage": [Change(0.5)],
    "risk.caps.max_net_pct": [Change(0.0), Change(30.0)],
    "risk.breakers.max_drawdown_pct": [Change(2.0)],
    "risk.breakers.max_daily_loss_pct": [Change(1.0)],
    "risk.breakers.max_consecutive_losses": [Change(2)],
    "risk.breakers.reopen_after_bars": [Change(3, DRAWDOWN), Change(3, {"risk.breakers.max_consecutive_losses": 2})],
    "risk.breakers.cooldown_bars": [Change(5, STOP)],
    "exit_plan.risk_basis": [
        Change("percent", {"exit_plan.sl": 1.0}), Change("distance", {"exit_plan.sl": 1.0}),
    ],
    "exit_plan.risk": [Change(3.0, STOP)],
    "exit_plan.atr_bars": [Change(5, {"exit_plan.sl": 1.0})],
    "exit_plan.sl": [Change(1.5, STOP)],
    "exit_plan.tp1": [Change(1.0, STOP)],
    "exit_plan.tp2": [Change(2.0, {**TARGET, "exit_plan.f1": 0.4, "exit_plan.f2": 0.3})],
    "exit_plan.tp3": [Change(3.0, {**TWO_TARGETS, "exit_plan.f3": 0.2})],
    "exit_plan.f1": [Change(0.5, TARGET)],
    "exit_plan.f2": [Change(0.2, TWO_TARGETS)],
    "exit_plan.f3": [Change(0.1, THREE_TARGETS)],
    "exit_plan.be": [Change(0.5, STOP)],
    "exit_plan.trail_at": [Change(1.0, TRAIL)],
    "exit_plan.trail_by": [Change(1.0, STOP)],
    "exit_plan.time_stop_bars": [Change(3)],
    "exit_plan.risk_multiplier": [Change(0.5)],
}  # fmt: skip


def plan_of(config: RunConfig) -> ExitPlan | None:
    assert not isinstance(config.exit_plan, str)  # these tests give plans, not names
    return config.exit_plan


def configured(values: dict[str, Any]) -> RunConfig:
    """Return the configuration of dotted names."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *rooms, last = name.split(".")
        room = nested
        for part in rooms:
            room = room.setdefault(part, {})
        room[last] = value
    return RunConfig.model_validate(nested)


@pytest.fixture(scope="module")
def bars() -> Bars:
    """Three symbols of daily bars, one listed late, one delisted."""
    return synthetic_universe(3, 160, seed=5).bars


def run(bars: Bars, values: dict[str, Any], *, weights: bool = False, resting: bool = False) -> BacktestResult:
    config = configured(values)
    random = generator(1, "opinions")
    levels = bars.close * random.choice([0.99, 1.01], bars.shape) if resting else None
    sides = random.choice([1, -1] if resting else [1, 1, -1, 2, 0, 0], bars.shape)
    confidence = random.choice([0.25, 0.5, 0.75, 1.0], bars.shape)
    opinions = Signals("random", side=sides, confidence=confidence, entry_level=levels)
    if weights:
        opinions = Signals("random", weight=random.choice([0.3, 0.32, 0.34], bars.shape))
    path = config.costs.funding_path
    return simulate(
        bars, opinions, account=config.account, costs=config.costs, execution=config.execution, risk=config.risk,
        exit_plan=plan_of(config), funding=None if path is None else load_funding(path, bars),
    )  # fmt: skip


def same(one: BacktestResult, other: BacktestResult) -> bool:
    return one.fills.tobytes() == other.fills.tobytes() and np.array_equal(one.equity, other.equity)


def declared() -> dict[str, Any]:
    """Return every setting by its dotted name."""
    return {f"{room}.{name}": field for room, model in MODELS.items() for name, field in model.model_fields.items()}


def test_every_setting_is_listed_here() -> None:
    assert set(CHANGES) == set(declared())


@pytest.mark.parametrize(
    "name", [name for name, field in declared().items() if get_origin(field.annotation) is Literal]
)
def test_every_choice_is_listed_here(name: str) -> None:
    choices = set(get_args(declared()[name].annotation))
    assert {change.value for change in CHANGES[name]} == choices - {declared()[name].default}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param(name, change, id=f"{name}={change.value}" + ("+" if change.beside else ""))
        for name, changes in CHANGES.items()
        for change in changes
    ],
)
def test_changing_a_setting_changes_the_result(bars: Bars, tmp_path: Any, name: str, change: Change) -> None:
    value = change.value
    if value == WRITTEN_IN_A_FILE:
        stamps = np.datetime_as_string(bars.times[10:90].astype("datetime64[ns]"), unit="s")
        lines = [f"{stamp}Z,SYN01,0.0001" for stamp in stamps]
        value = str(tmp_path / "funding.csv")
        (tmp_path / "funding.csv").write_text("\n".join(["timestamp,symbol,funding_rate", *lines]))
    kind = {"weights": change.weights, "resting": change.resting}
    before = run(bars, change.beside, **kind)
    assert len(before.fills) > 10
    assert same(before, run(bars, change.beside, **kind)), "the same twice"
    assert not same(before, run(bars, {**change.beside, name: value}, **kind))


# ---- by hand: a market that stands still, so that every price is known

PRICE, CASH = 50.0, 100_000.0


def still(closes: list[float] | None = None, symbols: int = 1, volume: float = 10_000.0) -> Bars:
    close = np.repeat(np.array([closes or [PRICE] * 4]).T, symbols, axis=1)
    times = (20_000 + np.arange(len(close))) * NS_PER_DAY
    return Bars(times, tuple("ABCDE"[:symbols]), close, close, close, close, np.full(close.shape, volume), "1d")


def first_fill(bars: Bars, side: int = 1, at: int = 0, **values: Any) -> Any:
    """Return the first fill of a side asked for on bar `at`, settings by dotted names with __ for the dot."""
    panel = np.zeros(bars.shape, np.int8)
    panel[at] = side
    config = configured({name.replace("__", "."): value for name, value in values.items()})
    result = simulate(
        bars, Signals("mine", side=panel, confidence=np.full(bars.shape, 0.5)), account=config.account,
        costs=config.costs, execution=config.execution, risk=config.risk, exit_plan=plan_of(config),
    )  # fmt: skip
    return result.fills[0]


@pytest.mark.parametrize(
    ("values", "quantity"),
    [
        ({}, CASH / PRICE),
        ({"risk__sizing__fraction": 0.25}, 500.0),
        ({"risk__sizing__fraction": 0.25, "risk__sizing__scale_by_confidence": True}, 250.0),
        ({"risk__sizing__rule": "equal_weight"}, 1_000.0),  # two symbols
        ({"risk__sizing__rule": "equal_weight", "risk__sizing__positions": 5}, 400.0),
        ({"risk__sizing__rule": "fixed_units"}, 1.0),
        ({"risk__sizing__rule": "fixed_units", "risk__sizing__units": 3.5}, 3.5),
        # 1 % of 100,000 is lost at a stop 5 % below 50
        ({"risk__sizing__rule": "risk_per_trade", "exit_plan__risk_basis": "percent", "exit_plan__risk": 5,
          "exit_plan__sl": 1}, 1_000 / 2.5),
        ({"risk__sizing__rule": "risk_per_trade", "risk__sizing__risk_pct": 0.5, "exit_plan__risk_basis": "distance",
          "exit_plan__risk": 2, "exit_plan__sl": 2}, 500 / 4),
        ({"risk__sizing__fraction": 0.5, "exit_plan__risk_multiplier": 0.1}, 100.0),
        # no closed trade yet: half of the Kelly fraction that is assumed
        ({"risk__sizing__rule": "fractional_kelly"}, 0.5 * 0.10 * CASH / PRICE),
        ({"risk__sizing__rule": "fractional_kelly", "risk__sizing__kelly_start": 0.4,
          "risk__sizing__kelly_fraction": 0.25}, 0.25 * 0.4 * CASH / PRICE),
        ({"account__lot_size": 300.0}, 1_800.0),
        ({"account__leverage": 3.0, "risk__sizing__fraction": 2.5}, 5_000.0),
        ({"account__leverage": 2.0, "risk__sizing__fraction": 2.5}, 4_000.0),
        ({"risk__caps__max_symbol_pct": 30.0, "risk__caps__on_breach": "scale"}, 600.0),
        ({"execution__max_volume_share_pct": 4.0}, 400.0),
    ],
)  # fmt: skip
def test_sizes_by_hand(values: dict[str, Any], quantity: float) -> None:
    fill = first_fill(still(symbols=2), side=1, **values)
    assert fill["price"] == PRICE
    assert fill["quantity"] == pytest.approx(quantity, rel=1e-12)


def test_the_volatility_target_divides_by_the_yearly_volatility_of_the_last_returns() -> None:
    closes = [100.0, 102.0, 99.96, 101.9592, 101.9592, 101.9592]  # +2 %, -2 %, +2 %
    spread = math.sqrt((0.02 - 0.02 / 3) ** 2 * 2 + (0.02 + 0.02 / 3) ** 2) / math.sqrt(2)
    yearly = spread * math.sqrt(252)  # of daily bars, whatever the calendar of these few
    bars = still(closes)
    values: dict[str, Any] = {"risk__sizing__rule": "volatility_target", "risk__sizing__vol_bars": 3}
    fill = first_fill(bars, at=3, risk__sizing__vol_target_ann=0.2, **values)
    assert fill["quantity"] == pytest.approx(0.2 / yearly * CASH / 101.9592, rel=1e-9)
    capped = first_fill(bars, at=3, risk__sizing__vol_target_ann=0.2, risk__sizing__max_fraction=0.1, **values)
    assert capped["quantity"] == pytest.approx(0.1 * CASH / 101.9592, rel=1e-12)


def test_an_estimate_that_is_not_there_yet_refuses_the_volatility_target() -> None:
    bars = still([100.0, 102.0, 99.96, 101.9592, 101.9592])
    config = configured({"risk.sizing.rule": "volatility_target", "risk.sizing.vol_bars": 3})
    early = simulate(bars, Signals("mine", side=np.array([[1], [1], [1], [0], [0]])), risk=config.risk)
    assert early.decisions_frame()[["bar", "outcome", "rule"]].to_numpy().tolist() == [
        [bar, "refused", "lot"] for bar in (0, 1, 2)
    ]


def test_kelly_is_estimated_from_closed_trades_by_hand() -> None:
    # two winners of 10 % and a loser of 5 %: W = 2/3, ratio 2, Kelly = 2/3 - (1/3) / 2 = 1/2
    closes = [100.0, 100, 110, 100, 100, 110, 100, 100, 95, 100, 100, 100]
    side = np.array([[1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0, 0]]).T
    config = configured({"risk.sizing.rule": "fractional_kelly", "risk.sizing.kelly_min_trades": 3})
    result = simulate(still(closes), Signals("mine", side=side), risk=config.risk)
    trades = result.trades_frame()
    assert trades["return"][:3].tolist() == pytest.approx([0.1, 0.1, -0.05])
    equity = float(result.equity[9])
    assert trades["quantity"][3] == pytest.approx(0.5 * 0.5 * equity / 100.0, rel=1e-12)
    assert trades["quantity"][2] == pytest.approx(0.5 * 0.1 * float(result.equity[6]) / 100.0, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "price", "commission"),
    [
        ({"costs__commission_bps": 10.0}, 50.0, 5.0),  # of 100 x 50
        ({"costs__commission_per_share": 0.02}, 50.0, 2.0),
        ({"costs__commission_per_order": 1.5}, 50.0, 1.5),
        ({"costs__commission_bps": 10.0, "costs__commission_per_share": 0.02, "costs__commission_per_order": 1.5},
         50.0, 8.5),
        ({"costs__commission_bps": 1.0, "costs__commission_minimum": 4.0}, 50.0, 4.0),
        ({"costs__commission_bps": 10.0, "costs__commission_minimum": 4.0}, 50.0, 5.0),
        ({"costs__half_spread_bps": 20.0}, 50.1, 0.0),
        ({"costs__slippage_bps": 30.0}, 50.15, 0.0),
        ({"costs__half_spread_bps": 20.0, "costs__slippage_bps": 30.0}, 50.25, 0.0),
        # 100 of 10,000: the root is a tenth
        ({"costs__impact_bps": 40.0}, 50.2 - 0.18, 0.0),
        ({"account__tick_size": 0.03}, 50.01, 0.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", [1, -1])
def test_cost_parts_by_hand(values: dict[str, Any], price: float, commission: float, side: int) -> None:
    sizing: dict[str, Any] = {"risk__sizing__rule": "fixed_units", "risk__sizing__units": 100.0}
    fill = first_fill(still(), side=side, **sizing, **values)
    expected = price if side > 0 else 2 * PRICE - price
    if "account__tick_size" in values and side < 0:
        expected = 49.98
    assert fill["price"] == pytest.approx(expected, rel=1e-12)
    assert fill["commission"] == pytest.approx(commission, rel=1e-12, abs=1e-15)
    assert fill["slippage"] == pytest.approx(abs(expected - PRICE) * 100, rel=1e-9, abs=1e-12)


def test_slippage_by_volatility_is_a_multiple_of_that_of_the_decision_bar() -> None:
    closes = [100.0, 102.0, 99.96, 101.9592, 101.9592, 101.9592]
    spread = math.sqrt((0.02 - 0.02 / 3) ** 2 * 2 + (0.02 + 0.02 / 3) ** 2) / math.sqrt(2)
    values: dict[str, Any] = {"costs__slippage_volatility": 0.5, "costs__slippage_volatility_bars": 3}
    sizing: dict[str, Any] = {"risk__sizing__rule": "fixed_units"}
    fill = first_fill(still(closes), at=3, **sizing, **values)
    assert fill["price"] == pytest.approx(101.9592 * (1 + 0.5 * spread), rel=1e-9)
    assert first_fill(still(closes), at=1, **sizing, **values)["price"] == 99.96, "not known yet: none"


@pytest.mark.parametrize(
    ("values", "side", "cash_after"),
    [
        ({"costs.borrow_ann": 0.365}, -1, CASH + 5_000 - 2 * 5.0),  # 0.1 % a day of 5,000
        ({"costs.borrow_ann": 0.365}, 1, CASH - 5_000),
        ({"costs.margin_rate_ann": 0.365}, 1, CASH - 5_000),
    ],
)
def test_holding_costs_by_hand(values: dict[str, Any], side: int, cash_after: float) -> None:
    config = configured({**values, "risk.sizing.rule": "fixed_units", "risk.sizing.units": 100.0})
    opinion = Signals("mine", side=np.array([[side], [0], [0], [0]]))
    result = simulate(still(), opinion, costs=config.costs, risk=config.risk)
    assert result.cash[-1] == pytest.approx(cash_after, rel=1e-12)


def test_interest_on_negative_cash_by_hand() -> None:
    config = configured({"account.leverage": 2.0, "risk.sizing.fraction": 2.0, "costs.margin_rate_ann": 0.365})
    opinion = Signals("mine", side=np.array([[1], [0], [0], [0]]))
    result = simulate(still(), opinion, account=config.account, costs=config.costs, risk=config.risk)
    assert result.cash[1:].tolist() == pytest.approx([-CASH, -CASH * 1.001, -CASH * 1.001**2], rel=1e-12)
    assert result.account_carry == pytest.approx(CASH * (1.001**2 - 1), rel=1e-9)
