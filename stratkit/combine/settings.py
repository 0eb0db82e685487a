"""`CombineSettings` and `GlobalSettings`: how opinions on one symbol become one, and limits over all strategies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stratkit.errors import UsageError

Method = Literal[
    "highest_confidence", "weighted_average", "majority", "consensus", "priority", "unanimous", "independent"
]


class CombineSettings(BaseModel):
    """How several opinions on a symbol become one, or stay apart in books of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method | None = Field(
        None,
        description="who wins when strategies disagree, or independent: every strategy trades a book of its own; "
        "none = highest_confidence, or independent when global.dedupe_by_symbol is false",
    )
    min_confidence: float = Field(
        0.0, ge=0, le=1, description="entries less confident than this are not heard [0 to 1]; exits always are"
    )
    threshold: float = Field(0.6, gt=0, le=1, description="share of the votes that consensus needs [0 to 1]")
    min_strategies: int = Field(
        2, ge=1, description="strategies that must want the same, for consensus and unanimous [count]"
    )


class GlobalSettings(BaseModel):
    """What holds over all strategies; the key `global` of a configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dedupe_by_symbol: bool = Field(
        True, description="whether all strategies share one position per symbol; false = combine.method independent"
    )
    max_total_proposals_per_cycle: int | None = Field(
        None, ge=1, description="new opinions to enter per bar, over all strategies; the most confident stay [count]"
    )
    on_error: Literal["fail", "skip"] = Field(
        "fail", description="what a strategy that raises does to the run: ends it, or is left out from then on"
    )
    time_limit_seconds: float | None = Field(
        None, gt=0, description="how long one call of a strategy may take [seconds]; none = no limit"
    )


def method_of(combine: CombineSettings, overall: GlobalSettings) -> Method:
    """Return the method to combine by; raise `UsageError` when the two settings contradict each other.

    >>> method_of(CombineSettings(), GlobalSettings(dedupe_by_symbol=False))
    'independent'
    """
    if combine.method is None:
        return "highest_confidence" if overall.dedupe_by_symbol else "independent"
    if not overall.dedupe_by_symbol and combine.method != "independent":
        raise UsageError(
            "with global.dedupe_by_symbol: false every strategy has a position of its own, so combine.method must be "
            f"independent; found {combine.method}: leave one of the two settings out"
        )
    return combine.method
