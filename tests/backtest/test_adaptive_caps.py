"""Caps hold to rounding whatever multiplies sizes: sides, weights and packages, any parts of what adapts, any caps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adaptive_runs import FAST, SELECTOR, inputs_of, script, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from identities import check_caps_at_entries

from stratkit.backtest import RunConfig, play_through
from stratkit.data.bars import Bars
from stratkit.engine.layout import RULES
from stratkit.engine.result import BacktestResult
from stratkit.seeds import generator
from stratkit.strategies.signals import Signals

PARTS = ("enable_quality_filtering", "enable_size_multiplier", "enable_adaptive_weighting",
         "enable_retirement_management")  # fmt: skip
CAPS: dict[str, Any] = {
    "max_total_at_risk_pct": st.floats(20, 150),
    "max_open_positions": st.integers(1, 6),
    "max_symbol_pct": st.floats(5, 60),
    "max_gross_leverage": st.floats(0.2, 1.5),
    "max_net_pct": st.floats(5, 80),
    "on_breach": st.sampled_from(["reject", "scale"]),
}


def target_weights(bars: Bars, name: str, seed: int, *, packaged: bool) -> Signals:
    """Weights on a tenth of the bars, of single symbols or of all of them as one package."""
    random = generator(seed, "adaptive weights", name)
    weight = random.choice([-0.3, -0.1, 0.0, 0.2, 0.4], bars.shape)
    asked = random.random((len(bars.times), 1 if packaged else bars.shape[1])) < 0.1
    weight = np.where(asked, weight, np.nan)
    return Signals(name, weight=weight, legs=np.isfinite(weight).astype(np.int16) if packaged else None)


def played(
    seed: int, caps: dict[str, Any], budgets: tuple[float | None, float | None], method: str | None,
    optimization: dict[str, Any], selector: dict[str, Any] | None, fraction: float, leverage: float,
) -> BacktestResult:  # fmt: skip
    """Replay two strategies of sides and, where each has books of its own, two of weights; hold the caps against it."""
    bars = walk(80, seed=seed)
    said = list(script(bars, seed=seed))
    if method == "independent":
        said += [target_weights(bars, "s2", seed, packaged=False), target_weights(bars, "s3", seed, packaged=True)]
    named = {
        f"s{number}": {"enabled": True, "type": "sma_cross", "risk_budgets": {"max_at_risk_pct": budgets[number % 2]}}
        for number in range(len(said))
    }
    blocks = {
        "strategies": named, "combine": {"method": method}, "optimization": {**FAST, "cooldown": None, **optimization},
        "meta_strategy": selector, "exit_plan": "scalp", "regimes": {"method": "rules"},
        "account": {"leverage": leverage}, "costs": {"commission_bps": 5.0},
        "risk": {"caps": caps, "sizing": {"rule": "fixed_fraction", "fraction": fraction}},
    }  # fmt: skip
    settings_ = RunConfig.model_validate(blocks)
    through = play_through(settings_, inputs_of(settings_, bars, said))
    assert through.layer is not None
    assert not through.layer.fault
    stage = through.stage
    result = stage.result()
    replayed: Any = result  # of what a replay gives, the count of no-ops stands elsewhere in a result
    check_caps_at_entries(stage.playing.market, stage.sheet.targets, stage.playing.rules[0], replayed)
    return result


pytestmark = pytest.mark.filterwarnings("ignore:signals need a quality", "ignore:meta_strategy leaves out")


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 500),
    caps=st.fixed_dictionaries({}, optional=CAPS),
    budgets=st.tuples(*[st.one_of(st.none(), st.floats(5, 80))] * 2),
    method=st.sampled_from(["independent", None, "weighted_average"]),
    threshold=st.sampled_from([0.05, 0.3, 0.5]),
    parts=st.sets(st.sampled_from(PARTS)),
    selector=st.sampled_from([None, SELECTOR, {**SELECTOR, "over": "strategies"}]),
    fraction=st.floats(0.02, 0.8),
    leverage=st.sampled_from([1.0, 2.0]),
)
def test_no_entry_exceeds_a_cap_whatever_adapts(
    seed: int, caps: dict[str, Any], budgets: Any, method: str | None, threshold: float, parts: set[str],
    selector: dict[str, Any] | None, fraction: float, leverage: float,
) -> None:  # fmt: skip
    optimization = {"quality": {"threshold": threshold}, **{part: part in parts for part in PARTS}}
    played(seed, caps, budgets, method, optimization, selector, fraction, leverage)


def test_every_cap_is_met_where_sizes_double() -> None:
    """A threshold of 0.05 doubles every size: so each of the caps refuses or cuts something."""
    generous = {"quality": {"threshold": 0.05}, "enable_retirement_management": False}
    caps: dict[str, Any] = {
        "max_total_at_risk": {"max_total_at_risk_pct": 60.0},
        "max_open_positions": {"max_open_positions": 2},
        "max_symbol": {"max_symbol_pct": 25.0},
        "max_gross_leverage": {"max_gross_leverage": 0.6},
        "max_net": {"max_net_pct": 20.0},
    }
    for name, one in caps.items():
        result = played(1, {**one, "on_breach": "scale"}, (None, None), "independent", generous, None, 0.15, 1.0)
        assert name in {RULES[rule] for rule in result.decisions["rule"]}, name
    result = played(1, {}, (30.0, 30.0), "independent", generous, None, 0.15, 1.0)
    assert "max_at_risk" in {RULES[rule] for rule in result.decisions["rule"]}
