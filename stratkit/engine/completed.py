"""`completed`: a result with what the strategies said, how much it counted, and in which state of the market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stratkit.combine.blend import Blending, proposal_counts
from stratkit.combine.opinions import contribution_at, opinions_at
from stratkit.engine.result import BacktestResult
from stratkit.panel import FloatArray
from stratkit.regimes.labels import RegimeLabels
from stratkit.strategies.faults import Fault
from stratkit.strategies.signals import Signals


def completed(
    result: BacktestResult, told: Mapping[str, Any], signals: Sequence[Signals], faults: tuple[Fault, ...],
    blending: Blending | None, weights: FloatArray, *, regimes: RegimeLabels | None = None,
) -> BacktestResult:  # fmt: skip
    """Return a result with what the strategies said, how much it counted (T, S), the `regimes`, and what is `told`."""
    named = result.decisions[result.decisions["slot"] >= 0]
    combined = None if blending is None else blending.result
    remarked = any(one.remarks for one in signals)
    columns, held = result.slot_symbol[named["slot"]], result.slot_symbol[result.trades["slot"]]
    return replace(
        result,
        provenance={**result.provenance, **told},
        faults=faults,
        proposals={} if blending is None else proposal_counts(blending),
        opinions=opinions_at(signals, combined, named["bar"], columns, weights)
        if combined is not None or remarked
        else None,
        contribution=contribution_at(combined, result.trades["decision_bar"], held),
        regimes=regimes,
    )
