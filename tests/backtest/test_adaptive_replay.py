"""What adapts stands in the replay: it is causal, the same in any parts, kept apart from the account, and may fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from adaptive_runs import FAST, SELECTOR, config, in_parts, inputs_of, rules_of, same_records, script, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.adaptive import layer as layer_module
from stratkit.adaptive.ended import ended_result
from stratkit.backtest import RunConfig, play_through, replay
from stratkit.data.bars import Bars
from stratkit.engine.layout import FILLED, QUALITY, RULES
from stratkit.research.evaluation import Evaluator
from stratkit.strategies.signals import Signals

WAYS: dict[str, dict[str, Any]] = {
    "weights": {"optimization": {"enabled": True, "enable_quality_filtering": False, "enable_size_multiplier": False,
                                 "enable_retirement_management": False, **{k: FAST[k] for k in ("weights",)},
                                 "update_every_bars": 5}},
    "health": {"optimization": {**FAST, "enable_quality_filtering": False, "enable_size_multiplier": False}},
    "all": {"optimization": FAST, "meta_strategy": SELECTOR},
    "selector": {"meta_strategy": SELECTOR},
    "at_close": {"optimization": FAST, "meta_strategy": SELECTOR, "execution": {"profile": "close"}},
}  # fmt: skip
METHODS = (None, "independent")
ALL = [pytest.param(way, method, id=f"{way}-{method}") for way in WAYS for method in METHODS]


def _config(way: str, method: str | None, **more: Any) -> RunConfig:
    return config(combine={"method": method}, **WAYS[way], **more)


def _ended(settings: RunConfig, bars: Bars, seed: int = 0) -> Any:
    return replay(settings, inputs_of(settings, bars, script(bars, seed=seed)))


@pytest.mark.filterwarnings("ignore:signals need a quality")
class TestReplay:
    @pytest.mark.parametrize(("way", "method"), ALL)
    def test_something_adapts_in_each_way(self, way: str, method: str | None) -> None:
        bars = walk()
        execution = WAYS[way].get("execution", {})
        base = _ended(config(combine={"method": method}, execution=execution), bars)
        result = _ended(_config(way, method), bars)
        assert result.adapted is not None
        assert not result.adapted.fault
        assert base.adapted is None
        assert not np.array_equal(result.equity, base.equity)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_layer_with_every_part_off_leaves_the_run_as_it_is(self, method: str | None) -> None:
        off = {name: False for name in ("enable_quality_filtering", "enable_size_multiplier",
                                        "enable_adaptive_weighting", "enable_retirement_management")}  # fmt: skip
        bars = walk()
        base = _ended(config(combine={"method": method}), bars)
        result = _ended(config(combine={"method": method}, optimization={"enabled": True, **off}), bars)
        for name in ("trades", "fills", "decisions"):
            assert same_records(getattr(result, name), getattr(base, name)), name

    def test_blocks_that_are_not_enabled_leave_the_run_as_it_is(self) -> None:
        bars = walk(60)
        base = _ended(config(), bars)
        result = _ended(config(optimization={"enabled": False}, meta_strategy={"enabled": False}), bars)
        assert result.adapted is None
        assert same_records(result.trades, base.trades)
        assert same_records(result.decisions, base.decisions)

    @pytest.mark.parametrize(("way", "method"), ALL)
    @settings(max_examples=8, deadline=None)
    @given(stops=st.lists(st.integers(1, 119), max_size=6, unique=True), seed=st.integers(0, 50))
    def test_any_parts_give_the_same(self, way: str, method: str | None, stops: list[int], seed: int) -> None:
        bars = walk(120, seed=seed)
        given_, inputs = _config(way, method), None
        inputs = inputs_of(given_, bars, script(bars, seed=seed))
        whole = replay(given_, inputs)
        stage, layer = in_parts(given_, inputs, sorted(stops))
        result = ended_result(layer, stage.result())
        for name in ("trades", "fills", "decisions"):
            assert same_records(getattr(result, name), getattr(whole, name)), name
        assert result.adapted is not None
        assert whole.adapted is not None
        assert result.adapted.state == whole.adapted.state
        assert same_records(result.adapted.shadow_trades, whole.adapted.shadow_trades)

    @pytest.mark.parametrize(("way", "method"), ALL)
    @settings(max_examples=20, deadline=None)
    @given(cut=st.integers(20, 110), seed=st.integers(0, 50))
    def test_what_comes_later_changes_nothing_before(
        self, way: str, method: str | None, cut: int, seed: int
    ) -> None:  # fmt: skip
        bars, other = walk(120, seed=seed), walk(120, seed=seed + 1000)

        def spliced(name: str) -> Any:
            return np.vstack((getattr(bars, name)[: cut + 1], getattr(other, name)[cut + 1 :]))

        changed = replace(bars, **{name: spliced(name) for name in ("open", "high", "low", "close")})
        said = script(bars, seed=seed)
        later = script(bars, seed=seed + 1000)
        mixed = tuple(
            replace(
                one,
                side=np.vstack((one.side[: cut + 1], two.side[cut + 1 :])),  # type: ignore[index]  # sides are given
                confidence=np.vstack((one.confidence[: cut + 1], two.confidence[cut + 1 :])),  # type: ignore[index]  # so are these
            )
            for one, two in zip(said, later, strict=True)
        )
        given_ = _config(way, method)
        first = replay(given_, inputs_of(given_, bars, said))
        second = replay(given_, inputs_of(given_, changed, mixed))
        assert first.equity[: cut + 1].tobytes() == second.equity[: cut + 1].tobytes()
        for one, two in ((first, second), (first.adapted, second.adapted)):
            name, at = ("fills", "bar") if one is first else ("shadow_trades", "exit_bar")
            kept = [rows[(rows[at] >= 0) & (rows[at] <= cut)] for rows in (getattr(one, name), getattr(two, name))]
            assert same_records(*kept), name
        logs = [one.decisions[one.decisions["bar"] < cut] for one in (first, second)]
        assert same_records(*logs)
        # what is asked at the close of the last bar that both share acts behind it, so fills cannot tell
        asked = [
            through.layer.account.sheet.targets
            for through in (
                play_through(given_, inputs_of(given_, bars, said)),
                play_through(given_, inputs_of(given_, changed, mixed)),
            )
            if through.layer is not None
        ]
        for name in ("side", "size", "plan", "confidence", "risk_unit"):
            panels = [getattr(targets, name)[: cut + 1] for targets in asked]
            assert panels[0].tobytes() == panels[1].tobytes(), name

    def test_a_failure_inside_leaves_the_base_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: Any) -> Any:
            raise ZeroDivisionError("made up")

        monkeypatch.setattr(layer_module, "adapt", fails)
        monkeypatch.setattr(layer_module, "scale_sizes", fails)
        bars = walk()
        base = _ended(config(), bars)
        with pytest.warns(UserWarning, match="stopped on the way, and the run goes on .*: ZeroDivisionError: made up"):
            result = _ended(config(optimization={**FAST, "quality": {"threshold": 1e-9}}), bars)
        assert result.adapted is not None
        assert result.adapted.fault == "ZeroDivisionError: made up"
        assert result.adapted.status["fault"] == result.adapted.fault
        assert same_records(result.trades, base.trades)

    def test_a_sweep_replays_what_adapts_one_by_one(self) -> None:
        settings_ = RunConfig.model_validate(
            {
                "strategies": {"s": {"enabled": True, "type": "sma_cross", "params": {"fast": 3, "slow": 8}}},
                "regimes": {"method": "rules"},
                "optimization": FAST,
                "exit_plan": "scalp",
            }
        )
        bars = walk()
        sets = [{"strategies.s.params.fast": fast} for fast in (2, 3)]
        alone = [Evaluator(settings_, bars).evaluate([one])[0] for one in sets]
        together = Evaluator(settings_, bars, workers=2).evaluate(sets)
        from stratkit.backtest import run_backtest

        whole = run_backtest(settings_, bars)
        total = whole.equity[-1] / settings_.account.initial_cash - 1.0
        assert together[1].metrics["total_return"] == pytest.approx(total, rel=1e-12)  # type: ignore[union-attr]  # it did not end early
        for one, two in zip(alone, together, strict=True):
            assert one.metrics == two.metrics  # type: ignore[union-attr]  # neither ended early


@pytest.mark.filterwarnings("ignore:signals need a quality")
def test_refused_signals_are_logged_and_trade_on_in_the_shadow_alone() -> None:
    bars = walk()
    given_ = config(
        optimization={**FAST, "quality": {"threshold": 1.0}, "cooldown": None, "enable_retirement_management": False}
    )
    result = _ended(given_, bars)
    assert result.adapted is not None
    assert len(result.trades) == 0
    assert (result.equity == given_.account.initial_cash).all()
    assert rules_of(result) == {"quality"}
    assert len(result.adapted.shadow_trades) > 10
    assert result.counts["decisions"] == len(result.decisions)
    assert RULES[QUALITY] == "quality"


def test_a_shadow_position_is_worth_the_cash_over_the_symbols() -> None:
    bars = walk()
    given_ = config(
        optimization={**FAST, "quality": {"threshold": 1.0}, "cooldown": None, "enable_retirement_management": False}
    )
    with pytest.warns(UserWarning, match="signals need a quality of 1"):
        trades = _ended(given_, bars).adapted.shadow_trades
    at_decision = bars.close[trades["decision_bar"], trades["slot"] % 3]
    np.testing.assert_allclose(trades["quantity"] * at_decision, 0.7 * 100_000.0 / 3)  # the plan: risk x 0.7


@pytest.mark.filterwarnings("ignore:signals need a quality")
def test_a_suspended_strategy_trades_in_the_shadow_only_until_it_comes_back_or_retires() -> None:
    bars = walk(400, seed=4)
    never_judged = {**FAST, "enable_quality_filtering": False, "cooldown": None}
    result = _ended(config(optimization=never_judged, combine={"method": "independent"}), bars)
    assert result.adapted is not None
    changes = result.adapted.status["health_changes"]
    suspended = [change for change in changes if change["after"] == "suspended"]
    assert suspended
    first = suspended[0]
    place = ("s0", "s1").index(first["strategy"])
    until = next((c["bar"] for c in changes if c["bar"] > first["bar"] and c["strategy"] == first["strategy"]), 400)
    inside = (result.trades["decision_bar"] > first["bar"]) & (result.trades["decision_bar"] <= until)
    assert not (inside & (result.trades["strategy"] == place)).any()
    shadow = result.adapted.shadow_trades
    played = shadow[(shadow["strategy"] == place) & (shadow["decision_bar"] > first["bar"])]
    assert (played["decision_bar"] <= until).any()
    assert "suspended" in rules_of(result)


def test_the_default_profile_is_used_until_something_is_known_and_its_levels_hold() -> None:
    bars = walk(80, 1)
    given_ = config(1, meta_strategy={"enabled": True, "cold_start_trades": 10_000, "default": "moderate",
                                      "scope": "market"}, exit_plan=None)  # fmt: skip
    said = script(bars, 1)
    sure = replace(said[0], confidence=None)
    result = replay(given_, inputs_of(given_, bars, (sure,)))
    assert result.adapted is not None
    assert result.adapted.marks.profile is not None
    frame = result.trades_frame()
    chosen = frame[frame["profile"] != ""]
    fixed = config(1, exit_plan="moderate")
    same = replay(fixed, inputs_of(fixed, bars, (sure,)))
    suits = {"trend_up", "trend_down", "range_low_vol", "range_high_vol", "high_volatility", "unknown", ""}
    assert set(chosen["profile"]) == {"moderate"}
    assert set(frame["regime"]) <= suits
    assert same_records(result.trades, same.trades)


def test_the_risk_is_off_where_no_profile_suits() -> None:
    bars = walk(80, 1)
    off = {"trend_up": "-", "trend_down": "-", "range_low_vol": "-", "range_high_vol": "-", "high_volatility": "-",
           "illiquid": "-", "unknown": "-"}  # fmt: skip
    given_ = config(1, meta_strategy={"enabled": True, "traits": off}, exit_plan=None)
    result = replay(given_, inputs_of(given_, bars, script(bars, 1)))
    known = result.trades[result.trade_regimes >= 0]
    assert len(known) == 0
    assert "lot" in rules_of(result)


def test_choices_hang_on_the_seed() -> None:
    bars = walk()
    one, two = (_ended(_config("selector", None, seed=seed), bars) for seed in (0, 1))
    assert one.trades_frame()["profile"].tolist() != two.trades_frame()["profile"].tolist()


def test_adapting_shows_in_how_much_opinions_counted() -> None:
    bars = walk()
    given_ = _config("weights", None)
    through = play_through(given_, inputs_of(given_, bars, script(bars)))
    assert through.layer is not None
    result = _ended(given_, bars)
    assert result.opinions is not None
    weights = {float(weight) for weight in result.opinions.weight}
    held = {float(one) for _, controls in through.layer.held for one in controls.weight}
    assert len(weights) > 3
    assert weights <= held


def test_a_size_is_multiplied_and_cut_by_its_cap_by_hand() -> None:
    """Confidence 1, one voice of a trend family, no regime known: quality is
    (0.3 + 0.3 x 0.5 + 0.4 x 0.5) x (0.5 + 0.5 / 3) x 1 = 0.65 x 2/3 = 0.43333; at a threshold of 0.2 a size is
    multiplied by 0.5 + 0.5 x 0.43333 / 0.2 = 1.58333; 20 % of 100,000 becomes 31,666.67, and a cap of 25 % leaves
    25,000.
    """
    bars = walk(20, 1)
    side = np.zeros(bars.shape, np.int8)
    side[5] = 1
    said = (Signals("s0", side=side),)
    optimization = {"enabled": True, "quality": {"threshold": 0.2}}
    sizing = {"rule": "fixed_fraction", "fraction": 0.2}
    granted = {}
    for name, caps in (("free", {}), ("capped", {"max_symbol_pct": 25.0, "on_breach": "scale"})):
        given_ = config(1, optimization=optimization, regimes=None, exit_plan=None,
                        risk={"sizing": sizing, "caps": caps})  # fmt: skip
        with pytest.warns(UserWarning, match="no regimes apart"):
            result = replay(given_, inputs_of(given_, bars, said))
        granted[name] = float(result.decisions["granted"][0] * bars.open[6, 0])
    assert granted["free"] == pytest.approx(20_000 * (0.5 + 0.5 * (0.65 * 2 / 3) / 0.2), rel=1e-6)
    assert granted["capped"] == pytest.approx(25_000, rel=1e-12)


def test_no_multiplier_more_than_doubles_a_size_or_leaves_less_than_a_tenth() -> None:
    bars = walk(20, 1)
    side = np.zeros(bars.shape, np.int8)
    side[5] = 1
    for threshold, confidence, factor in ((0.01, 1.0, 2.0), (1.0, 0.0, 0.1)):
        said = (Signals("s0", side=side, confidence=np.full(bars.shape, confidence, np.float32)),)
        quality = {"threshold": threshold, "regime_factor": {"other": 1.0 if factor > 1 else 0.01}}
        optimization = {"enabled": True, "enable_quality_filtering": False, "quality": quality}
        given_ = config(1, optimization=optimization, regimes=None, exit_plan=None,
                        risk={"sizing": {"rule": "fixed_units", "units": 10.0}})  # fmt: skip
        with pytest.warns(UserWarning, match="no regimes apart"):
            result = replay(given_, inputs_of(given_, bars, said))
        assert result.decisions["granted"][0] == pytest.approx(10.0 * factor, rel=1e-12)


def test_one_of_the_strategies_that_want_to_enter_is_chosen_and_the_others_go_to_the_shadow() -> None:
    bars = walk(60, 2)
    side = np.zeros(bars.shape, np.int8)
    side[20::10], side[25::10] = 1, 2
    said = tuple(Signals(f"s{number}", side=side) for number in range(3))
    given_ = config(3, meta_strategy={"enabled": True, "over": "strategies", "epsilon": 0.5},
                    combine={"method": "independent"}, risk={"sizing": {"fraction": 0.1}})  # fmt: skip
    result = replay(given_, inputs_of(given_, bars, said))
    assert result.adapted is not None
    assert not result.adapted.fault
    entries = result.decisions[result.decisions["side"] == 1]
    chosen = entries[entries["outcome"] == FILLED]
    cells = list(zip(chosen["bar"].tolist(), (chosen["slot"] % 2).tolist(), strict=True))
    assert len(cells) == len(set(cells)) == 4 * 2
    assert len(set(chosen["strategy"].tolist())) > 1
    assert len(result.adapted.shadow_trades) == 2 * len(cells)
    assert "not_chosen" in rules_of(result)
    assert {arm["arm"] for arm in result.adapted.status["arms"]} == {"s0", "s1", "s2"}


def test_the_last_trades_r_moves_q_by_hand() -> None:
    """The first trade in a cell: Q = (1 - 0.2) x 0 + 0.2 x R."""
    bars = walk(60, 1)
    side = np.zeros(bars.shape, np.int8)
    side[20], side[40] = 1, 2
    given_ = config(1, meta_strategy={"enabled": True}, regimes=None, exit_plan=None)
    with pytest.warns(UserWarning, match="no regimes apart"):
        result = replay(given_, inputs_of(given_, bars, (Signals("s0", side=side),)))
    assert result.adapted is not None
    (arm,) = result.adapted.status["arms"]
    (trade,) = result.trades
    assert arm["arm"] == "ultra_aggressive"
    assert arm["q"] == pytest.approx(0.2 * trade["r_multiple"], rel=1e-12)
