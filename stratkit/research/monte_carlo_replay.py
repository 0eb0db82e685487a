"""`Replayed`: how a kept run is played again, on its own bars or on others, with its own values or with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.history import history_bars
from stratkit.engine.result import BacktestResult
from stratkit.errors import DataError
from stratkit.research.assignment import assigned
from stratkit.research.executors import is_asked_bar_by_bar
from stratkit.research.outcomes import outcome_of
from stratkit.research.search_settings import SearchSettings
from stratkit.research.trials import Assignment, Outcome
from stratkit.research.walk_forward_record import played_again
from stratkit.strategies.parameters import SearchParameter

FIGURES: Final = ("sharpe", "total_return", "profit_factor", "max_drawdown")


@dataclass(frozen=True)
class Searched:
    """The search whose best trial a run is: on what, how, over which space, and the number of that trial."""

    config: RunConfig
    settings: SearchSettings
    space: tuple[SearchParameter, ...]
    best: int


@dataclass(frozen=True)
class Replayed:
    """A configuration on its bars; `folds` says who decided when in the account of a walk-forward, None of others;
    `learned` is what it went on from.
    """

    config: RunConfig
    bars: Bars
    folds: Mapping[str, Any] | None = None
    warmup_bars: int = 0
    learned: object | None = None

    @cached_property
    def history(self) -> int:
        """How many of the bars are only looked at."""
        return history_bars(self.config.data, self.bars)

    @cached_property
    def cells(self) -> int:
        """Bars times symbols of one replay; each reign of a walk-forward takes some three times its bars."""
        own = len(self.bars.times) * len(self.bars.symbols)
        return own if self.folds is None else 3 * own * len(self.reigns)

    @cached_property
    def is_slow(self) -> bool:
        """Whether a strategy is asked, or something learns, bar by bar, which takes hundreds of times as long."""
        return is_asked_bar_by_bar(self.config) or self.config.adapts

    @property
    def reigns(self) -> list[Assignment]:
        """The values in force one after the other; one empty set where a run has nothing but its configuration."""
        if self.folds is None:
            return [{}]
        try:
            return [dict(one["values"]) for one in self.folds["reigns"]]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"folds.json must say who decided when; {type(error).__name__}: {error}") from None

    def result(
        self, *, config: RunConfig | None = None, bars: Bars | None = None, values: Sequence[Assignment] | None = None
    ) -> BacktestResult:
        """Return the account, under another configuration, on other bars, or with other values for each reign."""
        config, bars = config or self.config, bars or self.bars
        if self.folds is None:
            return run_backtest(assigned(config, values[0]) if values else config, bars, learned=self.learned)
        record = self.folds
        if values is not None:
            reigns = [{**one, "values": new} for one, new in zip(record["reigns"], values, strict=True)]
            record = {**record, "reigns": reigns}
        return played_again(record, config, bars)

    def outcome(self, result: BacktestResult, bars: Bars | None = None, metrics: Sequence[str] = ()) -> Outcome:
        """Return what an account came to."""
        return outcome_of(self.config, bars or self.bars, result, metrics)
