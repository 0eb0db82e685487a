"""`adaptive_warnings`: what a reader must know of the sample before believing a judgement of what adapts."""

from __future__ import annotations

from collections.abc import Iterator

from stratkit.analytics.trades import FEW_TRADES
from stratkit.research.adaptive_arms import ALL
from stratkit.research.adaptive_judgement import AdaptiveJudgement
from stratkit.research.adaptive_words import nothing_to_judge


def adaptive_warnings(judgement: AdaptiveJudgement) -> Iterator[str]:
    """Yield the warnings: no trade at all, or less than a year, or few trades in the base or in the whole."""
    if judgement.is_idle:
        said = nothing_to_judge(judgement)
        yield said[:1].lower() + said[1:]
        return
    years = len(judgement.times) / judgement.question.periods_per_year
    if years < 1:
        yield f"the bars cover {years:.2f} years: yearly figures are extrapolated from less than one year"
    made = [(name, one.replays.figures["trades"]) for name, one in
            (("the base", judgement.base), (ALL, judgement.named(ALL))) if one is not None]  # fmt: skip
    few = [f"{trades:,.0f} in {name}" for name, trades in made if trades < FEW_TRADES]
    if few:
        yield f"only {' and '.join(few)}: trades below {FEW_TRADES} say little of a difference"
