"""`WORDS`: the title of each procedure, what it tests and what not, and what it draws anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stratkit.research.monte_carlo_record import Procedure, ProcedureName


@dataclass(frozen=True)
class Words:
    """`tests` stands above the table of a procedure."""

    title: str
    tests: str
    varies: str


WORDS: Final[dict[ProcedureName, Words]] = {
    "trade_shuffle": Words(
        "Trade shuffle",
        "tests path risk, not edge: how deep a drawdown the same trades could have made in another order; what they "
        "earn together stays the same",
        "the order of the closed trades",
    ),
    "trade_resample": Words(
        "Trade resampling",
        "tests path risk, not edge: what could have come of as many trades like these; it takes for granted that "
        "trades to come are like them",
        "which of the closed trades come, how often, in which order",
    ),
    "returns_bootstrap": Words(
        "Block bootstrap of returns",
        "tests how exactly each figure is known from so many returns, not edge: no interval knows from how many "
        "trials the run was picked",
        "which blocks of returns come, how often, in which order",
    ),
    "drawdowns": Words(
        "Drawdowns",
        "tests path risk, not edge: how deep and how long drawdowns get when blocks of the same returns come in "
        "another order",
        "which blocks of returns come, how often, in which order",
    ),
    "ruin": Words(
        "Risk of ruin",
        "tests path risk, not edge: how often an account with such returns loses so much of what it began with, or "
        "falls so far from its peak, within as many returns",
        "which blocks of returns come, how often, in which order",
    ),
    "cone": Words(
        "Confidence cone",
        "tests whether the account went on as its returns up to the split had promised, not edge; the cone ignores "
        "that those returns are a sample too, so it is too narrow",
        "which blocks of the returns before the split come after it",
    ),
    "random_entries": Words(
        "Random entries",
        "tests edge of timing: whether the entries earn more than random ones with the same sides, sizes and holding "
        "times; it says nothing of exits and costs",
        "when each trade begins, in the time in which its strategy could trade",
    ),
    "bar_permutation": Words(
        "Bar permutation",
        "tests edge: whether the rule earns more on the market than on the same bars in random order, where there is "
        "nothing to find; it does not count how many rules were tried",
        "the order of the bars, the same for all symbols",
    ),
    "parameter_jitter": Words(
        "Parameter jitter",
        "tests whether the parameters stand on a plateau or on a spike, not edge",
        "every numeric parameter, by up to 5% of its range",
    ),
    "cost_stress": Words(
        "Cost and slippage stress",
        "tests how much dearer trading may get before nothing is left, not edge",
        "nothing is drawn: the run is replayed at other costs",
    ),
}
REOPTIMIZED: Final = Words(
    "Bar permutation with the search inside",
    "tests edge and picking together: whether the search finds more on the market than on the same bars in random "
    "order, where there is nothing to find",
    "the order of the bars, the same for all symbols; the search is made anew on each",
)


def unmade(name: ProcedureName, reason: str) -> Procedure:
    """Return a procedure that could not be made, and why."""
    words = WORDS[name]
    return Procedure(name, words.title, words.tests, words.varies, 0, False, (), reason=reason)
