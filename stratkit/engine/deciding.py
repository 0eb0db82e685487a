"""`play_stretch`: the bars in which the decisions of a stretch act, asked for and played in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from stratkit.combine.blend import Blending, blend_rows, leave_on, stand_on
from stratkit.controls import Controls
from stratkit.engine.run import Progress, peeked, steer
from stratkit.engine.simulate import Stage
from stratkit.engine.snapshot import snapshot
from stratkit.engine.standing import Standing
from stratkit.plans import ExitPlan
from stratkit.strategies.desk import Desk


class Ahead(NamedTuple):
    """What is done with rows [start, stop) before they are combined and after they are filled, and with new plans."""

    before_blend: Callable[[int, int], None]
    after_fill: Callable[[int, int], None]
    learn: Callable[[int, Sequence[ExitPlan]], None]


def play_stretch(
    stage: Stage, desk: Desk, blending: Blending | None, start: int, stop: int, controls: Controls, next_open: bool,
    leaves: bool, progress: Progress | None, standing: Standing | None = None, ahead: Ahead | None = None,
) -> None:  # fmt: skip
    """Play the bars in which the decisions of bars [start, stop) act, under the controls of that stretch.

    A row acts in the next bar, or at its own close (`next_open` false). The last bar also needs its own row, whose
    intents expire. With `leaves` the last of the rows asks to leave every position, whatever was said. With `standing`
    the first of them asks for what that holds, where nothing else was said. `ahead` changes rows on their way.
    """
    bars, later = len(stage.bars.times), int(next_open)
    until = bars if stop == bars else min(stop + later, bars - 1)
    if start + later < bars:
        steer(stage.playing, controls)

    def decide(first: int, last: int) -> None:
        if ahead is not None:
            ahead.before_blend(first, last)
        if blending is not None:
            blend_rows(blending, first, last, controls.weight, controls.enabled)
        stage.sheet.fill(first, last, controls.multiplier)
        if ahead is not None:
            ahead.after_fill(first, last)
        if standing is not None and first == start:
            if blending is not None:
                stand_on(blending, first, standing.side, standing.weight, standing.strategy)
            stage.sheet.stand_on(first, standing.side, standing.weight)
        if leaves and last == stop:
            if blending is not None:
                leave_on(blending, last - 1)
            stage.sheet.leave_on(last - 1)

    if not desk.needs_state:
        decide(start, stop)
        stage.play_to(until, progress)
        return
    for bar in range(start, stop):
        looks_ahead = not next_open or bar == bars - 1
        if not looks_ahead:
            stage.play_to(bar + 1, progress)
        book = peeked(stage.playing) if looks_ahead else stage.playing.book
        seen = partial(snapshot, book, stage.bars.symbols, stage.strategies)
        # with books of their own, strategies know nothing of each other's positions
        learn = stage.sheet.table.learn if ahead is None else ahead.learn
        desk.ask(bar, seen if stage.sheet.lead is None else partial(_whole, seen), learn)
        decide(bar, bar + 1)
        if looks_ahead:
            stage.play_to(bar + 1, progress)
    stage.play_to(until, progress)


def _whole(seen: Callable[[int | None], Mapping[str, Any]], _strategy: int) -> Mapping[str, Any]:
    return seen(None)
