"""The adaptive layer is judged: which arms, what they come to on a planted market, regret, and the words of it."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from made_judgements import SEEDS, arm, gain, judgement, market
from planted_profiles import planted, prepared, settings

from stratkit.config import load_config
from stratkit.engine.layout import TRADE_DTYPE
from stratkit.errors import UsageError
from stratkit.inference.averaged_difference import AveragedDifference
from stratkit.inference.comparable_arms import IDENTICAL
from stratkit.research.adaptive_arms import ALL, RANDOM, SELECTOR, adaptive_arms
from stratkit.research.adaptive_judgement import AdaptiveJudgement, judge_adaptive, judge_prepared
from stratkit.research.adaptive_plain import judgement_record
from stratkit.research.adaptive_regret import realised_r, regret_of
from stratkit.research.adaptive_warnings import adaptive_warnings
from stratkit.research.adaptive_words import adaptive_verdict, effect_of
from stratkit.research.difference_words import difference_words
from stratkit.runs.json_text import json_text

REGIMES = ("trend_up", "trend_down", "range_low_vol", "range_high_vol", "high_volatility", "illiquid", "unknown")
LEARNER = {
    "enabled": True,
    "scope": "market",
    "epsilon": 0.3,
    "epsilon_decay": 0.97,
    "traits": dict.fromkeys(REGIMES, ""),
}


class TestArms:
    def test_where_nothing_is_enabled_everything_is_judged_and_regimes_are_labelled(self) -> None:
        found = adaptive_arms(settings(exit_plan=None, regimes=None))
        assert [one.name for one in found.arms if one.is_judged] == [
            "quality filter", "size multiplier", "adaptive weights", "retirement", SELECTOR, ALL,
        ]  # fmt: skip
        assert [one.name for one in found.arms if one.is_seeded] == [SELECTOR, ALL, RANDOM]
        assert "everything on" in found.notes[0]
        assert "labelled by rules" in found.notes[1]
        whole = next(one.config for one in found.arms if one.role == "all")
        assert whole.optimization is not None
        assert whole.meta_strategy is not None
        assert whole.optimization.enabled
        assert whole.meta_strategy.enabled
        assert not found.base.config.adapts

    def test_a_part_stands_alone_and_says_that_the_configuration_has_it_off(self) -> None:
        given = settings(optimization={
            "enabled": True, "enable_retirement_management": False, "cooldown": {}, "state_path": "learned.json",
        })  # fmt: skip
        arms = {one.name: one for one in adaptive_arms(given).arms}
        for name, switch in (("quality filter", "enable_quality_filtering"), ("cooldown", "cooldown")):
            block = arms[name].config.optimization
            assert block is not None
            on = {key for key, value in block.model_dump().items() if key.startswith("enable_") and value}
            assert on | ({"cooldown"} if block.cooldown else set()) == {switch}
            assert block.state_path is None
            assert arms[name].config.meta_strategy is None
        assert arms["retirement"].note == "alone; off in the configuration"
        assert arms["cooldown"].note == "alone"
        assert not arms[ALL].is_seeded  # the selector is off

    def test_strategies_that_are_chosen_between_are_their_own_fixed_choices(self) -> None:
        several = load_config([], settings=[
            "strategies.dip={enabled: true, type: rsi_reversion}", "meta_strategy={enabled: true, over: strategies}",
        ]).run()  # fmt: skip
        found = adaptive_arms(several)
        assert [one.name for one in found.arms if one.role == "fixed"] == ["fixed sma_cross", "fixed dip"]
        assert [list(one.config.enabled()) for one in found.arms if one.role == "fixed"] == [["sma_cross"], ["dip"]]
        assert [one.role for one in found.arms if one.role == "equal"] == ["equal"]
        alone = adaptive_arms(settings(meta_strategy={"enabled": True, "over": "strategies"}))
        assert {one.role for one in alone.arms} == {"base", "part", "all"}
        assert "one strategy" in alone.notes[-1]

    def test_one_seed_is_refused(self) -> None:
        bars, said = planted(2, 1)
        given = settings()
        with pytest.raises(UsageError, match="--judge-seeds must be 2 or more"):
            judge_prepared(given, prepared(given, bars, said), bars, seeds=1)


class TestRegret:
    def test_regret_by_hand(self) -> None:
        own = np.array([[1.0, 0.0, -1.0, 0.0, 2.0], [0.0, 0.0, 1.0, 0.0, 1.0]])
        best = np.array([2.0, 0.0, 1.0, 0.0, 1.0])
        found = regret_of(own, best)
        assert found is not None
        assert found.by_seed.tolist() == [2.0, 2.0]
        assert found.path.tolist() == [1.5, 1.5, 2.5, 2.5, 2.0]
        assert (found.total, found.first_half, found.second_half) == (2.0, 1.5, 0.5)  # bars 0 and 1, then 2 to 4
        assert found.falls
        assert found.interval is not None
        assert (found.interval.low, found.interval.high) == (2.0, 2.0)
        third = regret_of(np.array([[1.0], [2.0], [6.0]]), np.array([4.0]))  # regrets 3, 2, -2: mean 1, sd sqrt(7)
        assert third is not None
        assert third.interval is not None
        assert third.interval.high - 1.0 == pytest.approx(4.302653 * np.sqrt(7 / 3), rel=1e-6)  # Student t, 2 degrees

    def test_r_is_realised_on_the_bar_of_the_exit_and_only_then(self) -> None:
        trades = np.zeros(4, TRADE_DTYPE).view(np.recarray)
        trades["exit_bar"], trades["r_multiple"] = [2, 2, -1, 3], [1.5, -1.0, 9.0, np.nan]
        assert realised_r(trades, 5).tolist() == [0.0, 0.0, 0.5, 0.0, 0.0]
        assert np.isnan(realised_r(trades[3:], 5)).all()
        assert realised_r(trades[2:3], 5).tolist() == [0.0] * 5
        assert regret_of(np.full((1, 5), np.nan), np.zeros(5)) is None


@pytest.fixture(scope="module")
def found() -> AdaptiveJudgement:
    bars, said = planted()
    given = settings(meta_strategy=LEARNER)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "signals need a quality")
        return judge_prepared(given, prepared(given, bars, said), bars, seeds=SEEDS, reps=499)


@pytest.mark.filterwarnings("ignore:signals need a quality")
class TestPlantedMarket:
    def test_the_best_fixed_profile_is_found_with_its_r(self, found: AdaptiveJudgement) -> None:
        assert found.best is not None
        assert found.best.arm.name == "fixed scalp"
        # of 96 trades 0.6 leaves at 1.2 R and the rest at the entry; where 1.35 R moves no stop, all is lost at -1 R
        expected = {"fixed scalp": 96 * 0.72, "fixed defensive": 0.0, "fixed ultra_aggressive": -96.0,
                    "fixed trend_rider": -2 * 96.0}  # fmt: skip
        for name, total in expected.items():
            one = found.named(name)
            assert one is not None
            assert one.replays.figures["total_r"] == pytest.approx(total, abs=1e-6)
            assert one.regret is not None
            assert one.regret.total == pytest.approx(96 * 0.72 - total, abs=1e-6)

    def test_the_selector_beats_chance_and_adds_less_and_less_regret(self, found: AdaptiveJudgement) -> None:
        chooser, random = found.named(SELECTOR), found.named(RANDOM)
        assert chooser is not None
        assert random is not None
        assert chooser.replays.seeds == random.replays.seeds == SEEDS
        assert effect_of(chooser, 0.05, "random") == "helped"
        assert chooser.regret is not None
        assert random.regret is not None
        assert chooser.regret.second_half < 0.75 * chooser.regret.first_half
        assert chooser.regret.second_half < 0.5 * random.regret.second_half
        assert random.regret.second_half > 0.8 * random.regret.first_half
        said = adaptive_verdict(found)
        assert any("does better than a choice at random" in line for line in said.selector)
        assert any(
            line.startswith("regret slowed down: in the second half of the bars the selector lost +")
            and " R more against scalp, a random choice +" in line
            for line in said.selector
        )

    def test_against_a_base_that_has_the_best_profile_anyhow_it_hurts(self, found: AdaptiveJudgement) -> None:
        said = adaptive_verdict(found)
        assert said.effect == "hurt"
        assert said.headline.startswith(
            "The adaptive layer hurt on these bars: Sharpe ratio against the base \N{MINUS SIGN}"
        )
        assert "never changed anything: adaptive weights; retirement" in said.parts
        assert "let no trade through: quality filter" in said.parts

    def test_what_never_acts_is_identical_and_not_tested(self, found: AdaptiveJudgement) -> None:
        idle = found.named("retirement")
        assert idle is not None
        assert idle.against["base"] == IDENTICAL
        assert idle.regret is not None
        assert idle.regret.total == 0.0

    def test_it_is_the_same_once_more_and_plain_values_throughout(self) -> None:
        bars, said = planted(5, 2)
        given = settings(meta_strategy=LEARNER)
        texts = [
            json_text(
                judgement_record(judge_prepared(given, prepared(given, bars, said), bars, seeds=2, reps=99))
            )
            for _ in range(2)
        ]  # fmt: skip
        assert texts[0] == texts[1]


def test_an_arm_that_trades_with_no_seed_is_not_replayed_with_all_of_them() -> None:
    bars, said = planted(3, 1)
    given = settings(optimization={"enabled": True, "quality": {"threshold": 1.0}}, meta_strategy=LEARNER)
    with pytest.warns(UserWarning, match="signals need a quality"):
        found = judge_prepared(given, prepared(given, bars, said), bars, seeds=7, reps=99)
    whole, chooser = found.named(ALL), found.named(SELECTOR)
    assert whole is not None
    assert chooser is not None
    assert (whole.replays.seeds, chooser.replays.seeds) == (5, 7)
    assert adaptive_verdict(found).effect == "stopped trading"


@pytest.mark.filterwarnings("ignore:signals need a quality")
def test_an_arm_whose_only_trade_is_still_open_has_traded() -> None:
    bars, said = planted(3, 1)
    side = np.zeros(bars.shape, np.int8)
    side[-3] = 1
    close, high = bars.close.copy(), bars.high.copy()
    close[-1] += 0.3  # no profile has a level so near
    high[-1] = close[-1] + 0.5
    bars = replace(bars, close=close, high=high)
    given = settings(meta_strategy=LEARNER)
    found = judge_prepared(given, prepared(given, bars, replace(said, side=side)), bars, seeds=7, reps=99)
    chooser = found.named(SELECTOR)
    assert chooser is not None
    assert not chooser.replays.figures["trades"]  # none is closed
    assert chooser.replays.seeds == 7


@pytest.mark.filterwarnings("ignore:signals need a quality")
def test_bars_and_strategies_are_read_from_the_configuration() -> None:
    several = load_config([], settings=["meta_strategy={enabled: true, policy: ucb1, profiles: [scalp, moderate], "
                                        "default: scalp}"]).run()  # fmt: skip
    bars, _ = planted(12, 1)
    found = judge_adaptive(several, bars, seeds=2, reps=99)
    assert [one.replays.seeds for one in found.judged] == [1] * 6
    assert [one.arm.name for one in found.of_role("fixed")] == ["fixed scalp", "fixed moderate"]


class TestWords:
    def test_a_layer_that_helped(self) -> None:
        made = judgement(arm("quality filter", market() + gain(0.001)), arm(ALL, market() + gain(0.001, SEEDS)))
        said = adaptive_verdict(made)
        assert said.effect == "helped"
        assert said.headline.startswith("The adaptive layer helped on these bars: Sharpe ratio against the base +")
        assert said.parts[0].startswith("helped: quality filter (+")

    def test_a_layer_of_which_nothing_can_be_seen_says_what_would_have_been(self) -> None:
        part = arm("quality filter", market() + gain(0.001))
        whole = arm(ALL, market() + gain(0.0, SEEDS) + 0.01 * np.random.default_rng(9).normal(size=(300, 1)))
        found = judgement(part, whole)
        test = found.judged[-1].against["base"]
        assert isinstance(test, AveragedDifference)
        said = adaptive_verdict(found)
        assert said.effect == "no difference"
        assert said.word == "NO DETECTABLE DIFFERENCE (underpowered)"
        assert abs(test.difference) < test.detectable
        assert said.headline.startswith("Nothing shows that the adaptive layer adds anything on these bars: Sharpe ")
        assert "-" not in said.headline
        assert f"only a gap of {test.detectable:.2f} or more would have been seen" in said.headline
        assert said.headline.endswith("; of its parts alone quality filter helped.")

    def test_a_difference_that_is_shown_to_be_small_adds_nothing_of_size(self) -> None:
        found = judgement(arm(ALL, market() + 1e-4 * np.random.default_rng(3).normal(size=(300, 1))))
        test = found.judged[-1].against["base"]
        assert isinstance(test, AveragedDifference)
        assert test.equivalence is not None
        assert max(map(abs, (test.equivalence.interval.low, test.equivalence.interval.high))) < 0.5
        said = adaptive_verdict(found)
        assert (said.effect, said.word) == ("equivalent", "EQUIVALENT (within \N{PLUS-MINUS SIGN}0.5)")
        assert (
            "adds nothing of size on these bars: the difference lies within \N{PLUS-MINUS SIGN}0.5 (" in said.headline
        )

    def test_a_layer_that_never_changed_anything(self) -> None:
        said = adaptive_verdict(judgement(arm(SELECTOR, np.tile(market(), SEEDS)), arm(ALL, market())))
        assert said.headline == "The adaptive layer adds nothing on these bars: it never changed anything."
        assert said.parts == (f"never changed anything: {SELECTOR}",)
        assert any("nobody could have known it" in line for line in said.selector)

    def test_a_layer_that_let_nothing_through(self) -> None:
        said = adaptive_verdict(judgement(arm(ALL, np.zeros((300, SEEDS)), trades=0.0)))
        assert said.headline == (
            "The adaptive layer adds nothing on these bars: as configured it lets no trade through, while the base "
            "made 30."
        )

    def test_where_no_arm_traded_there_is_nothing_to_judge(self) -> None:
        still = np.zeros((300, 1))
        made = judgement(arm(SELECTOR, np.zeros((300, SEEDS)), trades=0.0), arm(ALL, still, trades=0.0))
        quiet = replace(
            made, best=None,
            arms=tuple(
                replace(one, replays=arm(one.arm.name, 0 * one.replays.returns, trades=0.0)) for one in made.arms
            ),
        )  # fmt: skip
        assert quiet.is_idle
        assert not made.is_idle
        said = adaptive_verdict(quiet)
        assert said.headline == "Nothing to judge: no arm made a trade in 301 bars."
        assert (said.effect, said.parts, said.selector) == ("not testable", (), ())
        assert list(adaptive_warnings(quiet)) == ["nothing to judge: no arm made a trade in 301 bars"]

    def test_a_short_sample_and_few_trades_are_warned_of(self) -> None:
        made = judgement(arm(ALL, market() + gain(0.001), trades=29.0))
        years = "the bars cover 1.19 years: yearly figures are extrapolated from less than one year"
        assert list(adaptive_warnings(made)) == ["only 29 in all parts: trades below 30 say little of a difference"]
        short = replace(made, question=replace(made.question, periods_per_year=365.0))
        assert next(adaptive_warnings(short)) == years.replace("1.19", "0.82")  # 300 / 365

    def test_an_interval_without_ends_is_said_to_be_missing(self) -> None:
        test = judgement(arm(ALL, market() + gain(0.001))).judged[-1].against["base"]
        assert isinstance(test, AveragedDifference)
        endless = replace(test, interval=replace(test.interval, low=-np.inf, high=np.inf))
        assert ", 95% interval n/a, p = " in difference_words(endless)

    @pytest.mark.parametrize(
        ("own", "blind", "said"),
        [
            ((50.0, 87.2), (70.0, 69.3), "regret did not slow down: in the second half of the bars the selector lost "
             "+87.2 R more against moderate, a random choice +69.3 R"),
            ((50.0, 60.0), (70.0, 69.3), "regret did not slow down, but grew less than by chance: in"),
            ((90.0, 80.0), (70.0, 69.3), "regret slowed down, but to no less than by chance: in"),
            ((9.0, -2.0), (7.0, 1.0), "regret slowed down: in the second half of the bars the regret of the selector "
             "against moderate changed by \N{MINUS SIGN}2.0 R, that of a random choice by +1.0 R"),
        ],
    )  # fmt: skip
    def test_the_course_of_regret_is_said_plainly(
        self, own: tuple[float, float], blind: tuple[float, float], said: str
    ) -> None:
        made = judgement(arm(SELECTOR, market() + gain(0.0, SEEDS)), arm(ALL, market()))
        halves = {SELECTOR: own, RANDOM: blind}
        arms = tuple(
            replace(one, regret=replace(one.regret, first_half=halves[one.arm.name][0],
                                        second_half=halves[one.arm.name][1]))
            if one.regret is not None and one.arm.name in halves else one
            for one in made.arms
        )  # fmt: skip
        best = next(one for one in arms if one.arm.name == "fixed moderate")
        assert any(line.startswith(said) for line in adaptive_verdict(replace(made, arms=arms, best=best)).selector)
