"""What a run learned goes on in the next one as if it had never stopped; what does not belong is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adaptive_runs import FAST, SELECTOR, config, in_parts, inputs_of, same_records, script, walk

from stratkit.adaptive.ended import ended_result
from stratkit.adaptive.opening import learned_record
from stratkit.adaptive.record import from_record
from stratkit.adaptive.settings import state_file
from stratkit.backtest import Inputs, RunConfig, replay
from stratkit.data.bars import Bars
from stratkit.errors import DataError
from stratkit.panel import format_time
from stratkit.runs.adaptive_state import keep_state, read_state
from stratkit.strategies.signals import Signals

SPLIT = 100  # where both books are flat
UNITS = {"sizing": {"rule": "fixed_units", "units": 1.0}}  # a size that does not hang on what was won before


def _config(path: Path | None = None, start: int | None = None, bars: Bars | None = None, **more: Any) -> RunConfig:
    data = {} if start is None or bars is None else {"trade_start": format_time(int(bars.times[start]))}
    state = {} if path is None else {"state_path": str(path)}
    optimization = {**FAST, "cooldown": None, **state}
    blocks = {"optimization": optimization, "meta_strategy": SELECTOR, "risk": UNITS, **more}
    return config(data=data, **blocks)


def _going_on(given: RunConfig, bars: Bars, said: Sequence[Signals]) -> Inputs:
    """What a run reads that goes on from the state file that it names."""
    path = state_file(given.optimization, given.meta_strategy)
    return replace(inputs_of(given, bars, said), learned=None if path is None else read_state(path).learned)


def _flat_at_the_split(bars: Bars) -> tuple[Signals, ...]:
    said = []
    for one in script(bars):
        side = np.array(one.side)
        side[SPLIT - 3 : SPLIT] = 2
        said.append(replace(one, side=side))
    return tuple(said)


@pytest.mark.filterwarnings("ignore:signals need a quality")
@pytest.mark.parametrize("method", [None, "independent"])
def test_a_run_split_in_two_files_equals_the_unbroken_one(tmp_path: Path, method: str | None) -> None:
    bars, path = walk(200), tmp_path / "learned" / "state.json"
    said, combine = _flat_at_the_split(bars), {"method": method}
    unbroken = replay(_config(combine=combine), inputs_of(_config(combine=combine), bars, said))
    first = bars.slice(0, SPLIT)
    one = _config(path, combine=combine)
    head = replay(one, inputs_of(one, first, [replace(s, side=s.side[:SPLIT], confidence=s.confidence[:SPLIT])  # type: ignore[index]  # both are given
                                              for s in said]))  # fmt: skip
    assert head.adapted is not None
    assert unbroken.adapted is not None
    keep_state(read_state(path), head.adapted.state)
    two = _config(path, SPLIT, bars, combine=combine)
    tail = replay(two, _going_on(two, bars, said))
    assert tail.adapted is not None
    assert len(tail.trades) > 5
    assert len(head.trades) > 5
    assert tail.adapted.state == unbroken.adapted.state
    for name, books in (("trades", (head, tail, unbroken)),
                        ("shadow_trades", (head.adapted, tail.adapted, unbroken.adapted))):  # fmt: skip
        *parts, expected = (np.array(getattr(book, name)) for book in books)
        for column in ("decision_bar", "entry_bar", "exit_bar"):
            parts[1][column] = np.where(parts[1][column] >= 0, parts[1][column] + SPLIT, -1)
        parts[1]["trade"] += len(parts[0])
        assert same_records(np.concatenate(parts), expected), name


@pytest.mark.filterwarnings("ignore:signals need a quality")
@pytest.mark.parametrize("stop", [60, 65, 120])
def test_a_state_that_is_written_and_read_on_the_way_changes_nothing(tmp_path: Path, stop: int) -> None:
    bars = walk()
    given, said = _config(), script(bars)
    inputs = inputs_of(given, bars, said)
    whole = replay(given, inputs)

    def reread(layer: Any) -> None:
        keep_state(read_state(tmp_path / "state.json"), learned_record(layer.terms, layer.adaptation, bars.times))
        layer.adaptation = from_record(read_state(tmp_path / "state.json").learned, layer.terms)

    stage, layer = in_parts(given, inputs, [stop], reread)
    again = ended_result(layer, stage.result())
    assert again.adapted is not None
    assert whole.adapted is not None
    assert again.adapted.state == whole.adapted.state
    assert same_records(again.trades, whole.trades)


@pytest.mark.filterwarnings("ignore:signals need a quality")
class TestRefusals:
    def _learned(self, tmp_path: Path) -> tuple[Path, Bars]:
        bars, path = walk(80), tmp_path / "state.json"
        given = _config()
        result = replay(given, _going_on(given, bars, script(bars)))
        assert result.adapted is not None
        keep_state(read_state(path), result.adapted.state)
        return path, bars

    def test_a_state_that_knows_the_bars_is_refused(self, tmp_path: Path) -> None:
        path, bars = self._learned(tmp_path)
        given = _config(path)
        with pytest.raises(DataError, match=r"would know the future.*start fresh: --fresh-state"):
            replay(given, _going_on(given, bars, script(bars)))

    def test_a_state_that_was_cut_is_refused(self, tmp_path: Path) -> None:
        path, bars = self._learned(tmp_path)
        path.write_text(path.read_text()[:-40])
        given = _config(path)
        with pytest.raises(DataError, match=r"must be JSON.*start fresh"):
            _going_on(given, bars, script(bars))

    def test_a_state_that_was_changed_is_refused(self, tmp_path: Path) -> None:
        path, bars = self._learned(tmp_path)
        record = json.loads(path.read_text())
        record["state"]["weights"][0] = 2.0
        path.write_text(json.dumps(record))
        given = _config(path)
        with pytest.raises(DataError, match=r"digest.*start fresh"):
            replay(given, _going_on(given, bars, script(bars)))

    def test_a_file_that_is_not_there_starts_fresh(self, tmp_path: Path) -> None:
        bars = walk(80)
        given, plain = _config(tmp_path / "none.json"), _config()
        one, two = (replay(each, _going_on(each, bars, script(bars))) for each in (given, plain))
        assert one.adapted is not None
        assert two.adapted is not None
        assert one.adapted.state == two.adapted.state
