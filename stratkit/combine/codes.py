"""The codes of a blend: methods, reasons for what a cell became, and verdicts on each strategy's opinion in it."""

from __future__ import annotations

from typing import Final, get_args

import numpy as np

from stratkit.combine.settings import Method


def _codes(count: int) -> tuple[np.int64, ...]:
    # np.int64, not int: numba compiles a callee once more for every literal int it is handed
    return tuple(np.int64(code) for code in range(count))


# ---- methods, and the average of target weights, which weighted_average becomes when all strategies give weights
METHODS: Final[tuple[str, ...]] = get_args(Method)
(
    HIGHEST_CONFIDENCE, WEIGHTED_AVERAGE, MAJORITY, CONSENSUS, PRIORITY, UNANIMOUS, INDEPENDENT, AVERAGED_WEIGHTS,
) = _codes(8)  # fmt: skip

# ---- why a cell became what it is
(
    NOBODY_SPOKE, ALONE, ALL_AGREED, WON, TIE, NO_MAJORITY, BELOW_THRESHOLD, TOO_FEW, NOT_UNANIMOUS, TOTAL_LIMIT,
) = _codes(10)  # fmt: skip
REASONS: Final = (
    "silent", "alone", "agreed", "won", "tie", "no_majority", "below_threshold", "too_few", "not_unanimous",
    "total_limit",
)  # fmt: skip

# ---- what became of one strategy's opinion
(
    SILENT, LEAD, AGREED, OUTVOTED, BELOW_FLOOR, OVER_STRATEGY_LIMIT, OVER_TOTAL_LIMIT, OFF_SCHEDULE, DISABLED,
    DEDUPLICATED,
) = _codes(10)  # fmt: skip
VERDICTS: Final = (
    "silent", "lead", "agreed", "outvoted", "below_floor", "over_strategy_limit", "over_total_limit", "off_schedule",
    "disabled", "deduplicated",
)  # fmt: skip
