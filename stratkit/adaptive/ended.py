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
from stratkit.adaptive.tables import learned_tables
from stratkit.combine.sieve import FATES
from stratkit.engine.adapted import Adapted, Marks
from stratkit.engine.layout import TRADE_DTYPE, Records
from stratkit.engine.result import BacktestResult
from stratkit.engine.simulate import Stage
from stratkit.engine.tables import Labels
from stratkit.panel import IntArray, read_only


def ended_result(layer: Layer, result: BacktestResult) -> BacktestResult:
    """Return the result of the account of a layer, all bars of which are played, with what the layer adds to it."""
    trades, slot_symbol, shadow = _shadow_trades(layer)
    kept = [] if layer.heard is None else layer.heard.kept
    decisions = with_kept(result.decisions, kept, result.slot_symbol, len(result.strategies))
    regime = regimes_at(layer.label, trades["decision_bar"], slot_symbol[trades["slot"]])
    adapted = Adapted(
        _status(layer, result, trades), learned_record(layer.terms, layer.adaptation, result.times), layer.fault,
        trades, slot_symbol, regime, _marks(layer, result.trades, layer.account),
        Marks() if shadow is None else _marks(layer, trades, shadow, of_shadow=True), layer.updates,
        layer.update_seconds,
    )  # fmt: skip
    counts = {**result.counts, "decisions": len(decisions)}
    return replace(result, decisions=read_only(decisions), counts=counts, adapted=adapted)


def _shadow_trades(layer: Layer) -> tuple[Records, IntArray, Stage | None]:
    shadow = layer.shadow
    if shadow is None or layer.heard is None or not layer.heard.is_shadowing or layer.fault:
        return np.zeros(0, TRADE_DTYPE).view(np.recarray), layer.account.sheet.targets.slot_symbol, None
    shadow.play_to(len(shadow.bars.times))
    return shadow.result().trades, shadow.sheet.targets.slot_symbol, shadow


def _marks(layer: Layer, trades: Records, stage: Stage, *, of_shadow: bool = False) -> Marks:
    slot, bar = np.array(trades["slot"], np.int64), np.array(trades["decision_bar"], np.int64)
    symbol = stage.sheet.targets.slot_symbol[slot]
    noted, arms = layer.noted, layer.terms.arms
    profile = explored = None
    if layer.chooses_plans:
        profile = Labels(profiles_of(trades, stage, len(arms)), (*arms, ""))
        first = len(layer.account.sheet.targets.slot_symbol) if of_shadow else 0
        explored = noted.explored_of(bar, first + slot)
    elif layer.terms.chooses_strategies and not of_shadow:
        explored = noted.explored_of(bar, symbol)
    kept = Labels(noted.fate_of(trades, symbol), FATES) if of_shadow else None
    return Marks(profile, noted.quality_of(trades, symbol), explored, kept)


def _status(layer: Layer, result: BacktestResult, shadow_trades: Records) -> Mapping[str, Any]:
    open_trades = int((result.trades["exit_bar"] < 0).sum())
    adaptation = layer.adaptation
    return {
        "fault": layer.fault or None,
        **asdict(status_of(layer.terms, adaptation, open_trades)),
        "shadow_trades": len(shadow_trades),
        "updates_every_bars": layer.terms.update_bars,
        "weight_changes": [[change.bar, list(change.weights)] for change in adaptation.weight_changes],
        "health_changes": [asdict(change) for change in adaptation.health_changes],
        "regimes": list(layer.terms.regimes),
        "learned_bars": adaptation.bars_seen,
        **learned_tables(layer),
    }
