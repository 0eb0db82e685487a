"""`Fragility`: what is left of a result when costs rise, decisions come late, fills are missed, parameters are off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stratkit.backtest import Inputs, RunConfig, prepare, replay, score_backtest
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.errors import StratkitError
from stratkit.panel import FloatArray
from stratkit.research.assignment import assigned
from stratkit.research.best_trades import without_best
from stratkit.research.break_even import MOST_REPLAYS, BreakEven, break_even, costs_times, has_costs
from stratkit.research.changed_signals import can_change, delayed, without_entries
from stratkit.research.jitter import jittered
from stratkit.research.trials import Assignment
from stratkit.seeds import generator
from stratkit.strategies.parameters import SearchParameter

MISSED: Final = 0.05
JITTER: Final = 0.05
BEST_TRADES: Final = 10
DRAWS: Final = 8
SYMBOLS: Final = 12  # most symbols that are left out, one at a time
_ASKED: Final = "n/a: the strategy is asked bar by bar, and what it says depends on its own positions"

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Figures:
    """Sharpe ratio a year, total return and deepest drawdown, fractions; NaN where undefined."""

    sharpe: float = math.nan
    total_return: float = math.nan
    max_drawdown: float = math.nan

    def less(self, other: Figures) -> Figures:
        """Return the differences to another."""
        return Figures(
            self.sharpe - other.sharpe, self.total_return - other.total_return, self.max_drawdown - other.max_drawdown
        )


@dataclass(frozen=True)
class FragilityRow:
    """What one change does: `figures` under it, the `change` from the run as it is, and a sentence.

    Of several `draws` each figure is the median, and `worst` the worst of each. Where it cannot be asked all are NaN
    and the sentence says why.
    """

    name: str
    figures: Figures
    change: Figures
    sentence: str
    draws: int = 1
    worst: Figures | None = None

    @property
    def is_known(self) -> bool:
        """Whether it could be asked."""
        return not math.isnan(self.figures.total_return)


@dataclass(frozen=True)
class Fragility:
    """The run as it is, a row for each change, the cost at which nothing is left, and how many replays it took."""

    base: Figures
    rows: tuple[FragilityRow, ...]
    break_even: BreakEven
    replays: int


def most_replays(space: Sequence[SearchParameter], symbols: int, draws: int = DRAWS) -> int:
    """Return how many replays `measure_fragility` makes at most."""
    return 1 + 2 + MOST_REPLAYS + 1 + draws * (2 if space else 1) + (min(symbols, SYMBOLS) if symbols > 1 else 0)


def measure_fragility(
    config: RunConfig,
    bars: Bars,
    values: Assignment | None = None,
    space: Sequence[SearchParameter] = (),
    *,
    draws: int = DRAWS,
    told: Told | None = None,
) -> Fragility:
    """Replay a configuration with `values` in place under each change; `told` hears (replays done, at most).

    `space` are the dimensions in which the parameters are jittered. Random draws come from the configuration's seed.
    """
    probe = _Probe(config, bars, values or {}, tuple(space), draws, told)
    return probe.measured()


class _Probe:
    """The run as it is, and the count of replays made of it."""

    def __init__(
        self, config: RunConfig, bars: Bars, values: Assignment, space: tuple[SearchParameter, ...], draws: int,
        told: Told | None,
    ) -> None:  # fmt: skip
        # what it is measured against says nothing here and takes time
        self.plain = config.model_copy(update={"analytics": config.analytics.model_copy(update={"benchmark": None})})
        self.config = assigned(self.plain, values)
        self.bars, self.values, self.space, self.draws, self.told = bars, values, space, draws, told
        self.most = most_replays(space, len(bars.symbols), draws)
        self.replays = 0
        self.inputs = prepare(self.config, bars)
        self.result = self.played(self.config, self.inputs)
        self.base = self.figures(self.config, self.result)

    def measured(self) -> Fragility:
        rows = [
            *(self.dearer(factor) for factor in (2, 3)),
            self.late(),
            self.missed(),
            *([self.off()] if self.space else []),
            self.without_best(),
            *self.without_symbols(),
        ]
        zero = break_even(self.config, self.result, lambda config: self.replayed(config, self.inputs).total_return)
        if self.told is not None:
            self.told(self.most, self.most)
        return Fragility(self.base, tuple(rows), zero, self.replays)

    def played(self, config: RunConfig, inputs: Inputs) -> BacktestResult:
        self.replays += 1
        if self.told is not None:
            self.told(self.replays, self.most)
        return replay(config, inputs)

    def figures(self, config: RunConfig, result: BacktestResult, bars: Bars | None = None) -> Figures:
        card, _ = score_backtest(config, self.bars if bars is None else bars, result)
        return Figures(card.value("sharpe"), card.value("total_return"), card.value("max_drawdown"))

    def replayed(self, config: RunConfig, inputs: Inputs) -> Figures:
        return self.figures(config, self.played(config, inputs), inputs.bars)

    def dearer(self, factor: int) -> FragilityRow:
        name = f"costs x{factor}"
        if not has_costs(self.config.costs):
            return _unknown(name, "n/a: no costs are configured")
        under = self.config.model_copy(update={"costs": costs_times(self.config.costs, factor)})
        what = {2: "at twice the costs", 3: "at three times the costs"}[factor]
        return self.row(name, self.replayed(under, self.inputs), what)

    def late(self) -> FragilityRow:
        name = "one bar later"
        if not can_change(self.inputs):
            return _unknown(name, _ASKED)
        return self.row(
            name, self.replayed(self.config, delayed(self.inputs)), "when every decision acts one bar later"
        )

    def missed(self) -> FragilityRow:
        name = f"{MISSED:.0%} of entries missed"
        trades = self.result.trades
        if not can_change(self.inputs):
            return _unknown(name, _ASKED)
        if not len(trades):
            return _unknown(name, "n/a: there is no entry to miss")
        count = math.ceil(MISSED * len(trades))
        drawn = []
        for draw in range(self.draws):
            lots = generator(self.config.seed, "fragility", "missed", draw)
            picked = trades[np.sort(lots.choice(len(trades), count, replace=False))]
            drawn.append(self.replayed(self.config, without_entries(self.inputs, self.result, picked)))
        return self.drawn_row(name, drawn, f"with {count:,} of {len(trades):,} entries never filled")

    def off(self) -> FragilityRow:
        name = "parameters a little off"
        drawn = []
        lots = generator(self.config.seed, "fragility", "jitter")
        for nearby in jittered(self.space, self.values, JITTER, lots, self.draws):
            try:
                config = assigned(self.plain, nearby)
                drawn.append(self.replayed(config, prepare(config, self.bars)))
            except StratkitError:  # a rule between parameters, or too few bars for it: no such neighbour
                continue
        if not drawn:
            return _unknown(name, "n/a: no neighbour in the search space could be replayed")
        return self.drawn_row(name, drawn, f"with every parameter moved by up to {JITTER:.0%} of its range")

    def without_best(self) -> FragilityRow:
        name = f"without its {BEST_TRADES} best trades"
        if len(self.result.trades) <= BEST_TRADES:
            return _unknown(name, f"n/a: it made no more than {len(self.result.trades)} trades")
        adjusted = self.inputs.bars if self.inputs.signal_bars is None else self.inputs.signal_bars
        left = without_best(self.result, self.inputs.bars, adjusted, BEST_TRADES)
        return self.row(name, self.figures(self.config, left), f"without the P&L of its {BEST_TRADES} best trades")

    def without_symbols(self) -> Iterator[FragilityRow]:
        symbols = self.bars.symbols
        if len(symbols) == 1:
            yield _unknown("one symbol left out", f"n/a: {symbols[0]} is the only symbol")
            return
        earned = np.bincount(
            self.result.slot_symbol[self.result.trades["slot"]], self.result.trades["pnl"], len(symbols)
        )
        largest = np.argsort(-np.abs(earned), kind="stable")[:SYMBOLS]
        for column in sorted(largest.tolist()):
            left = tuple(symbol for symbol in symbols if symbol != symbols[column])
            yield self.without(symbols[column], left)

    def without(self, symbol: str, left: tuple[str, ...]) -> FragilityRow:
        name = f"without {symbol}"
        strategies = {
            key: one
            if one.symbols is None
            else one.model_copy(update={"symbols": tuple(x for x in one.symbols if x != symbol)})
            for key, one in self.config.strategies.items()
        }
        data = self.config.data.model_copy(update={"symbols": left})
        config = self.config.model_copy(update={"strategies": strategies, "data": data})
        try:
            return self.row(name, self.replayed(config, prepare(config, self.bars.select(left))), f"without {symbol}")
        except StratkitError as error:  # such as a pair without its other leg
            return _unknown(name, f"n/a: {error}")

    def row(self, name: str, figures: Figures, what: str) -> FragilityRow:
        return FragilityRow(name, figures, figures.less(self.base), _sentence(what, self.base, figures))

    def drawn_row(self, name: str, drawn: Sequence[Figures], what: str) -> FragilityRow:
        table = np.array([(one.sharpe, one.total_return, one.max_drawdown) for one in drawn])
        middle, worst = (
            Figures(*map(float, np.apply_along_axis(_of_known, 0, table, of))) for of in (np.median, np.min)
        )
        said = _sentence(f"{what}, in the median of {len(drawn)} draws,", self.base, middle)
        row = FragilityRow(name, middle, middle.less(self.base), said, len(drawn), worst)
        return replace(row, sentence=f"{said}; {_word(worst.sharpe)} in the worst")


def _of_known(values: FloatArray, of: Callable[[FloatArray], float]) -> float:
    known = values[np.isfinite(values)]
    return float(of(known)) if len(known) else math.nan


def _sentence(what: str, base: Figures, figures: Figures) -> str:
    begun = what[0].upper() + what[1:]
    if math.isnan(figures.sharpe) or math.isnan(base.sharpe):
        return f"{begun} it returns {figures.total_return:.1%} instead of {base.total_return:.1%}"
    now, was = _word(figures.sharpe), _word(base.sharpe)
    if now == was:
        return f"{begun} the Sharpe ratio stays at {now}"
    return f"{begun} the Sharpe ratio {'rises' if figures.sharpe > base.sharpe else 'falls'} from {was} to {now}"


def _word(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.2f}"


def _unknown(name: str, reason: str) -> FragilityRow:
    return FragilityRow(name, Figures(), Figures(), reason, 0)
