"""`MethodComparison`: several ways to label one series side by side, and how far they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np

from stratkit.analytics.regime_agreement import Agreement, agreement
from stratkit.analytics.regime_facts import RegimeFacts
from stratkit.errors import StratkitError
from stratkit.regimes.described import DESCRIBED
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeMethod
from stratkit.research.regime_study import RegimeStudy, ShownMethod, Told, facts_of, labels_by

METHODS: Final[tuple[ShownMethod, ...]] = (*get_args(RegimeMethod), *DESCRIBED)


@dataclass(frozen=True)
class ComparedMethod:
    """One way to label; `facts` and `labels` are None, and `reason` says why, where it could not be done."""

    method: ShownMethod
    causal: bool
    labels: RegimeLabels | None = None
    facts: RegimeFacts | None = None
    reason: str = ""

    @property
    def mean_bars(self) -> float:
        """Mean length of an episode of any regime."""
        if self.facts is None:
            return math.nan
        return (self.facts.bars - self.facts.unlabelled) / max(1, self.episodes)

    @property
    def episodes(self) -> int:
        """Episodes of all regimes."""
        return 0 if self.facts is None else sum(row.episodes for row in self.facts.rows)


@dataclass(frozen=True)
class MethodComparison:
    """M methods on one series, the first the one that was asked for; `agreements` (M, M) of each with each.

    None where one of both could not be done.
    """

    series: str
    methods: tuple[ComparedMethod, ...]
    agreements: tuple[tuple[Agreement | None, ...], ...]

    @property
    def made(self) -> tuple[ComparedMethod, ...]:
        """Those that could be done."""
        return tuple(one for one in self.methods if one.facts is not None)

    def between(self, first: ShownMethod, second: ShownMethod) -> Agreement | None:
        """Return how far two methods agree."""
        names = [one.method for one in self.methods]
        return self.agreements[names.index(first)][names.index(second)]


def compare_methods(
    study: RegimeStudy, methods: Sequence[ShownMethod] = METHODS, told: Told | None = None
) -> MethodComparison:
    """Label the first series of a study by each method, its own first, and return how far they agree."""
    first = study.series[0]
    others = [method for method in methods if method != study.method]
    found = [ComparedMethod(study.method, study.labels.causal, study.labels, first.facts)]
    columns = [study.labels.label[:, first.column].astype(np.int64)]
    for count, method in enumerate(others):
        if told is not None:
            told(count, len(others), method)
        one = _made(study, method)
        found.append(one)
        columns.append(np.full(len(study.times), -1) if one.labels is None else one.labels.label[:, 0].astype(np.int64))

    def pair(at: int, other: int) -> Agreement | None:
        if found[at].labels is None or found[other].labels is None:
            return None
        return agreement(columns[at], columns[other], first.returns)

    places = range(len(found))
    return MethodComparison(
        first.name, tuple(found), tuple(tuple(pair(at, other) for other in places) for at in places)
    )


def _made(study: RegimeStudy, method: ShownMethod) -> ComparedMethod:
    first = study.series[0]
    alone = study.bars.select((first.name,))
    causal = method not in DESCRIBED
    try:
        labels = labels_by(method, study.settings, alone, study.seed)
    except StratkitError as error:  # an extra that is missing must not take the others away
        return ComparedMethod(method, causal, reason=str(error))
    if not (labels.label >= 0).any():
        return ComparedMethod(method, causal, reason="too few bars for a label")
    facts = facts_of(
        first.name, labels, 0, alone.close, first.returns[:, None], study.bars_per_year, study.risk_free_ann
    )
    return ComparedMethod(method, labels.causal, labels, facts)
