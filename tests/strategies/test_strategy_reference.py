"""The reference page of the strategies: nothing is left out, and the commands that it shows can be given."""

from __future__ import annotations

import shlex

import pytest
import strategy_reference

from stratkit.config import load_config
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy
from stratkit.strategies.parameters import search_space

NAMES = list(STRATEGIES.builtin)
PAGE = strategy_reference.strategies_page()


def section(name: str) -> str:
    return PAGE.split(f"\n### {name}\n")[1].split("\n## ")[0].split("\n### ")[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_section_says_everything_that_a_strategy_says_of_itself(name: str) -> None:
    strategy, said = build_strategy(name), section(name)
    for word in (strategy.description, strategy.edge, strategy.source, *strategy.needs):
        assert word in said
    assert f"**Warm-up**: {strategy.warmup_bars:,} bars" in said
    for parameter in search_space(strategy.Params):
        assert f"| `{parameter.name}` | `" in said
        assert f"{parameter.description} |" in said
    assert f"| [`{name}`](#{name}) |" in PAGE


@pytest.mark.parametrize("name", NAMES)
def test_the_command_of_a_section_changes_one_parameter_and_is_a_valid_one(name: str) -> None:
    words = shlex.split(strategy_reference.example(build_strategy(name)))
    assert words[:4] == ["stratkit", "backtest", "--strategy", name]
    settings = [word for option, word in zip(words[4::2], words[5::2], strict=True) if option == "--set"]
    given = load_config([], settings=settings, strategy=name).enabled()[name].params
    defaults = find_strategy(name)().params.model_dump()
    changed = {key for key, value in given.items() if value != defaults[key]}
    bounded = any(parameter.kind != "fixed" for parameter in search_space(find_strategy(name).Params))
    assert len(changed) == int(bounded)
