"""`check_identities`: what always holds of a replay, checked from its outputs alone."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from stratkit.engine.layout import (
    ADD,
    BANKRUPT,
    BY_STOP,
    DELISTED,
    ENTRY,
    REBALANCE_IN,
    SPLIT_CASH,
    TARGET,
    THIS_CLOSE,
    Market,
    Records,
)
from stratkit.panel import FloatArray, IntArray
from stratkit.risk.targets import Targets

ENTRIES = (ENTRY, ADD, REBALANCE_IN)


class Run(Protocol):
    """The fields that a replay gives, whichever engine made it."""

    @property
    def equity(self) -> FloatArray: ...
    @property
    def cash(self) -> FloatArray: ...
    @property
    def gross(self) -> FloatArray: ...
    @property
    def net(self) -> FloatArray: ...
    @property
    def carry(self) -> FloatArray: ...
    @property
    def by_strategy(self) -> FloatArray: ...
    @property
    def fills(self) -> Records: ...
    @property
    def trades(self) -> Records: ...
    @property
    def decisions(self) -> Records: ...
    @property
    def no_op(self) -> int: ...
    @property
    def account_carry(self) -> float: ...
    @property
    def bankrupt_bar(self) -> int: ...


def check_identities(market: Market, targets: Targets, rules: Any, run: Run) -> None:
    """Assert every identity that the outputs of a replay can show."""
    check_account(market, targets, rules, run)
    check_final_equity(rules, run)
    check_strategies(rules, run)
    check_trades_are_their_fills(market, targets, run)
    check_prices(market, targets, rules, run)
    if len(market.acts):
        return  # dividends and new units move cash and marks before the fills of their bar
    check_cash_at_entries(rules, run)
    if len(targets.entry_level):
        check_caps_beside_orders(market, targets, rules, run)
    else:
        check_caps_at_entries(market, targets, rules, run)


def close_to(value: Any, expected: Any, scale: Any) -> bool:
    """Whether two amounts agree to 1e-9 of the money that moved."""
    return bool(np.all(np.abs(np.asarray(value) - np.asarray(expected)) <= 1e-9 * (1 + np.abs(scale))))


def money_moved(rules: Any, run: Run) -> float:
    return float(rules.initial_cash + (run.fills["quantity"] * run.fills["price"]).sum() + np.abs(run.carry).sum())


def last_known(close: FloatArray, has_bar: Any) -> FloatArray:
    """(T, N) the close of the last own bar at or before each bar; NaN before the first."""
    bars = np.where(has_bar, np.arange(len(close))[:, None], -1)
    last = np.maximum.accumulate(bars, axis=0)
    return np.where(last >= 0, np.take_along_axis(close, np.maximum(last, 0), axis=0), np.nan)


def bars_that_exist(market: Market) -> Any:
    return np.isfinite(market.open) & np.isfinite(market.high) & np.isfinite(market.low) & np.isfinite(market.close)


def check_account(market: Market, targets: Targets, rules: Any, run: Run) -> None:
    """Cash and positions rebuilt from the fills give cash, gross, net and equity at every bar."""
    fills, bars, slots = run.fills, len(market.times), len(targets.slot_symbol)
    assert (np.diff(fills["bar"]) >= 0).all(), "fills stand in order of occurrence"
    paid = np.bincount(
        fills["bar"], fills["direction"] * (fills["quantity"] * fills["price"]) + fills["commission"], bars
    )
    carry = run.carry.sum(axis=1) if len(run.carry) else np.zeros(bars)
    scale = money_moved(rules, run)
    traded = np.zeros((bars, slots))
    np.add.at(traded, (fills["bar"], fills["slot"]), fills["direction"] * fills["quantity"])
    split, dividend = actions(market, targets)
    held, received = np.zeros((bars, slots)), np.zeros(bars)
    for bar in range(bars):
        before = held[bar - 1] if bar else np.zeros(slots)
        received[bar] = (before * dividend[bar]).sum()
        held[bar] = before * split[bar] + traded[bar]
        held[bar][np.abs(held[bar]) < 1e-9 * np.abs(before * split[bar])] = 0.0
    scale += np.abs(received).sum()
    assert close_to(run.cash, rules.initial_cash - np.cumsum(paid) - np.cumsum(carry) + np.cumsum(received), scale)
    marks = last_known(market.close, bars_that_exist(market))[:, targets.slot_symbol]
    value = np.where(np.abs(held) > 1e-9, held * marks, 0.0)
    assert close_to(run.net, value.sum(axis=1), scale)
    assert close_to(run.gross, np.abs(value).sum(axis=1), scale)
    assert close_to(run.equity, run.cash + value.sum(axis=1), scale)


def check_final_equity(rules: Any, run: Run) -> None:
    """The change of equity is the P&L of all trades less the interest, which belongs to no trade."""
    explained = run.trades["pnl"].sum() - run.account_carry
    assert close_to(run.equity[-1] - rules.initial_cash, explained, money_moved(rules, run))
    if len(run.carry):
        assert close_to(run.carry[:, 2].sum(), run.account_carry, money_moved(rules, run))


def check_strategies(rules: Any, run: Run) -> None:
    """At every close the strategies together have earned the change of equity and the interest; at the end, each
    its trades."""
    if not len(run.by_strategy):
        return
    scale = money_moved(rules, run)
    interest = np.cumsum(run.carry[:, 2]) if len(run.carry) else np.zeros(len(run.equity))
    assert close_to(run.by_strategy.sum(axis=1) - interest, run.equity - rules.initial_cash, scale)
    strategies = run.by_strategy.shape[1]
    assert close_to(run.by_strategy[-1], np.bincount(run.trades["strategy"], run.trades["pnl"], strategies), scale)


def actions(market: Market, targets: Targets) -> tuple[FloatArray, FloatArray]:
    """(T, M) split ratio and dividend per share of each slot's symbol; 1 and 0 where there is none."""
    if not len(market.acts):
        shape = (len(market.times), len(targets.slot_symbol))
        return np.ones(shape), np.zeros(shape)
    return market.split[:, targets.slot_symbol], market.dividend[:, targets.slot_symbol]


def check_trades_are_their_fills(market: Market, targets: Targets, run: Run) -> None:
    """Every trade is the sum of its fills: quantities, prices, costs, first and last bar.

    Splits that came after a fill, while its trade was open, turn its shares and price into those of the end.
    """
    fills, trades = run.fills, run.trades
    split, _ = actions(market, targets)
    assert sorted(trades["trade"]) == list(range(len(trades)))
    assert set(fills["trade"]) == set(range(len(trades)))
    for trade in trades:
        own = fills[fills["trade"] == trade["trade"]]
        entered = np.isin(own["reason"], ENTRIES)
        assert (own["slot"] == trade["slot"]).all()
        assert (own["strategy"] == trade["strategy"]).all()
        assert (own["direction"][entered] == trade["side"]).all()
        assert (own["direction"][~entered] == -trade["side"]).all()
        last = trade["exit_bar"] if trade["exit_bar"] >= 0 else len(split) - 1
        later = np.array([split[bar + 1 : last + 1, trade["slot"]].prod() for bar in own["bar"]])
        quantity, price = own["quantity"] * later, own["price"] / later
        bought, sold = quantity[entered], quantity[~entered]
        assert close_to(bought.sum(), trade["quantity"], trade["quantity"])
        entry_price = (bought * price[entered]).sum() / bought.sum()
        assert close_to(entry_price, trade["entry_price"], entry_price)
        if len(sold):
            exit_price = (sold * price[~entered]).sum() / sold.sum()
            assert close_to(exit_price, trade["exit_price"], exit_price)
        assert close_to(own["commission"].sum(), trade["commission"], trade["commission"])
        assert own["bar"][0] == trade["entry_bar"]
        if trade["exit_bar"] >= 0:
            assert close_to(sold.sum(), bought.sum(), bought.sum())
            assert own["bar"][-1] == trade["exit_bar"]
            assert own["reason"][-1] == trade["exit_reason"]
        net = trade["gross_pnl"] - trade["commission"] - trade["borrow"] - trade["funding"] + trade["dividend"]
        assert close_to(net, trade["pnl"], net)


def check_prices(market: Market, targets: Targets, rules: Any, run: Run) -> None:
    """Every base price was traded in its bar, and the price differs from it only to the trader's harm.

    However the profile lets stops, targets and resting orders fill, their base lies in [low, high]; only slippage
    and the tick go beyond, and a delisting asks for no bar.
    """
    fills = run.fills
    base, bar, symbol = fills["base_price"], fills["bar"], targets.slot_symbol[fills["slot"]]
    has_bar = bars_that_exist(market)[bar, symbol]
    low, high = market.low[bar, symbol], market.high[bar, symbol]
    # a target's level may lie a rounding error beyond the tick that the bar reached
    room = 1e-9 * base
    inside = (base >= low - room) & (base <= high + room)
    exempt = np.isin(fills["reason"], (DELISTED, SPLIT_CASH)) | ((fills["reason"] == BANKRUPT) & ~has_bar)
    assert (inside | exempt).all(), fills[~(inside | exempt)]
    at_base = np.isin(fills["reason"], (TARGET, DELISTED, SPLIT_CASH))
    assert (fills["price"][at_base] == base[at_base]).all()
    assert (fills["slippage"] >= -1e-9 * (1 + fills["quantity"] * base)).all(), "slippage and tick are costs"


def check_cash_at_entries(rules: Any, run: Run) -> None:
    """No entry takes cash below zero without leverage."""
    if rules.leverage > 1:
        return
    cash, bar = float(rules.initial_cash), 0
    carry = run.carry.sum(axis=1) if len(run.carry) else np.zeros(len(run.equity))
    for fill in run.fills:
        while bar < fill["bar"]:
            bar += 1
            cash -= carry[bar]
        cash -= fill["direction"] * (fill["quantity"] * fill["price"]) + fill["commission"]
        if fill["reason"] in ENTRIES and fill["direction"] > 0:
            assert cash >= -1e-9 * money_moved(rules, run), fill


def check_caps_at_entries(market: Market, targets: Targets, rules: Any, run: Run) -> None:
    """No entry exceeds a cap of exposure when it is filled: what was held at the mark, new entries at their price."""
    has_bar = bars_that_exist(market)
    closes = last_known(market.close, has_bar)
    prices = market.close if rules.intents_fill_at == THIS_CLOSE else market.open
    slots = len(targets.slot_symbol)
    held, owner = np.zeros(slots), targets.slot_strategy.copy()
    cash = float(rules.initial_cash)
    carry = run.carry.sum(axis=1) if len(run.carry) else np.zeros(len(run.equity))
    for bar in range(len(market.times)):
        cash -= carry[bar]
        fills = run.fills[run.fills["bar"] == bar]
        entering = np.isin(fills["reason"], ENTRIES)
        first = int(np.argmax(entering)) if entering.any() else len(fills)
        before = closes[bar - 1] if bar else np.full(closes.shape[1], np.nan)
        marks = np.where(has_bar[bar], prices[bar], before)[targets.slot_symbol]
        value = np.zeros(slots)
        equity = np.nan
        for number, fill in enumerate(fills):
            if number == first:
                equity = cash + np.where(held != 0, held * marks, 0.0).sum()
                value = np.where(held != 0, held * marks, 0.0)
            slot, signed = fill["slot"], fill["direction"] * fill["quantity"]
            cash -= signed * fill["price"] + fill["commission"]
            held[slot] += signed
            if abs(held[slot]) < 1e-9 * fill["quantity"]:
                held[slot] = 0.0
            if fill["reason"] in ENTRIES:
                net_before = value.sum()
                value[slot] += signed * fill["price"]
                owner[slot] = fill["strategy"]
                assert_caps(targets, rules, value, owner, equity, net_before, slot)


def assert_caps(
    targets: Targets, rules: Any, value: FloatArray, owner: IntArray, equity: float, net_before: float, slot: int
) -> None:
    """`owner` (M,): whose position each slot holds; what a slot without one says does not count."""
    room = 1e-9 * (1 + np.abs(value).sum())
    gross = np.abs(value)
    same_symbol = targets.slot_symbol == targets.slot_symbol[slot]
    if rules.max_gross_leverage > 0:
        assert gross.sum() <= rules.max_gross_leverage * equity + room
    if rules.max_symbol > 0:
        assert gross[same_symbol].sum() <= rules.max_symbol * equity + room
    if rules.max_open_positions > 0:
        assert (value != 0).sum() <= rules.max_open_positions
    # increases of weights are granted together; one that counted on a short beside it may lose it to the cash
    if rules.max_net >= 0:
        assert abs(value.sum()) <= max(rules.max_net * equity, abs(net_before)) + room
    if rules.risk_basis != BY_STOP:
        cap = targets.strategy_cap[owner[slot]]
        if rules.max_total_at_risk > 0:
            assert gross.sum() <= rules.max_total_at_risk * equity + room
        if np.isfinite(cap):
            assert gross[owner == owner[slot]].sum() <= cap * equity + room


def check_caps_beside_orders(market: Market, targets: Targets, rules: Any, run: Run) -> None:
    """No entry exceeds a cap of exposure where orders rest too: a bar then has several batches of entries.

    What the fills do not tell is taken in favour of the run: each slot at the lower of its mark and what its entries
    paid, and the largest equity that the bar has had so far. The net is left to the runs without orders.
    """
    has_bar = bars_that_exist(market)
    closes = last_known(market.close, has_bar)
    slots = len(targets.slot_symbol)
    held, owner, cash = np.zeros(slots), targets.slot_strategy.copy(), float(rules.initial_cash)
    carry = run.carry.sum(axis=1) if len(run.carry) else np.zeros(len(run.equity))
    for bar in range(len(market.times)):
        cash -= carry[bar]
        before = closes[bar - 1] if bar else np.full(closes.shape[1], np.nan)
        at_open = np.where(has_bar[bar], market.open[bar], before)[targets.slot_symbol]
        at_close = closes[bar][targets.slot_symbol] if rules.intents_fill_at == THIS_CLOSE else at_open
        paid, equity = np.where(held != 0, held * at_open, 0.0), -np.inf
        for fill in run.fills[run.fills["bar"] == bar]:
            for marks in (at_open, at_close):
                equity = max(equity, cash + np.where(held != 0, held * marks, 0.0).sum())
            slot, signed = fill["slot"], fill["direction"] * fill["quantity"]
            cash -= signed * fill["price"] + fill["commission"]
            left = held[slot] + signed
            if fill["reason"] in ENTRIES:
                paid[slot] += signed * fill["price"]
                owner[slot] = fill["strategy"]
            else:
                paid[slot] *= left / held[slot]
            held[slot] = 0.0 if abs(left) < 1e-9 * fill["quantity"] else left
            if fill["reason"] in ENTRIES:
                marked = [np.abs(np.where(held != 0, held * marks, 0.0)) for marks in (at_open, at_close)]
                lowest = np.minimum.reduce([np.abs(paid), *marked])
                lowest[slot] = max(lowest[slot], 1e-300)  # held, however little it is worth
                assert_caps(targets, rules, lowest, owner, equity, np.inf, slot)
