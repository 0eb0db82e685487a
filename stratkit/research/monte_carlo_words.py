"""`WORDS`: the title of each procedure, what it tests and what not, and what it draws anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stratkit.research.monte_carlo_record import Procedure, ProcedureName


@dataclass(frozen=True)
class Words:
    """`tests` stands above the table of a procedure, `not_answered` is the question that it leaves open."""

    title: str
    tests: str
    varies: str
    not_answered: str


_BLOCKS: Final = "which blocks of returns come, how often, in which order"
WORDS: Final[dict[ProcedureName, Words]] = {
    "trade_shuffle": Words(
        "Trade shuffle",
        "tests path risk, not edge: how deep a drawdown the same trades could have made in another order",
        "the order of the closed trades; what they earn together stays the same",
        "whether the trades have an edge",
    ),
    "trade_resample": Words(
        "Trade resampling",
        "tests path risk, not edge: what could have come of as many trades like these",
        "which of the closed trades come, how often, in which order",
        "whether the trades have an edge, or trades to come will be like them",
    ),
    "returns_bootstrap": Words(
        "Block bootstrap of returns",
        "tests how exactly each figure is known from so many returns",
        _BLOCKS,
        "from how many trials the run was picked: no interval knows that",
    ),
    "drawdowns": Words(
        "Drawdowns",
        "tests path risk, not edge: how deep and how long drawdowns of such returns get",
        _BLOCKS,
        "whether there is an edge, or returns to come will be like these",
    ),
    "ruin": Words(
        "Risk of ruin",
        "tests path risk, not edge: how often so much of the account is lost within as many returns",
        _BLOCKS,
        "a loss that is larger than any in these returns",
    ),
    "cone": Words(
        "Confidence cone",
        "tests whether the account went on after the split as its returns before it had promised, not edge",
        "which blocks of the returns before the split come after it",
        "how far off the returns before the split are themselves: cones take them for the truth, and are too narrow",
    ),
    "random_entries": Words(
        "Random entries",
        "tests the edge of the entries over random ones with the same sides, sizes, holding times and costs",
        "when each trade begins, in the time in which its strategy could trade",
        "whether exits have an edge and costs are realistic, and how many rules were tried",
    ),
    "bar_permutation": Words(
        "Bar permutation",
        "tests edge: whether the rule earns more on the market than on the same bars in random order",
        "the order of the bars, the same for all symbols; their trend stays",
        "how many rules were tried; and short memory of prices is destroyed, whether a rule lives on it or not",
    ),
    "parameter_jitter": Words(
        "Parameter jitter",
        "tests whether the parameters stand on a plateau or on a spike, not edge",
        "every numeric parameter, by up to 5% of its range",
        "whether there is an edge: noise has plateaus too",
    ),
    "cost_stress": Words(
        "Cost and slippage stress",
        "tests how much dearer trading may get before nothing is left, not edge",
        "nothing is drawn: the run is replayed at other costs",
        "whether orders of that size would be filled at all",
    ),
}
REOPTIMIZED: Final = Words(
    "Bar permutation with the search inside",
    "tests edge and picking together: whether the search finds more on the market than on its bars in random order",
    "the order of the bars, the same for all symbols; the search is made anew on each",
    "other searches that were made before; and short memory of prices is destroyed",
)


def unmade(name: ProcedureName, reason: str) -> Procedure:
    """Return a procedure that could not be made, and why."""
    words = WORDS[name]
    return Procedure(
        name, words.title, words.tests, words.varies, 0, False, (), reason=reason, not_answered=words.not_answered
    )
