"""Where strategies stood after a bar: by hand, and as a replay that ends there says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from adaptive_runs import FAST, config, inputs_of, script, walk

from stratkit.adaptive.standing import standing_at
from stratkit.backtest import replay
from stratkit.errors import DataError

STATUS: dict[str, Any] = {  # of a run whose first bar is the 101st that was learned from
    "bars_before": 100,
    "raw_weights": {"a": 1.1, "b": 0.5},
    "base_weights": [[0, [1.0, 1.0]]],
    "by_state": {"suspended": ["b"], "retired": ["a"]},
    "weight_changes": [[95, [0.9, 0.6]], [102, [1.0, 0.5]], [105, [1.1, 0.5]]],
    "health_changes": [
        {"bar": 97, "strategy": "b", "before": "active", "after": "degraded", "reasons": ()},
        {"bar": 103, "strategy": "b", "before": "degraded", "after": "suspended", "reasons": ()},
        {"bar": 106, "strategy": "a", "before": "active", "after": "retired", "reasons": ()},
    ],
}


def test_a_change_counts_from_the_close_of_its_bar_on() -> None:
    first = standing_at(STATUS, 0)
    assert first.states == {"a": "active", "b": "degraded"}  # what an earlier run left
    assert first.raw_weights == {"a": 0.9, "b": 0.6}
    assert first.normalised_weights == pytest.approx({"a": 0.6, "b": 0.4})
    assert standing_at(STATUS, 1).raw_weights == {"a": 0.9, "b": 0.6}
    assert standing_at(STATUS, 2).raw_weights == {"a": 1.0, "b": 0.5}
    assert standing_at(STATUS, 2).states["b"] == "degraded"
    assert standing_at(STATUS, 3).states["b"] == "suspended"
    assert standing_at(STATUS, 3).normalised_weights == {"a": 1.0, "b": 0.0}
    assert standing_at(STATUS, 9).normalised_weights == {"a": 0.0, "b": 0.0}


def test_a_record_of_an_earlier_stratkit_is_refused() -> None:
    with pytest.raises(DataError, match=r"adaptive\.json must hold what stratkit keeps .*bars_before"):
        standing_at({name: value for name, value in STATUS.items() if name != "bars_before"}, 0)


@pytest.mark.filterwarnings("ignore:signals need a quality")
def test_the_standing_after_a_bar_is_the_end_of_a_replay_that_stops_there() -> None:
    settings = config(combine={"method": "independent"}, optimization={**FAST, "update_every_bars": 1})
    bars = walk(160)
    said = script(bars)
    whole = replay(settings, inputs_of(settings, bars, said))
    assert whole.adapted is not None
    seen = set()
    for stop in range(20, 161, 28):
        cut = tuple(
            replace(one, side=one.side[:stop], confidence=one.confidence[:stop])  # type: ignore[index]  # both are given
            for one in said
        )
        ended = replay(settings, inputs_of(settings, bars.slice(0, stop), cut)).adapted
        assert ended is not None
        found = standing_at(whole.adapted.status, stop - 1)
        assert found.raw_weights == ended.status["raw_weights"]
        assert found.normalised_weights == ended.status["normalised_weights"]
        assert {name: state for state, names in ended.status["by_state"].items() for name in names} == found.states
        seen |= set(found.states.values())
    assert len(seen) > 1  # some state has changed on the way
