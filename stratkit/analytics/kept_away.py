"""`KeptAway`: what was refused for each reason, what it earned in the shadow book, and whether refusing it helped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stratkit.analytics.earned import FEWEST, REACH, ClosedTrades, Earned
from stratkit.panel import IntArray

CANNOT_TELL: Final = "cannot tell"


@dataclass(frozen=True)
class KeptAway:
    """Entries that were `refused` for a reason, as rows of the decision log, and the shadow trades they led to.

    An entry that goes on being wanted is one row, but may lead to several trades, or to none while another one is on.
    `difference` is the mean of the account's trades minus that of `earned`, `error` its standard error; in R where all
    trades of both have one (`in_r`), else in P&L over the value at entry. `verdict` is "helped" or "hurt" where the
    difference lies more than 1.96 errors from 0 and either side has 20 trades, else "cannot tell".
    """

    reason: str
    refused: int
    earned: Earned
    difference: float
    error: float
    in_r: bool
    verdict: str


def kept_away(
    reasons: Sequence[str], refused: Sequence[int], code: IntArray, shadow: ClosedTrades, taken: Earned
) -> list[KeptAway]:
    """Return a row for each of the `reasons` for which something was refused; `code` (M,) tells a shadow trade's.

    `taken` is what the account's trades earned.
    """
    return [
        _row(reason, count, shadow.earned(code == at), taken)
        for at, (reason, count) in enumerate(zip(reasons, refused, strict=True))
        if count or (code == at).any()
    ]


def _row(reason: str, refused: int, earned: Earned, taken: Earned) -> KeptAway:
    in_r = earned.with_r == earned.trades and taken.with_r == taken.trades
    pairs = [(one.mean_r, one.r_error) if in_r else (one.mean_return, one.return_error) for one in (taken, earned)]
    difference = pairs[0][0] - pairs[1][0]
    error = math.hypot(pairs[0][1], pairs[1][1])
    tells = min(earned.trades, taken.trades) >= FEWEST and abs(difference) > REACH * error
    verdict = ("helped" if difference > 0 else "hurt") if tells else CANNOT_TELL
    return KeptAway(reason, refused, earned, difference, error, in_r, verdict)
