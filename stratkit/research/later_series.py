"""`without_later`, `with_other_later`: a source whose external series end, or go on otherwise, after a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

import numpy as np

from stratkit.data.series import ExternalSeries
from stratkit.panel import NS_PER_DAY
from stratkit.research.dated import OtherRows
from stratkit.research.outputs import CausalSource

_SHIFT_NS: Final = 40 * NS_PER_DAY  # by how much later rows are moved at most
_SCALES: Final = (10.0, 0.1)


@runtime_checkable
class ReadsSeries(Protocol):
    """A causal source that reads external series, which a proof may exchange."""

    @property
    def series(self) -> Mapping[str, ExternalSeries]:
        """The series by name."""

    def with_series(self, series: Mapping[str, ExternalSeries], later: OtherRows | None = None) -> CausalSource:
        """Return the same source that reads other series, and `later` rows of their files when it reads them itself."""


def without_later(source: CausalSource, until_ns: int) -> CausalSource:
    """Return `source` without the rows of its series that become known after `until_ns`."""
    if not isinstance(source, ReadsSeries) or not source.series:
        return source
    return source.with_series({name: one.rows(one.known <= until_ns) for name, one in source.series.items()})


def with_other_later(source: CausalSource, until_ns: int, draw: np.random.Generator) -> CausalSource:
    """Return `source` with other rows in the place of those that become known after `until_ns`.

    Later values come in another order, and ten times as large or as small; they are about other times and known at
    other ones, the first of them a nanosecond after `until_ns`. Where the source reads a file of a series itself, the
    rows that were not known yet are as much larger or smaller.
    """
    if not isinstance(source, ReadsSeries) or not source.series:
        return source
    scale = _SCALES[int(draw.integers(0, len(_SCALES)))]
    changed = {name: _with_other_rows(one, until_ns, scale, draw) for name, one in source.series.items()}
    return source.with_series(changed, OtherRows(until_ns, scale))


def _with_other_rows(series: ExternalSeries, until_ns: int, scale: float, draw: np.random.Generator) -> ExternalSeries:
    later = np.flatnonzero(series.known > until_ns)
    if not len(later):
        return series
    times, known, values = series.times.copy(), series.known.copy(), series.values.copy()
    values[later] = scale * draw.permutation(values[later]) + draw.standard_normal(len(later))
    times[later] += draw.integers(0, _SHIFT_NS, len(later))
    known[later] += draw.integers(0, _SHIFT_NS, len(later))
    known[later[0]] = until_ns + 1
    return replace(series, times=times, known=known, values=values)
