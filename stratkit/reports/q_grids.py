"""Tables of Q by regime and arm, over all symbols and symbol by symbol: heat grids with the best one starred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from stratkit.adaptive.status import FEW_TRADES
from stratkit.analytics.learned import Learned
from stratkit.regimes.labels import NOT_KNOWN
from stratkit.reports.grid import Cell, Grid, Head, deepest_of, name_cell, signed_tone, strength
from stratkit.reports.learned_words import named
from stratkit.reports.wording import number, percent

MOST_ARMS: Final = 12
MOST_CELLS: Final = 24  # rows of the table by symbol; adaptive.json has all
STAR: Final = "\N{BLACK STAR}"
UNSUITED: Final = "\N{MULTIPLICATION SIGN}"
UNTRIED: Final = "\N{MIDDLE DOT}"


def shown_arms(learned: Learned) -> list[str]:
    """Return the arms of the columns: all, or those with the most trades."""
    arms: list[str] = learned.status["choices_among"]
    if len(arms) <= MOST_ARMS:
        return arms
    trades = {name: 0 for name in arms}
    for row in learned.status["q_table"]:
        trades[row["arm"]] += row["trades"]
    kept = set(sorted(arms, key=lambda name: -trades[name])[:MOST_ARMS])
    return [name for name in arms if name in kept]


def regimes_of(learned: Learned) -> list[str]:
    """Return the regimes of the rows, "not known" only where something was decided without a label."""
    tried = {row["regime"] for row in learned.status["arms"]}
    return [*learned.status["regimes"], *([NOT_KNOWN] if NOT_KNOWN in tried or not tried else [])]


def q_grid(learned: Learned) -> Grid:
    """Return regimes x arms: Q over all symbols with its trades, the best starred, what does not suit crossed out."""
    status, arms = learned.status, shown_arms(learned)
    found = {(row["regime"], row["arm"]): row for row in status["arms"]}
    epsilon = status["epsilon_by_regime"]
    rows = [
        (
            Cell(named(regime), number=False),
            *_q_cells(status, [found.get((regime, arm)) for arm in arms], regime, arms),
            *([] if epsilon is None else [Cell(_random_words(status, regime))]),
        )
        for regime in regimes_of(learned)
    ]
    what = "exit profile" if status["over"] == "profiles" else "strategy"
    last = [] if epsilon is None else [Head("Random", title="share of choices that try something at random, now")]
    return Grid(
        name="q-table",
        title=f"What each {what} earned in each regime",
        caption=_q_caption(status["over"]),
        heads=(Head("Regime", number=False), *(_arm_head(arm) for arm in arms), *last),
        rows=tuple(rows),
        heat=True,
        note=f"The {len(arms)} with the most trades of {len(status['choices_among'])}."
        if len(arms) < len(status["choices_among"])
        else "",
    )


def symbols_q_grid(learned: Learned) -> Grid | None:
    """Return the same by symbol, for the cells with the most trades; None where all symbols are learned together."""
    status, arms = learned.status, shown_arms(learned)
    cells: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in status["q_table"]:
        if row["symbol"] is not None:
            cells[row["symbol"], row["regime"]][row["arm"]] = row
    if len({symbol for symbol, _ in cells}) < 2:
        return None
    trades = {key: sum(row["trades"] for row in found.values()) for key, found in cells.items()}
    ranked = sorted(cells, key=lambda key: (-trades[key], key))[:MOST_CELLS]
    rows = [
        (
            Cell(f"{symbol}, {named(regime)}", number=False),
            *_q_cells(status, [cells[symbol, regime].get(arm) for arm in arms], regime, arms),
        )
        for symbol, regime in ranked
    ]
    return Grid(
        name="q-symbols",
        title="The same, symbol by symbol",
        caption="What choices really go by: in each regime a symbol has a Q of its own, from its own trades.",
        heads=(Head("Symbol, regime", number=False), *(_arm_head(arm) for arm in arms)),
        rows=tuple(rows),
        heat=True,
        note=f"{len(ranked):,} of {len(cells):,} pairs of symbol and regime are shown, those with the most trades; "
        "adaptive.json has all."
        if len(ranked) < len(cells)
        else "",
    )


def _random_words(status: Mapping[str, Any], regime: str) -> str:
    nothing_competes = status["suitable"] is not None and not status["suitable"][regime]
    return "" if nothing_competes else percent(status["epsilon_by_regime"][regime], 0)


def _q_caption(over: str) -> str:
    unsuited = f" {UNSUITED} does not suit the regime and never competes there." if over == "profiles" else ""
    return (
        "Q is a moving average of realised R, newer trades counting more, over all symbols weighted by their trades; "
        f"small: closed trades, those of the shadow book too. {STAR} is the best with at least {FEW_TRADES} trades;"
        f" {UNTRIED} was not tried.{unsuited}"
    )


def _arm_head(arm: str) -> Head:
    cell = name_cell(named(arm))
    return Head(cell.text, title=cell.title or named(arm))


def _q_cells(
    status: Mapping[str, Any], found: Sequence[Mapping[str, Any] | None], regime: str, arms: Sequence[str]
) -> list[Cell]:
    suits = None if status["suitable"] is None else status["suitable"][regime]
    deep = max(0.5, deepest_of(np.array([row["q"] for row in status["arms"]])))
    return [_q_cell(row, suits is None or arm in suits, deep)
            for row, arm in zip(found, arms, strict=True)]  # fmt: skip


def _q_cell(row: Mapping[str, Any] | None, suits: bool, deep: float) -> Cell:
    if row is None:
        return Cell(UNTRIED, title="not tried") if suits else Cell(UNSUITED, title="does not suit this regime")
    text, is_best = number(row["q"], 2, signed=True), row["is_best"]
    return Cell(
        f"{STAR} {text}" if is_best else text, tone=signed_tone(row["q"]), note=f"{row['trades']:,}",
        strength=strength(row["q"], deep) if row["trades"] >= FEW_TRADES else strength(row["q"], deep) // 3,
        title="the best so far" if is_best else "" if row["trades"] >= FEW_TRADES else "too few trades to go by",
    )  # fmt: skip
