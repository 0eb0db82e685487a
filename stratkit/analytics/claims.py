"""`ClaimCheck`: what is claimed of each exit profile against what its closed trades show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from stratkit.analytics.earned import FEWEST, ClosedTrades, Earned
from stratkit.inference.interval import Interval
from stratkit.inference.mean_ratio import ratio_of_means
from stratkit.panel import BoolArray, IntArray

Standing = Literal["below", "within", "above", ""]
TOO_FEW: Final = "too few trades to tell"


class Claim(NamedTuple):
    """A ratio of the mean win to the mean loss, and the share of trades that win."""

    reward_to_risk: float
    win_rate: float

    @property
    def mean_r(self) -> float:
        """The mean of a trade in R that follows, where a loss costs 1 R."""
        return self.win_rate * self.reward_to_risk - (1.0 - self.win_rate)


# what the public description of these profiles says of them
CLAIMS: Final[Mapping[str, Claim]] = {
    "defensive": Claim(1.8, 0.55), "moderate": Claim(2.3, 0.52), "moderate_aggressive": Claim(3.0, 0.50),
    "balanced_aggressive": Claim(4.5, 0.48), "ultra_aggressive": Claim(5.0, 0.45), "scalp": Claim(1.5, 0.60),
    "trend_rider": Claim(6.5, 0.40),
}  # fmt: skip
SELECTOR_MEAN_R: Final = 1.80
FIXED_MEAN_R: Final = 1.70  # of the default profile alone, beside which the selector's is claimed


@dataclass(frozen=True)
class ClaimCheck:
    """A profile's claim beside the account's closed trades with R, and those of the shadow book apart.

    `reward_to_risk` is mean R of the winners over mean R of the losers. `verdict` is "within" where both intervals
    hold what is claimed, "below the claim" where one lies below and none above, "above the claim" the other way round,
    "one below, one above", or "too few trades to tell" with fewer than 20 that have an R.
    """

    profile: str
    claim: Claim
    earned: Earned
    reward_to_risk: Interval
    reward_standing: Standing
    win_standing: Standing
    verdict: str
    shadow: Earned


@dataclass(frozen=True)
class SelectorCheck:
    """The claim of the selector, mean R of a trade, beside all of its trades in the account."""

    earned: Earned
    standing: Standing
    verdict: str


def check_claims(
    names: tuple[str, ...], code: IntArray, closed: ClosedTrades, shadow_code: IntArray, shadow: ClosedTrades
) -> list[ClaimCheck]:
    """Return a row for each of the profiles called `names` that has a claim; `code` (K,) tells that of each trade."""
    return [
        _check(name, closed, (code == at) & np.isfinite(closed.r), shadow, shadow_code == at)
        for at, name in enumerate(names)
        if name in CLAIMS
    ]


def check_selector(code: IntArray, closed: ClosedTrades) -> SelectorCheck:
    """Return how the mean R of all trades whose profile was chosen stands to +1.80 R."""
    earned = closed.earned((code >= 0) & np.isfinite(closed.r))
    standing = standing_of(earned.r_interval, SELECTOR_MEAN_R)
    enough = earned.with_r >= FEWEST and standing != ""
    return SelectorCheck(earned, standing, _word({standing}) if enough else TOO_FEW)


def standing_of(interval: Interval, claimed: float) -> Standing:
    """Return where an interval lies to what is claimed; empty where there is none.

    >>> standing_of(Interval(0.3, 0.2, 0.4, 0.95, ""), 0.5)
    'below'
    """
    if not interval.is_defined:
        return ""
    return "below" if interval.high < claimed else "above" if interval.low > claimed else "within"


def _check(
    name: str, closed: ClosedTrades, where: BoolArray, shadow: ClosedTrades, where_shadow: BoolArray
) -> ClaimCheck:
    claim, earned = CLAIMS[name], closed.earned(where)
    r, won = closed.r[where], closed.pnl[where] > 0
    ratio = ratio_of_means(r[won], -r[~won])
    standings = standing_of(ratio, claim.reward_to_risk), standing_of(earned.win_rate, claim.win_rate)
    tells = earned.with_r >= FEWEST and "" not in standings
    verdict = _word(set(standings)) if tells else TOO_FEW
    return ClaimCheck(name, claim, earned, ratio, *standings, verdict, shadow.earned(where_shadow))


def _word(standings: set[Standing]) -> str:
    if {"below", "above"} <= standings:
        return "one below, one above"
    return "below the claim" if "below" in standings else "above the claim" if "above" in standings else "within"
