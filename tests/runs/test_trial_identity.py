"""Which trial a run is, and which trials count together: by what was tried, never by names, dates or places."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from stratkit.runs.ledger_entry import LedgerKey
from stratkit.runs.trial_identity import trial_identity, trial_key, tried_values

BLOCK = {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 20}}
MANIFEST: dict[str, Any] = {
    "config": {
        "data": {"path": "bars.parquet", "start": None, "trade_start": None},
        "strategies": {"trend": BLOCK, "off": {"enabled": False, "type": "buy_and_hold"}},
        "costs": {"commission_bps": 1.0},
        "seed": 0,
        "report": {"html": True},
        "alerts": None,
    },
    "data_digests": {"ACME": "ab" * 32, "BETA": "cd" * 32},
    "inputs": {"series vix": {"path": "vix.parquet", "sha256": "ef" * 32}},
    "strategy_digests": {"trend": "5c" * 32},
    "engine_semantics": 1,
}


def changed(*keys: str, value: Any) -> dict[str, Any]:
    manifest = copy.deepcopy(MANIFEST)
    block: Any = manifest
    for key in keys[:-1]:
        block = block[key]
    block[keys[-1]] = value
    return manifest


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("config", "strategies", "trend", "params", "fast"), 6),
        (("config", "strategies", "trend", "params", "fast"), 5.5),
        (("config", "costs", "commission_bps"), 2.0),
        (("config", "seed"), 1),
        (("config", "data", "start"), "2020-01-01"),
        (("data_digests", "ACME"), "00" * 32),
        (("inputs", "series vix", "sha256"), "00" * 32),
        (("strategy_digests", "trend"), "00" * 32),
        (("engine_semantics",), 2),
    ],
)
def test_whatever_decides_the_result_makes_another_trial(keys: tuple[str, ...], value: Any) -> None:
    assert trial_identity(changed(*keys, value=value)) != trial_identity(MANIFEST)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("config", "report"), {"html": False}),
        (("config", "alerts"), {"rules": []}),
        (("config", "search"), {"trials": 100}),
        (("config", "walkforward"), {"folds": 5}),
        (("config", "features"), {"columns": []}),
        (("config", "data", "path"), "/elsewhere/bars.parquet"),
        (("config", "data", "new_key_of_a_later_version"), None),
        (("config", "new_block_of_a_later_version"), None),
        (("inputs", "series vix", "path"), "elsewhere.parquet"),
    ],
)
def test_whatever_does_not_leaves_it_the_same_trial(keys: tuple[str, ...], value: Any) -> None:
    assert trial_identity(changed(*keys, value=value)) == trial_identity(MANIFEST)


def test_a_manifest_that_was_written_and_read_is_the_same_trial() -> None:
    assert trial_identity(json.loads(json.dumps(MANIFEST))) == trial_identity(MANIFEST)


def test_the_order_of_strategies_is_part_of_the_trial_and_not_of_the_key() -> None:
    two = {"a": BLOCK, "b": {**BLOCK, "type": "buy_and_hold"}}
    one, other = (
        changed("config", "strategies", value=two),
        changed("config", "strategies", value=dict(reversed(two.items()))),
    )
    assert trial_identity(one) != trial_identity(other)  # ties are ranked by it
    assert trial_key(one) == trial_key(other)
    assert trial_key(one).implementations == ("buy_and_hold", "sma_cross")


def test_the_key_of_a_built_in_strategy_is_its_name_and_not_its_source() -> None:
    assert trial_key(MANIFEST) == LedgerKey(("sma_cross",), ("sma_cross",), ("ACME", "BETA"))
    assert trial_key(changed("strategy_digests", "trend", value="00" * 32)) == trial_key(MANIFEST)


def test_a_strategy_of_a_users_own_is_known_by_file_and_by_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    specs = ("own.py:Own", "./own.py:Own", f"{tmp_path}/own.py:Own", "sub/../own.py:Own")
    for spec in specs:
        key = trial_key(changed("config", "strategies", "trend", value={**BLOCK, "type": spec}))
        assert (key.implementations, key.sources) == (("own.py:Own",), ("5c" * 32,))
    module = trial_key(changed("config", "strategies", "trend", value={**BLOCK, "type": "package.module:Own"}))
    assert (module.implementations, module.sources) == (("package.module:Own",), ("5c" * 32,))


def test_what_was_tried_are_the_parameters_of_those_that_run() -> None:
    assert tried_values(MANIFEST["config"]) == {
        "strategies.trend.params.fast": 5,
        "strategies.trend.params.slow": 20,
    }
