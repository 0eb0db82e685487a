"""`cost_stress`: the run at multiples of its costs, and the cost at which nothing is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

from stratkit.backtest import RunConfig
from stratkit.engine.settings import CostSettings
from stratkit.errors import DataError
from stratkit.research.break_even import MOST_REPLAYS, break_even, costs_times, has_costs
from stratkit.research.monte_carlo_record import PathRow, Procedure, Unit
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_words import WORDS
from stratkit.research.trials import Outcome

Told = Callable[[int, int], None]
_TIMES: Final = (0.0, 2.0, 3.0, 5.0)
_SLIPPAGE: Final = ("half_spread_bps", "slippage_bps", "slippage_volatility", "impact_bps")
_FIGURES: Final[tuple[tuple[str, str, Unit], ...]] = (
    ("sharpe", "Sharpe ratio", "ratio"),
    ("total_return", "Total return", "fraction"),
)


def cost_stress(run: StudiedRun, told: Told | None = None) -> Procedure:
    """Replay a run at other costs: all times a factor, slippage alone, and a flat cost until nothing is left."""
    replayed = run.replayed
    if replayed is None:
        raise DataError(run.unplayable)
    stress = _Stress(replayed, told)
    rows = tuple(stress.rows())
    words = WORDS["cost_stress"]
    return Procedure(
        "cost_stress", words.title, words.tests, words.varies, stress.replays, True, rows, notes=tuple(stress.notes),
        not_answered=words.not_answered,
    )  # fmt: skip


def slippage_times(costs: CostSettings, factor: float) -> CostSettings:
    """Return spread, slippage and impact times a factor; commissions and the costs of holding stay."""
    return costs.model_copy(update={name: getattr(costs, name) * factor for name in _SLIPPAGE})


class _Stress:
    """The replays of one run at other costs, counted."""

    def __init__(self, replayed: Replayed, told: Told | None) -> None:
        self.replayed, self.told, self.replays, self.notes = replayed, told, 0, list[str]()
        self.most = 1 + 2 * len(_TIMES) + MOST_REPLAYS

    def rows(self) -> Iterator[PathRow]:
        costs = self.replayed.config.costs
        yield from self.at("as it is", costs)
        if has_costs(costs):
            for factor in _TIMES:
                yield from self.at(_named("costs", factor), costs_times(costs, factor))
        else:
            self.notes.append("the run has no costs: there is nothing to multiply")
        if any(getattr(costs, name) > 0 for name in _SLIPPAGE):
            for factor in _TIMES[1:]:
                yield from self.at(_named("slippage alone", factor), slippage_times(costs, factor))
        else:
            self.notes.append("the run has no spread, slippage or impact: there is nothing to multiply in them alone")
        yield from self.break_even()

    def at(self, name: str, costs: CostSettings) -> Iterator[PathRow]:
        found = self.played(self.replayed.config.model_copy(update={"costs": costs}))
        for figure, label, unit in _FIGURES:
            yield _row(f"{label}, {name}", unit, found.metrics[figure])

    def break_even(self) -> Iterator[PathRow]:
        result = self.replayed.result()
        zero = break_even(self.replayed.config, result, lambda config: self.played(config).metrics["total_return"])
        yield _row("Paid on average", "bps", zero.paid_bps)
        yield _row("Break-even cost", "bps", zero.bps)
        if zero.reason:
            self.notes.append(f"no break-even cost: {zero.reason}")
        self.notes.append("costs in bps are of each traded amount, slippage included; costs of holding stay")
        if self.told is not None:
            self.told(self.most, self.most)

    def played(self, config: RunConfig) -> Outcome:
        self.replays += 1
        if self.told is not None:
            self.told(min(self.replays, self.most), self.most)
        return self.replayed.outcome(self.replayed.result(config=config))


def _named(what: str, factor: float) -> str:
    return f"no {what}" if factor == 0 else f"{what} x{factor:g}"


def _row(name: str, unit: Unit, value: float) -> PathRow:
    nan = math.nan
    return PathRow(name, unit, "higher", value, nan, nan, nan, nan, nan, nan, nan, nan)
