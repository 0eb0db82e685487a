"""`AdaptiveRun`: a whole replay in which something adapts as a causal source, proved like a strategy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stratkit.adaptive.layer import Layer
from stratkit.backtest import RunConfig, Through, play_through, prepare
from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import RunError
from stratkit.panel import FloatArray
from stratkit.research.outputs import Outputs, Panel

_ASKED = ("side", "weight", "size", "plan", "confidence", "risk_unit")  # of targets: what decisions on a bar ask for


@dataclass(frozen=True)
class AdaptiveRun:
    """What a run that adapts decides at the close of each bar, and by which weights and switches, as outputs.

    What is asked of the account and shown to the shadow book hangs on quality, health, choices and sizes; these again
    on every trade that closed before. `symbols` are the columns of all bars: a part of them is filled up with columns
    without bars, for chance belongs to a slot. Nothing is learned from an earlier run.
    """

    config: RunConfig
    symbols: tuple[str, ...] = ()
    name: str = "the whole run"

    @property
    def code(self) -> object:
        """Nothing to scan: strategies are scanned on their own."""
        return None

    def outputs(self, bars: Bars) -> Outputs:
        """Replay `bars`; raise `StratkitError` when that, or what adapts, fails."""
        whole = _with_columns(bars, self.symbols or bars.symbols)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the run itself says them
            inputs = replace(prepare(self.config, whole), learned=None)
            through = play_through(self.config, inputs)
        layer = through.layer
        if layer is None or layer.fault:
            raise RunError(f"what adapts must run to be proved; found {'nothing' if layer is None else layer.fault}")
        rows = len(whole.times)
        panels = {name: _from_the_end(panel, rows) for name, panel in _panels(self.config, through, layer)}
        return Outputs(panels, whole.symbols)

    def fresh(self, known_until_ns: int | None = None) -> AdaptiveRun:
        """Return itself: every replay begins with nothing learned."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


def _panels(config: RunConfig, through: Through, layer: Layer) -> Iterator[tuple[str, Panel]]:
    stage, names = through.stage, list(config.enabled())
    bars, symbols = stage.bars.shape
    for name in _ASKED:
        asked = getattr(stage.sheet.targets, name)
        if len(asked):  # (T, slots), strategy by strategy
            yield f"asked {name}", asked.reshape(bars, -1, symbols).transpose(0, 2, 1)
    if layer.noted.quality is not None:
        yield "quality", layer.noted.quality
    for place, strategy in enumerate(names):
        if layer.heard is not None:
            yield f"heard of {strategy}", layer.heard.panels[place]
            yield f"shadow of {strategy}", layer.heard.shadow[place]
    starts = np.array([start for start, _ in layer.held])
    at = np.searchsorted(starts, np.arange(bars), side="right") - 1
    for field in ("enabled", "weight", "multiplier"):
        held = np.array([getattr(controls, field) for _, controls in layer.held])[at]
        for place, strategy in enumerate(names):
            yield f"{field} of {strategy}", held[:, place]


def _from_the_end(panel: Panel, rows: int) -> FloatArray:
    """Return a panel of the last bars as one of all, NaN before the first that trades."""
    found = np.full((rows, *panel.shape[1:]), np.nan)
    found[rows - len(panel) :] = panel
    return found


def _with_columns(bars: Bars, symbols: tuple[str, ...]) -> Bars:
    if bars.symbols == symbols:
        return bars
    panels: dict[str, Any] = {name: np.full((len(bars.times), len(symbols)), np.nan) for name in FIELDS}
    for column, symbol in enumerate(symbols):
        if symbol in bars.symbols:
            for name, panel in panels.items():
                panel[:, column] = getattr(bars, name)[:, bars.symbols.index(symbol)]
    return replace(bars, symbols=symbols, **panels)
