"""What a search is for and must keep: objectives by name, comparisons that are read and never run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_cases import cross_config

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.errors import UsageError
from stratkit.research.conditions import condition
from stratkit.research.objectives import best_of, front_of, goal_of, objective_of
from stratkit.research.search_result import Objective
from stratkit.research.search_settings import ConstraintSettings, SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.trials import Trial

KEYS = ("strategies.a.params.fast", "strategies.a.params.slow", "risk.caps.max_symbol_pct")
UP, DOWN = Objective("sharpe", "maximize"), Objective("ulcer", "minimize")


def missed(text: str, fast: float, slow: float, cap: float | None = 10.0) -> float:
    return condition(text, KEYS).violation(dict(zip(KEYS, (fast, slow, cap), strict=True)))


@pytest.mark.parametrize(
    ("text", "fast", "slow", "expected"),
    [
        ("fast < slow", 5, 20, 0.0),
        ("fast < slow", 30, 20, 10 / 30),
        ("fast * 2 <= slow", 10, 20, 0.0),
        ("fast * 2 <= slow", 15, 20, 10 / 30),
        ("slow - fast >= 10", 15, 20, 5 / 10),
        ("slow / fast > 2", 10, 40, 0.0),
        ("-fast > -slow", 5, 20, 0.0),
        ("fast == slow", 20, 20, 0.0),
        ("fast == slow", 10, 20, 0.5),
        ("10 < fast < slow", 5, 4, 5 / 10 + 1 / 5),
        ("max_symbol_pct >= 8", 1, 2, 0.0),
        ("strategies.a.params.fast < a.params.slow", 1, 2, 0.0),
    ],
)
def test_a_comparison_is_missed_by_the_distance_of_its_sides(
    text: str, fast: float, slow: float, expected: float
) -> None:
    assert missed(text, fast, slow) == pytest.approx(expected)


def test_what_is_no_number_misses_and_a_strict_comparison_of_equals_as_well() -> None:
    assert missed("max_symbol_pct < 5", 1, 2, None) == 1.0
    assert missed("fast / max_symbol_pct < 5", 1, 2, 0.0) == 1.0
    assert 0 < missed("fast < slow", 20, 20) < 1e-6
    assert missed("fast != slow", 20, 20) > 0
    metrics = condition("profit_factor >= 1.2", DEFINITIONS)
    assert metrics.violation({"profit_factor": math.inf}) == 0.0
    assert metrics.violation({"profit_factor": math.nan}) == 1.0


@given(st.integers(1, 100), st.integers(1, 100))
def test_it_is_kept_exactly_where_python_says_so(fast: int, slow: int) -> None:
    for text in ("fast < slow", "fast * 2 + 1 >= slow", "fast - 3 != slow", "fast <= slow < 50"):
        assert (missed(text, fast, slow) == 0) == eval(text, {"fast": fast, "slow": slow})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fast", "must be a comparison"),
        ("fast < slov", "did you mean 'slow'.*|found slov at column 8"),
        ("fast ** 2 < slow", r"calculate with \+ - \* /"),
        ("fast < abs(slow)", "names, numbers"),
        ("__import__('os').system('x') < 1", "found"),
        ("fast < 'a'", "names and numbers"),
        ("fast in slow", "may compare with"),
        ("fast < True", "names and numbers"),
        ("fast < 1e999", "finite"),
        ("fast < slow and slow < 5", "must be a comparison"),
        ("fast <", "one expression"),
        ("", "must hold something"),
    ],
)
def test_what_is_no_plain_comparison_is_refused_with_its_column(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        condition(text, KEYS)


def test_a_short_name_of_two_keys_is_refused() -> None:
    with pytest.raises(UsageError, match="must name one key"):
        condition("fast < 5", ("strategies.a.params.fast", "strategies.b.params.fast"))


def test_the_direction_of_an_objective_is_that_of_its_definition() -> None:
    for name in DEFINITIONS:
        better = DEFINITIONS[name].better
        if better == "neither":
            with pytest.raises(UsageError, match="has none: constrain it instead"):
                objective_of(name)
        else:
            assert objective_of(name).direction == ("maximize" if better == "higher" else "minimize")
    with pytest.raises(UsageError, match="did you mean 'sharpe'"):
        objective_of("sharpee")


def test_an_objective_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="must be given once; found calmar twice"):
        goal_of(cross_config(), SearchSettings(objectives=("calmar", "sharpe", "calmar")), ())


def test_a_goal_names_the_metrics_that_it_reads() -> None:
    settings = SearchSettings(
        objectives=("calmar", "ulcer"),
        constraints=ConstraintSettings(min_trades=5, max_drawdown_pct=20, metrics=("calmar / sortino < 3",)),
    )
    goal = goal_of(cross_config(), settings, search_space_of(cross_config(), settings))
    assert goal.metrics == ("calmar", "ulcer", "trades", "max_drawdown", "sortino")


def trial(number: int, *objectives: float, violation: float = 0.0) -> Trial:
    return Trial(number, {}, "complete", objectives, violation)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=25))
def test_the_front_is_what_no_other_trial_beats(points: list[tuple[int, int]]) -> None:
    trials = [trial(number, float(up), float(down)) for number, (up, down) in enumerate(points)]

    def beats(one: Trial, other: Trial) -> bool:
        (up, down), (up_, down_) = one.objectives, other.objectives
        return up >= up_ and down <= down_ and (up > up_ or down < down_)

    unbeaten = {one.objectives for one in trials if not any(beats(other, one) for other in trials)}
    found = front_of(trials, (UP, DOWN))
    assert {trials[number].objectives for number in found} == unbeaten
    assert len(found) == len(unbeaten)  # of equals the first
    firsts = [trials[number].objectives[0] for number in found]
    assert firsts == sorted(firsts, reverse=True)


def test_the_best_is_feasible_defined_and_the_first_of_equals() -> None:
    trials = [trial(0, math.nan), trial(1, 9.0, violation=0.1), trial(2, 1.0), trial(3, 2.0), trial(4, 2.0)]
    assert best_of(trials, (UP,)) == 3
    assert best_of(trials, (DOWN,)) == 2
    assert best_of(trials[:2], (UP,)) is None
