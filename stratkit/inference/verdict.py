"""`Verdict`: pass, caution or fail, by one printed rule and with the number behind each reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

Word = Literal["pass", "caution", "fail"]

DEFLATED_PASS: Final = 0.95
DEFLATED_FAIL: Final = 0.5
OVERFIT_PASS: Final = 0.3
OVERFIT_FAIL: Final = 0.5
SUPERIOR_PASS: Final = 0.05
RULE: Final = (
    f"pass: DSR > {DEFLATED_PASS:g}, PBO < {OVERFIT_PASS:g}, the out-of-sample Sharpe interval above 0, and SPA p < "
    f"{SUPERIOR_PASS:g}; fail: DSR < {DEFLATED_FAIL:g}, or PBO > {OVERFIT_FAIL:g}; else caution"
)


@dataclass(frozen=True)
class Verdict:
    """The word, and one sentence for every figure that speaks against a pass; for a pass, those that carry it."""

    word: Word
    reasons: tuple[str, ...]


def verdict(deflated: float, overfit: float, out_of_sample_low: float, superior_p: float) -> Verdict:
    """Return what four figures say of the best of many trials; NaN = not known, which is no pass.

    `deflated` is DSR, `overfit` PBO, `out_of_sample_low` the lower bound of the interval of the Sharpe ratio on bars
    that were not searched, `superior_p` the p value of the test for superior predictive ability.

    >>> verdict(0.97, 0.2, 0.1, 0.01).word, verdict(0.97, 0.6, 0.1, 0.01).word, verdict(0.97, 0.2, -0.1, 0.01).word
    ('pass', 'fail', 'caution')
    """
    failing = [
        *_said(deflated < DEFLATED_FAIL, f"DSR {deflated:.2f} is below {DEFLATED_FAIL:g}: luck alone does as well"),
        *_said(
            overfit > OVERFIT_FAIL,
            f"PBO {overfit:.2f} is above {OVERFIT_FAIL:g}: what is best in one half of the bars is below the median in "
            "the other",
        ),
    ]
    if failing:
        return Verdict("fail", tuple(failing))
    checks = (
        ("DSR", deflated, deflated > DEFLATED_PASS, f"above {DEFLATED_PASS:g}"),
        ("PBO", overfit, overfit < OVERFIT_PASS, f"below {OVERFIT_PASS:g}"),
        ("the lower bound of the out-of-sample Sharpe ratio", out_of_sample_low, out_of_sample_low > 0, "above 0"),
        ("SPA p", superior_p, superior_p < SUPERIOR_PASS, f"below {SUPERIOR_PASS:g}"),
    )
    against = [_sentence(name, value, wanted) for name, value, holds, wanted in checks if not holds]
    if against:
        return Verdict("caution", tuple(against))
    return Verdict("pass", tuple(f"{name} {value:.2g} is {wanted}" for name, value, _, wanted in checks))


def _said(holds: bool, sentence: str) -> list[str]:
    return [sentence] if holds else []


def _sentence(name: str, value: float, wanted: str) -> str:
    return f"{name} is not known" if math.isnan(value) else f"{name} {value:.2g} is not {wanted}"
