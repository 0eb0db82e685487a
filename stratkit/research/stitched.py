"""`stitched`: one account that lives on under one configuration after the other, as one result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from stratkit.backtest import (
    Inputs,
    RunConfig,
    blend_for,
    open_stage,
    play_rows,
    play_through,
    prepare,
    voice_weights,
)
from stratkit.combine.blend import Blending, going_on
from stratkit.data.bars import Bars
from stratkit.data.history import history_bars
from stratkit.engine.completed import completed
from stratkit.engine.handover import take_over
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import Progress
from stratkit.engine.simulate import Stage
from stratkit.engine.standing import Standing, standing_of
from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.regimes.joined import joined_labels
from stratkit.regimes.labels import RegimeLabels
from stratkit.strategies.desk import Desk
from stratkit.strategies.faults import Fault
from stratkit.strategies.signals import Signals

OnSwitch = Literal["adopt", "keep", "close"]
_PANELS: Final = {"side": 0, "weight": np.nan, "confidence": 1.0}  # what opinions are made of, and its default


@dataclass(frozen=True)
class Reign:
    """The bars [start, stop) whose decisions are those of `config`, counted from the first that trades."""

    config: RunConfig
    start: int
    stop: int


def stitched(
    reigns: Sequence[Reign], bars: Bars, on_switch: OnSwitch = "keep", progress: Progress | None = None
) -> BacktestResult:
    """Replay one account through `reigns`, which follow each other without a gap and end with the bars.

    What a bar decides is decided under the configuration of its reign, and is charged, filled and sized under it, also
    when it fills in the first bar of the next one. Positions, cash and waiting orders go on; a position keeps the exit
    plan that it was opened with. With ``adopt`` the first bar of every reign asks for what its configuration would hold
    by then, had it traded since the first bar of all: where it says nothing itself, it goes long, short or out as that
    stands. With ``close`` the last bar of every reign but the last decides to leave everything,
    which happens at the next open, at its costs. All configurations share ``data``. Where all are the same and
    positions are kept, the result is that of one plain run, bit for bit. Raises `UsageError` where configurations
    cannot follow each other in one account.
    """
    _check_order(reigns)
    before: _Played | None = None
    said: list[_Said] = []
    for number, reign in enumerate(reigns):
        leaves = on_switch == "close" and number < len(reigns) - 1
        standing = standing_at(reign, bars) if on_switch == "adopt" else None
        before = _play(reign, prepare(reign.config, bars), before, on_switch != "close", leaves, standing, progress)
        said.append(_said(before, reign))
    assert before is not None  # there is at least one reign
    if before.stage.playing.bar < len(before.stage.bars.times):
        raise UsageError("the last reign must end with the bars: cut the bars there")
    weights = np.concatenate([part.weights for part in said])
    faults = tuple(fault for part in said for fault in part.faults)
    joined = [_joined([part.signals[place] for part in said]) for place in range(len(said[0].signals))]
    return completed(
        before.stage.result(), said[0].told, joined, faults, before.blending, weights, regimes=_regimes(said, reigns)
    )


def standing_at(reign: Reign, bars: Bars) -> Standing:
    """Return what a configuration would hold at the close of the first bar of its reign, history traded as well."""
    config = reign.config
    alone = config.model_copy(update={"data": config.data.model_copy(update={"trade_start": None})})
    seen = bars.slice(0, history_bars(config.data, bars) + reign.start + 1)
    stage = play_through(alone, prepare(alone, seen)).stage
    return standing_of(stage)


@dataclass(frozen=True)
class _Played:
    """A reign that was played."""

    stage: Stage
    desk: Desk
    blending: Blending | None
    told: Mapping[str, Any]
    regimes: RegimeLabels | None


@dataclass(frozen=True)
class _Said:
    """What is kept of what the strategies said in a reign."""

    signals: tuple[Signals, ...]
    weights: FloatArray
    faults: tuple[Fault, ...]
    told: Mapping[str, Any]
    regimes: RegimeLabels | None


def _regimes(said: Sequence[_Said], reigns: Sequence[Reign]) -> RegimeLabels | None:
    """Return the labels of each reign on its own bars; None where some reign makes none."""
    parts = [(part.regimes, reign.start, reign.stop) for part, reign in zip(said, reigns, strict=True)]
    known = [(labels, start, stop) for labels, start, stop in parts if labels is not None]
    return joined_labels(known) if len(known) == len(parts) else None


def _play(
    reign: Reign, inputs: Inputs, before: _Played | None, keeps: bool, leaves: bool, standing: Standing | None,
    progress: Progress | None,
) -> _Played:  # fmt: skip
    config, desk = reign.config, inputs.desk.fresh()
    blending = blend_for(config, desk.signals)
    if before is not None:
        if (blending is None) != (before.blending is None):
            raise UsageError(
                "opinions must be combined to the end, or never; found both: do not search what changes it"
            )
        if blending is not None and before.blending is not None:
            blending = going_on(blending, before.blending, remembers=keeps)
    stage = open_stage(config, inputs, desk.signals, blending, owns_panels=True)
    if before is not None:
        take_over(stage, before.stage, reign.start, leaves=not keeps)
    play_rows(
        config, stage, desk, blending, reign.start, reign.stop, leaves=leaves, progress=progress, standing=standing
    )
    told: dict[str, Any] = {"seed": config.seed, "warmup_bars": max(one.warmup_bars for one in desk.signals)}
    told |= {"series_digests": dict(inputs.series)} if inputs.series else {}
    return _Played(stage, desk, blending, told, inputs.regimes)


def _said(played: _Played, reign: Reign) -> _Said:
    return _Said(
        tuple(_rows(one, reign) for one in played.desk.signals),
        voice_weights(reign.config, played.stage.bars.times)[reign.start : reign.stop],
        tuple(_faults(played.desk, reign)),
        played.told,
        played.regimes,
    )


def _faults(desk: Desk, reign: Reign) -> Iterator[Fault]:
    for fault in desk.faults:
        if fault.bar < 0 or reign.start <= fault.bar < reign.stop:
            yield fault


def _rows(one: Signals, reign: Reign) -> Signals:
    """Return what a strategy said in a reign, as far as opinions are made of it."""
    rows = slice(reign.start, reign.stop)
    panels: dict[str, Any] = {name: np.array(panel[rows]) for name, panel in one.panels().items() if name in _PANELS}
    remarks = {cell: text for cell, text in one.remarks.items() if reign.start <= cell[0] < reign.stop}
    return Signals(one.strategy, **panels, remarks=remarks)


def _joined(parts: Sequence[Signals]) -> Signals:
    given = {name for part in parts for name in part.panels()}
    panels: dict[str, Any] = {name: np.concatenate([_panel(part, name) for part in parts]) for name in given}
    remarks = {cell: text for part in parts for cell, text in part.remarks.items()}
    return Signals(parts[0].strategy, **panels, remarks=remarks)


def _panel(part: Signals, name: str) -> npt.NDArray[Any]:
    panel: npt.NDArray[Any] | None = getattr(part, name)
    return np.full(part.shape, _PANELS[name]) if panel is None else panel


def check_steady(configs: Sequence[RunConfig]) -> None:
    """Raise `UsageError` where anything adapts on the way."""
    if any(config.adapts for config in configs):
        raise UsageError(
            "one account whose configuration changes cannot adapt as well: what it learned under one would be held "
            "against the next; found optimization or meta_strategy enabled: switch them off here"
        )


def _check_order(reigns: Sequence[Reign]) -> None:
    edges = [0, *(reign.stop for reign in reigns)]
    if not reigns or any(reign.start != edge or reign.stop <= edge for reign, edge in zip(reigns, edges)):
        raise UsageError("reigns must follow each other without a gap, from the first bar on")
    check_steady([reign.config for reign in reigns])
    if any(reign.config.data != reigns[0].config.data for reign in reigns):
        raise UsageError("all parts of one account must stand on the same bars; found other data settings")
