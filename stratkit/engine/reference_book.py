"""`Book`: the state of the plain-Python engine (`stratkit.engine.reference`), and its input as plain lists."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from stratkit.engine.layout import ACCOUNT_SLOT, ENTRY, STOP, THIS_CLOSE, Market
from stratkit.risk.targets import LIMIT_ORDER, Targets

NAN, INF = math.nan, math.inf
NEVER = -(10**9)
DEFAULTS = {"side": 0.0, "confidence": 1.0}  # of arrays of `Targets` that are absent; NaN for all others

Code: TypeAlias = np.int64 | int  # one of the codes of stratkit.engine.layout


@dataclass(frozen=True)
class Plan:
    """One exit plan; NaN = off, distances in R."""

    exists: bool  # False for plan 0, "no plan"
    basis: int
    risk: float
    needs_risk_unit: bool
    sl: float
    targets: tuple[float, ...]
    fractions: tuple[float, ...]
    last_takes_rest: bool
    be: float
    trail_at: float
    trail_by: float
    time_stop_bars: int
    risk_multiplier: float


@dataclass
class Position:
    """What a slot holds; everything here ends when the slot goes flat. `side` 0 = flat."""

    side: int = 0
    held: float = 0.0
    trade: int = -1
    decision_bar: int = -1
    entry_bar: int = -1
    own_bars: int = 0  # bars of the symbol after the entry bar
    entry: float = NAN  # price of the first fill: all levels are measured from it
    entry_piece: int = 0  # the piece of its entry bar in which it began
    rested_at: float = NAN  # where the order rested that opened it inside a bar, unless a piece opened beyond
    average: float = NAN
    entry_quantity: float = 0.0
    entry_value: float = 0.0
    exit_quantity: float = 0.0
    exit_value: float = 0.0
    commission: float = 0.0
    slippage: float = 0.0
    borrow: float = 0.0
    funding: float = 0.0
    dividend: float = 0.0
    adds: int = 0
    risk_unit: float = NAN
    stop_distance: float = NAN  # of the first entry
    stop: float = NAN
    stop_kind: Code = STOP
    stop_hit_bar: int = -1
    targets: tuple[float, ...] = ()
    fractions: tuple[float, ...] = ()
    last_takes_rest: bool = False
    targets_done: int = 0
    target_filled: float = 0.0  # of the next target, where volume cut it
    extreme: float = NAN
    worst: float = NAN
    best: float = NAN
    ambiguous: int = 0
    last_reason: Code = ENTRY  # of its last fill
    flagged: bool = False  # liquidation at the next open
    exit_waiting: float = 0.0  # units that must leave; infinite = all
    exit_reason: Code = -1
    exit_decided: int = -1  # the decision bar that still owes a row, else -1
    entry_waiting: float = 0.0
    entry_confidence: float = NAN
    kept_weight: float = NAN  # a reduction that found no bar
    kept_decided: int = -1
    kept_owes_row: bool = False


@dataclass(frozen=True)
class Order:
    """An entry that rests at a level: the bar comes to it, or it is gone."""

    side: int
    level: float
    is_limit: bool
    piece: int = 0  # of the bar, in which it fills
    opened_at: float = NAN  # the open of that piece, where it had passed the level

    @property
    def base(self) -> float:
        """Return the price at which it fills, before slippage."""
        return self.level if math.isnan(self.opened_at) else self.opened_at

    @property
    def way(self) -> int:
        """Which way the price must go to reach it: up (1) to a buy stop or sell limit, else down (-1)."""
        return -self.side if self.is_limit else self.side

    def reached_by(self, price: float) -> bool:
        """Whether `price` is at the level or beyond."""
        return self.way * (price - self.level) >= 0


@dataclass
class Slot:
    """One position of one strategy in one symbol, and what is remembered when it is flat."""

    number: int
    symbol: int
    strategy: int
    by_weight: bool
    size: float
    rule: int
    plan: Plan
    by_limit: bool  # how its entries with a level rest
    position: Position = field(default_factory=Position)
    left_side: int = 0
    left_bar: int = NEVER
    barred_until: int = NEVER  # cooldown
    edge: int = 0  # the side that must first be absent before it may be entered again
    weight: float = NAN  # a weight of this bar that may still ask for more
    resting: Order | None = None  # against what is held, until the bar comes to it


@dataclass
class Record:
    """Closed trades of one strategy, for Kelly."""

    wins: int = 0
    losses: int = 0
    win_sum: float = 0.0
    loss_sum: float = 0.0


class Prices(NamedTuple):
    """One bar of one symbol, or one of the finer bars inside it."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True)
class Moment:
    """Where in time something happens: the bar, the row of intents in force (-1 = none), market prices by symbol.

    Inside a bar that is walked through finer ones: which of them a position meets, and its number.
    """

    bar: int
    decided: int
    prices: list[float]
    at_close: bool = False
    piece: Prices | None = None
    number: int = 0


class Asked:
    """`Targets` as plain lists; an array that is absent answers with its default."""

    def __init__(self, targets: Targets) -> None:
        names = (
            "side", "weight", "confidence", "size", "risk_unit", "stop_level", "target_level", "exit_fraction",
            "entry_level",
        )  # fmt: skip
        self.panels: dict[str, list[list[float]]] = {name: getattr(targets, name).tolist() for name in names}
        self.strategy_cap: list[float] = targets.strategy_cap.tolist()

    def at(self, name: str, bar: int, slot: Slot) -> float:
        """Return one cell of an array; before the first bar, and where it is absent, the default."""
        panel = self.panels[name]
        if bar < 0 or not panel or not panel[0]:
            return DEFAULTS.get(name, NAN)
        return panel[bar][slot.number]

    def side(self, bar: int, slot: Slot) -> int:
        """Return the side asked for: +1, -1, 2 exit, 0 nothing."""
        return 0 if slot.by_weight else int(self.at("side", bar, slot))

    def weight(self, bar: int, slot: Slot) -> float:
        """Return the weight asked for, NaN = leave as it is."""
        return self.at("weight", bar, slot) if slot.by_weight else NAN


class Tape:
    """`Market` as plain lists, and which bars exist."""

    def __init__(self, market: Market) -> None:
        self.times: list[int] = market.times.tolist()
        self.day: list[int] = market.day.tolist()
        self.open: list[list[float]] = market.open.tolist()
        self.high: list[list[float]] = market.high.tolist()
        self.low: list[list[float]] = market.low.tolist()
        self.close: list[list[float]] = market.close.tolist()
        self.volume: list[list[float]] = market.volume.tolist()
        self.funding: list[list[float]] = market.funding.tolist()
        self.volatility: list[list[float]] = market.volatility.tolist()
        self.delist_bar: list[int] = market.delist_bar.tolist()
        self.acts: list[bool] = market.acts.tolist()
        self.split: list[list[float]] = market.split.tolist()
        self.dividend: list[list[float]] = market.dividend.tolist()
        four = (market.open, market.high, market.low, market.close)
        self.detail_rows: list[list[int]] = market.detail_rows.tolist()
        self.detail_agrees: list[list[bool]] = market.detail_agrees.tolist()
        finer = (market.detail_open, market.detail_high, market.detail_low, market.detail_close)
        self.detail: list[list[list[float]]] = [panel.tolist() for panel in finer]
        self.has_bar: list[list[bool]] = np.all([np.isfinite(panel) for panel in four], axis=0).tolist()

    def whole(self, bar: int, symbol: int) -> Prices:
        """Return a bar as one."""
        panels = (self.open, self.high, self.low, self.close)
        return Prices(*(panel[bar][symbol] for panel in panels))

    def pieces(self, bar: int, symbol: int) -> list[Prices]:
        """Return the finer bars that a bar is walked through, in order; none where it is played as one."""
        if not self.detail_rows or not self.detail_agrees[bar][symbol]:
            return []
        finer = [Prices(*(panel[row][symbol] for panel in self.detail)) for row in range(*self.detail_rows[bar])]
        return [piece for piece in finer if all(map(math.isfinite, piece))]


class Book:
    """Cash, slots, logs, and what the close left behind for the bars to come."""

    def __init__(self, market: Market, targets: Targets, rules: np.record) -> None:
        assert rules.dtype.names is not None
        self.tape = Tape(market)
        self.asked = Asked(targets)
        # one record of RULES_DTYPE as plain numbers: numpy scalars would warn where Python floats are silent
        self.rules: Any = SimpleNamespace(**{name: rules[name].item() for name in rules.dtype.names})
        self.slots = _slots(targets)
        self.cash: float = self.rules.initial_cash
        symbols = len(self.tape.delist_bar)
        self.last_close = [NAN] * symbols
        self.last_bar = [NEVER] * symbols
        self.volume_left = [INF] * symbols  # what fills of this bar may still take
        self.fills: list[tuple[Any, ...]] = []
        self.trades: list[tuple[Any, ...]] = []
        self.decisions: list[tuple[Any, ...]] = []
        self.trades_opened = 0
        self.no_op = 0
        self.records = [Record() for _ in self.asked.strategy_cap]
        self.bankrupt_bar = -1
        self.bankrupt_at_open = False
        self.carry = (0.0, 0.0, 0.0)
        self.account_carry = 0.0
        # breakers
        self.peak: float = self.rules.initial_cash
        self.day_base: float = self.rules.initial_cash
        self.last_equity: float = self.rules.initial_cash
        self.losses_in_a_row = 0
        self.drawdown_closed_at = -1
        self.daily_closed = False
        self.daily_closed_day = 0
        self.losses_closed_at = -1

    def log(
        self,
        bar: int,
        slot: Slot | None,
        side: Code,
        confidence: float,
        requested: float,
        granted: float,
        outcome: Code,
        rule: Code,
    ) -> None:
        """Write a row of the decision log; no slot = the account."""
        number = ACCOUNT_SLOT if slot is None else slot.number
        self.decisions.append((bar, number, side, confidence, requested, granted, outcome, rule))

    def is_last(self, bar: int) -> bool:
        """Whether the data end with this bar."""
        return bar == len(self.tape.times) - 1

    def plays_orders_only(self, when: Moment) -> bool:
        """Whether this is an open at which nothing is played but the orders that it has passed."""
        return self.rules.intents_fill_at == THIS_CLOSE and not when.at_close


def kelly_fraction(book: Book, slot: Slot) -> float:
    """Return W - (1 - W) / (average win / average loss) of the strategy's closed trades, at most 1."""
    record = book.records[slot.strategy]
    trades = record.wins + record.losses
    if trades < book.rules.kelly_min_trades or trades == 0:
        return min(float(book.rules.kelly_start), 1.0)
    if record.wins == 0:
        return 0.0
    win_rate = record.wins / trades
    if record.loss_sum == 0:
        return win_rate
    average_win, average_loss = record.win_sum / record.wins, record.loss_sum / record.losses
    return min(win_rate - (1 - win_rate) / (average_win / average_loss), 1.0)


def _slots(targets: Targets) -> list[Slot]:
    plans = [_plan(number, record) for number, record in enumerate(targets.plans)]
    columns = (
        targets.slot_symbol, targets.slot_strategy, targets.slot_kind, targets.slot_size, targets.slot_rule,
        targets.slot_plan, targets.slot_order,
    )  # fmt: skip
    rows = zip(*(column.tolist() for column in columns))
    return [
        Slot(number, symbol, strategy, kind == 1, size, rule, plans[plan], order == LIMIT_ORDER)
        for number, (symbol, strategy, kind, size, rule, plan, order) in enumerate(rows)
    ]


def _plan(number: int, record: np.void) -> Plan:
    assert record.dtype.names is not None
    plan = {name: record[name].item() for name in record.dtype.names}
    last = plan["last_target"]
    return Plan(
        exists=number > 0,
        basis=plan["basis"],
        risk=plan["risk"],
        needs_risk_unit=plan["needs_risk_unit"] == 1,
        sl=plan["sl"],
        targets=(plan["tp1"], plan["tp2"], plan["tp3"])[:last],
        fractions=(plan["f1"], plan["f2"], plan["f3"])[:last],
        last_takes_rest=plan["last_takes_rest"] == 1,
        be=plan["be"],
        trail_at=plan["trail_at"],
        trail_by=plan["trail_by"],
        time_stop_bars=plan["time_stop_bars"],
        risk_multiplier=plan["risk_multiplier"],
    )
