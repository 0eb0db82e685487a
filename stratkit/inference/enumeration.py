"""Every order, every resample: tables of rows, (cases, length), for samples so small that none needs to be drawn."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import IntArray

LIMIT: Final = 50_000  # cases; more are told apart from random draws by nobody
ORDERED: Final = 7  # values whose n! orders are enumerated: 5,040
RESAMPLED: Final = 5  # values whose n^n resamples are: 3,125


def all_orders(n: int) -> IntArray:
    """Return (n!, n) every order of `n` values.

    >>> all_orders(3).tolist()
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    """
    if n < 1 or math.factorial(n) > LIMIT:
        raise UsageError(f"the orders of 1 to 8 values can be enumerated; found {n}: draw them")
    return np.array(list(permutations(range(n))), dtype=np.int64)


def all_block_resamples(n: int, length: int, block: int = 1) -> IntArray:
    """Return (n^blocks, length) every circular block resample of `n` values; blocks of 1 are drawn with replacement.

    >>> all_block_resamples(2, 2).tolist(), all_block_resamples(3, 4, 3)[1].tolist()
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 2, 1])
    """
    blocks = -(-length // block)
    if block_cases(n, length, block) > LIMIT:
        raise UsageError(
            f"at most {LIMIT:,} resamples can be enumerated; {n} values in {blocks} blocks have {n}^{blocks}: draw them"
        )
    place = np.arange(n**blocks)
    starts = np.stack([place // n ** (blocks - 1 - one) % n for one in range(blocks)], axis=1)
    rows = (starts[:, :, None] + np.arange(block)) % n
    return np.ascontiguousarray(rows.reshape(len(place), blocks * block)[:, :length])


def block_cases(n: int, length: int, block: int = 1) -> float:
    """Return how many circular block resamples there are, infinity when no number holds it.

    >>> block_cases(5, 5), block_cases(10, 5000)
    (3125.0, inf)
    """
    try:
        return float(n) ** -(-length // block)
    except OverflowError:
        return math.inf
