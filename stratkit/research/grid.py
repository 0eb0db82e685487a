"""`sweep_grid`: every set of values of some axes, evaluated in pieces, so that memory grows with the sets alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Final

from stratkit.research.evaluation import Evaluator
from stratkit.research.trials import Assignment, Evaluation
from stratkit.strategies.parameters import ParameterValue

_PIECE: Final = 4096  # sets whose outcomes are handed on together


def grid(axes: Mapping[str, Sequence[ParameterValue]]) -> Iterator[Assignment]:
    """Yield every set of values of the axes, by dotted key; the last axis varies fastest.

    >>> [list(one.values()) for one in grid({"a.fast": (5, 10), "a.slow": (20, 30)})]
    [[5, 20], [5, 30], [10, 20], [10, 30]]
    """
    for values in product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def sweep_grid(
    evaluator: Evaluator, axes: Mapping[str, Sequence[ParameterValue]]
) -> Iterator[tuple[Assignment, Evaluation]]:
    """Yield every set of values of the axes with what it came to.

    Neither the sets nor their bars are ever held at once: who keeps the outcomes has some kilobytes for each.
    """
    sets = grid(axes)
    while piece := list(islice(sets, _PIECE)):
        yield from zip(piece, evaluator.evaluate(piece), strict=True)
