"""`ReplayedArm`: one arm of an A/B test that was replayed: configuration, bars, account and scorecard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stratkit.analytics.scorecard import Scorecard
from stratkit.backtest import Inputs, RunConfig, prepare, replay, score_backtest
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.research.provenance import run_manifest

Told = Callable[[int, int], None]  # bars done, bars in all


@dataclass(frozen=True)
class ReplayedArm:
    """One replay; `manifest` and `card` are what its run would say in manifest.json and metrics.json."""

    config: RunConfig
    bars: Bars
    result: BacktestResult

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What it was made from."""
        return run_manifest(self.config, self.config.model_dump(mode="json", by_alias=True), self.bars, {}, ())

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """Its metrics by name and value, and the periods that they stand on."""
        return told_card(score_backtest(self.config, self.bars, self.result)[0])


def told_card(card: Scorecard) -> dict[str, Any]:
    """Return what the ledger reads of a scorecard: metrics by name and value, and the periods that they stand on."""
    return {
        "period_unit": card.period_unit,
        "periods_per_year": card.periods_per_year,
        "metrics": [{"name": one.name, "value": one.value} for one in card],
    }


def replay_arms(
    configs: Sequence[RunConfig], bars: Sequence[Bars], workers: int = 1, told: Told | None = None
) -> list[ReplayedArm]:
    """Replay each configuration on its bars; equal ones once.

    Strategies are asked one after the other; with several `workers` that many threads replay what they want, unless
    they must be asked while it is played. The result is the same. Raises whatever stops a replay.
    """
    keys = [(config.model_dump_json(by_alias=True), own.digest) for config, own in zip(configs, bars, strict=True)]
    places = {key: keys.index(key) for key in keys}
    inputs = {key: prepare(configs[place], bars[place]) for key, place in places.items()}
    count = _Count(sum(len(one.bars.times) for one in inputs.values()), told)

    def played(key: tuple[str, str]) -> BacktestResult:
        return replay(configs[places[key]], inputs[key], count.of(key))

    alone = [key for key, one in inputs.items() if workers == 1 or _asks_inside(one)]
    results = {key: played(key) for key in alone}
    others = [key for key in inputs if key not in results]
    if others:
        with ThreadPoolExecutor(workers) as pool:
            results |= dict(zip(others, pool.map(played, others), strict=True))
    return [ReplayedArm(config, own, results[key]) for key, config, own in zip(keys, configs, bars, strict=True)]


def _asks_inside(inputs: Inputs) -> bool:
    """Whether code of a strategy runs during the replay, which threads must not share."""
    return inputs.desk.needs_state


class _Count:
    """Adds up the bars that several replays have done."""

    def __init__(self, total: int, told: Told | None) -> None:
        self.total, self.told = total, told
        self.done: dict[object, int] = {}
        self.lock = threading.Lock()

    def of(self, key: object) -> Told:
        def progress(done: int, _total: int) -> None:
            with self.lock:
                self.done[key] = done
                if self.told is not None:
                    self.told(sum(self.done.values()), self.total)

        return progress
