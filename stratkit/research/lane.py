"""`Lane`: the trials of one vectorized strategy that differ in its parameters only, replayed many at a time.

All that a replay needs beside the opinions is taken from one trial that was replayed the plain way. A trial leaves the
lane when what its strategy says differs in more than sides or weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from stratkit.backtest import Inputs, RunConfig
from stratkit.engine.book import Book, open_book
from stratkit.engine.layout import Market, Records
from stratkit.engine.simulate import Stage
from stratkit.engine.tally import copies, tally_on
from stratkit.panel import FloatArray, SideArray
from stratkit.research.outcomes import Yardstick
from stratkit.research.pruning import fold_bars, judged, sharpes_of
from stratkit.research.trials import Assignment, Evaluation, Unfinished
from stratkit.risk.targets import Panels
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.catalog import build_one, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import ParameterValue
from stratkit.strategies.running import run_strategy
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import Signals, signals_from
from stratkit.strategies.strategy import Strategy

_ROOM: Final = 4 * 2**20  # bytes of opinions and books in one batch, about what a core's cache holds
_MOST: Final = 64  # trials in one batch
_SLOT_BYTES: Final = 1_100  # of a book
_ELSE: Final = (
    "confidence", "size", "risk_unit", "stop_level", "target_level", "exit_fraction", "entry_level", "legs", "plan",
)  # fmt: skip


@dataclass(frozen=True)
class Template:
    """What the replays of a lane have in common: what the kernel reads but the opinions, and the book at the start."""

    signals: Signals
    market: Market
    panels: Panels
    rules: Records
    book: Book


@dataclass
class Lane:
    """Trials of the one strategy that runs; `template` is None until one of them has been replayed the plain way.

    The strategy sees `history_bars` more bars, before those on which anything may trade.
    """

    name: str
    settings: StrategySettings
    context: Context
    yardstick: Yardstick
    history_bars: int = 0
    template: Template | None = None
    is_open: bool = True

    @cached_property
    def kind(self) -> type[Strategy]:
        """The class of the strategy."""
        return find_strategy(self.settings.spec)

    @staticmethod
    def of(config: RunConfig, inputs: Inputs, yardstick: Yardstick) -> Lane | None:
        """Return the lane of a configuration, None where its trials must be replayed one by one."""
        running = config.enabled()
        name, settings = next(iter(running.items()))
        alone = len(running) == 1 and not settings.symbols and settings.timeframe is None
        plain = config.global_.on_error == "fail" and config.global_.time_limit_seconds is None
        if not alone or not plain or yardstick.needs_record or inputs.context is None or config.adapts:
            return None
        history_bars = len(inputs.context.bars.times) - len(inputs.bars.times)
        return Lane(name, settings, inputs.context, yardstick, history_bars)

    def parameters(self, values: Assignment) -> dict[str, ParameterValue] | None:
        """Return the parameters that a set of values gives the strategy, None when it touches anything else."""
        given = dict(self.settings.params)
        head = f"strategies.{self.name}.params."
        for key, value in values.items():
            parameter = key.removeprefix(head)
            if parameter == key or parameter not in given or type(value) not in (int, float, str, bool):
                return None
            given[parameter] = value  # type: ignore[assignment]  # its type has just been looked at
        return given

    def says(self, parameters: Mapping[str, ParameterValue]) -> Signals | None:
        """Return what the strategy says with these parameters, None when its trial does not belong to the lane."""
        strategy = build_one(self.kind, parameters)
        if isinstance(strategy, BarStrategy):
            return None
        signals = signals_from(run_strategy(strategy, self.context), self.history_bars)
        return signals if self.template is None or _is_alike(signals, self.template.signals) else None

    def learn(self, signals: Signals, stage: Stage, *, blended: bool) -> None:
        """Take what all replays have in common from one that was set up the plain way, or close the lane."""
        playing, targets = stage.playing, stage.sheet.targets
        self.is_open = not blended and _is_alike(signals, signals)
        if self.is_open:
            book = open_book(stage.initial_cash, targets, playing.market.delist_bar)
            for column in ("cap", "multiplier"):
                book.strategies[column] = playing.book.strategies[column]
            self.template = Template(signals, playing.market, playing.panels, playing.rules, book)

    def batch(self, most: int) -> Batch:
        """Return an empty batch with room for at most so many trials."""
        assert self.template is not None  # there are no batches before
        bars, symbols = self.template.signals.shape
        each = bars * symbols * (1 if self.template.signals.weight is None else 8) + symbols * _SLOT_BYTES
        return Batch(self.template, self.yardstick, max(1, min(most, _MOST, _ROOM // each)))


@dataclass
class Batch:
    """Opinions of up to `room` trials, side by side, and the replay of them all."""

    template: Template
    yardstick: Yardstick
    room: int
    places: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        by_side = self.template.signals.weight is None
        shape = (self.room, *self.template.signals.shape)
        self.side: SideArray = np.zeros(shape if by_side else (self.room, 0, 0), np.int8)
        self.weight: FloatArray = np.zeros((self.room, 0, 0) if by_side else shape)

    def add(self, place: int, signals: Signals) -> bool:
        """Take the opinions of one trial; return whether the batch is full."""
        row = len(self.places)
        if signals.side is not None:
            self.side[row] = signals.side
        if signals.weight is not None:
            self.weight[row] = signals.weight
        self.places.append(place)
        return len(self.places) == self.room

    def replay(self, stop_below: FloatArray | None) -> list[Evaluation]:
        """Return what each trial came to."""
        trials, given = len(self.places), self.template
        cash = float(given.rules[0].initial_cash)
        tally = self.yardstick.tally(cash, trials)
        books = copies(given.book, trials)
        asked = self.side[:trials], self.weight[:trials]
        ended: dict[int, Unfinished] = {}
        active = np.ones(trials, np.bool_)
        bars = len(given.market.times)
        folds = 0 if stop_below is None else len(stop_below) + 1
        parts = [0, *(fold_bars(tally, folds).tolist() if folds else ()), bars]
        for fold, (start, stop) in enumerate(pairwise(parts)):
            tally_on(tally, books, given.market, given.panels, asked, given.rules, start, stop, active)
            if stop_below is None or stop == bars:
                continue
            now = np.full(folds - 1, np.nan)
            for trial in np.flatnonzero(active).tolist():
                sums = tally.count, tally.buckets.total[trial], tally.buckets.squares[trial]
                now[fold] = sharpes_of(*sums, folds)[fold]
                why = judged(now, stop_below)
                if why is not None:
                    ended[trial], active[trial] = why, False
        tally.stream["open_trades"][:, 0] = (books.slots["side"] != 0).sum(axis=1)
        return [ended.get(trial, one) for trial, one in enumerate(self.yardstick.outcomes(tally))]


def _is_alike(one: Signals, other: Signals) -> bool:
    """Whether two opinions lead to targets that differ in their sides or weights only."""
    return (
        all(getattr(one, name) is None for name in _ELSE)
        and (one.weight is None) == (other.weight is None)
        and one.exit_plan == other.exit_plan
        and one.plans == other.plans
        and one.entry_order == other.entry_order
        and one.shape == other.shape
    )
