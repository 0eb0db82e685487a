"""`ended_result`: the result of a replay with how what adapts ended, and what was kept from the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from stratkit.adaptive.closed import profiles_of, regimes_at
from stratkit.adaptive.heard import with_kept
from stratkit.adaptive.layer import Layer
from stratkit.adaptive.opening import learned_record
from stratkit.adaptive.status import status_of
from stratkit.engine.adapted import Adapted
from stratkit.engine.layout import TRADE_DTYPE, Records
from stratkit.engine.result import BacktestResult
from stratkit.engine.tables import Labels
from stratkit.panel import IntArray, format_time, read_only


def ended_result(layer: Layer, result: BacktestResult) -> BacktestResult:
    """Return the result of the account of a layer, all bars of which are played, with what the layer adds to it."""
    terms = layer.terms
    trades, slot_symbol = _shadow_trades(layer)
    kept = [] if layer.heard is None else layer.heard.kept
    decisions = with_kept(result.decisions, kept, result.slot_symbol, len(result.strategies))
    profile = None
    if layer.chooses_plans:
        chosen = profiles_of(result.trades, layer.account, len(terms.arms))
        profile = Labels(chosen, (*terms.arms, ""))
    regime = regimes_at(layer.label, trades["decision_bar"], slot_symbol[trades["slot"]])
    state = learned_record(terms, layer.adaptation, result.times)
    adapted = Adapted(
        _status(layer, result, trades), state, layer.fault, trades, slot_symbol, regime, profile, layer.updates,
        layer.update_seconds,
    )  # fmt: skip
    counts = {**result.counts, "decisions": len(decisions)}
    return replace(result, decisions=read_only(decisions), counts=counts, adapted=adapted)


def _shadow_trades(layer: Layer) -> tuple[Records, IntArray]:
    shadow = layer.shadow
    if shadow is None or layer.heard is None or not layer.heard.is_shadowing or layer.fault:
        return np.zeros(0, TRADE_DTYPE).view(np.recarray), layer.account.sheet.targets.slot_symbol
    shadow.play_to(len(shadow.bars.times))
    return shadow.result().trades, shadow.sheet.targets.slot_symbol


def _status(layer: Layer, result: BacktestResult, shadow_trades: Records) -> Mapping[str, Any]:
    open_trades = int((result.trades["exit_bar"] < 0).sum())
    adaptation = layer.adaptation
    return {
        "fault": layer.fault or None,
        **asdict(status_of(layer.terms, adaptation, open_trades)),
        "shadow_trades": len(shadow_trades),
        "updates_every_bars": layer.terms.update_bars,
        "weight_changes": [[change.bar, list(change.weights)] for change in adaptation.weight_changes],
        "health_changes": [
            {**asdict(change), "time": _time(change.bar - layer.bars_before, result.times)}
            for change in adaptation.health_changes
        ],
        "regimes": list(layer.terms.regimes),
        "learned_bars": adaptation.bars_seen,
        "bars_before": layer.bars_before,
        "first_weights": list(layer.first_weights),
    }


def _time(bar: int, times: IntArray) -> str | None:
    """Return when a bar of the run was, None for one of an earlier run."""
    return format_time(int(times[bar])) if bar >= 0 else None
