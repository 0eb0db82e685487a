"""`Book`: the state of the plain-Python engine (`stratkit.engine.reference`), and its input as plain lists."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from stratkit.engine.layout import ACCOUNT_SLOT, NO_STRATEGY, THIS_CLOSE, Market
from stratkit.engine.reference_slot import INF, NAN, NEVER, Code, Plan, Slot, plan_of, slots_of
from stratkit.risk.targets import Targets

DEFAULTS = {"side": 0.0, "confidence": 1.0, "plan": -1.0}  # of arrays of `Targets` that are absent; else NaN


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
            "entry_level", "plan",
        )  # fmt: skip
        self.panels: dict[str, list[list[float]]] = {name: getattr(targets, name).tolist() for name in names}
        self.strategy_cap: list[float] = targets.strategy_cap.tolist()
        self.strategy_multiplier: list[float] = targets.strategy_multiplier.tolist()
        self.plans = [plan_of(record) for record in targets.plans]

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

    def plan(self, bar: int, slot: Slot) -> Plan:
        """Return the plan on which the intent would enter."""
        number = int(self.at("plan", bar, slot))
        return slot.plan if number < 0 else self.plans[number]

    def strategy(self, bar: int, slot: Slot) -> int:
        """Return the strategy whose intent it is; one that names no plan is the slot's own."""
        names_one = self.at("plan", bar, slot) >= 0 and self.plan(bar, slot).strategy >= 0
        return self.plan(bar, slot).strategy if names_one else slot.strategy


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
        self.slots = slots_of(targets, self.asked.plans)
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
        self.earned = [0.0] * len(self.asked.strategy_cap)  # net P&L of the closed trades of each strategy
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
        *,
        of_owner: bool = False,
    ) -> None:
        """Write a row of the decision log; no slot = the account.

        It names the strategy of the intent in force on `bar`; `of_owner`: no intent asks for it, but what is held.
        """
        number: Code = ACCOUNT_SLOT
        strategy: Code = NO_STRATEGY
        if slot is not None:
            number, strategy = slot.number, slot.position.strategy if of_owner else self.asked.strategy(bar, slot)
        self.decisions.append((bar, number, side, confidence, requested, granted, outcome, rule, strategy))

    def is_last(self, bar: int) -> bool:
        """Whether the data end with this bar."""
        return bar == len(self.tape.times) - 1

    def plays_orders_only(self, when: Moment) -> bool:
        """Whether this is an open at which nothing is played but the orders that it has passed."""
        return self.rules.intents_fill_at == THIS_CLOSE and not when.at_close


def kelly_fraction(book: Book, strategy: int) -> float:
    """Return W - (1 - W) / (average win / average loss) of the strategy's closed trades, at most 1."""
    record = book.records[strategy]
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
