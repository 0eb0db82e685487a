"""The proofs of what stands on indicators: clean as they are, and able to find a join that looks ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.features.completed import CompletedBars
from stratkit.features.formula import parse_formula
from stratkit.features.formula_operations import OPERATIONS
from stratkit.features.formula_parsing import parse_term
from stratkit.features.formula_terms import Chain, Earlier, Operation, Reading, Term, parts
from stratkit.features.formula_text import FormulaText
from stratkit.research.feature_sources import Formulas, feature_sources, timeframes_beside
from stratkit.research.lookahead import check_lookahead
from stratkit.research.outputs import CausalSource
from stratkit.testing import sample_bars

PANELS = {"1d": sample_bars(300), "1h": synthetic_universe(3, 900, "1h").bars}


@pytest.mark.parametrize("frequency", PANELS)
@pytest.mark.parametrize("source", feature_sources(), ids=lambda source: source.name)
def test_indicators_on_coarser_bars_and_formulas_are_causal(source: CausalSource, frequency: str) -> None:
    report = check_lookahead(source, PANELS[frequency], cuts=25)
    assert (report.verdict, report.raised) == ("clean", 0), report.sentence()
    whole = source.outputs(PANELS[frequency])
    said = {name for name, panel in whole.panels.items() if np.isfinite(panel).any()}
    assert said == set(report.compared)


@pytest.mark.parametrize("source", feature_sources(), ids=lambda source: source.name)
def test_a_join_that_knows_a_coarse_bar_too_early_is_found(
    source: CausalSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = CompletedBars.of

    def early(coarse: Bars, fine: Bars) -> CompletedBars:
        join = right(coarse, fine)
        return replace(join, completed=np.maximum(join.completed - 1, 0))  # the bar before the one that ends it

    monkeypatch.setattr(CompletedBars, "of", staticmethod(early))
    report = check_lookahead(source, PANELS["1h"], cuts=25)
    assert report.verdict == "leak"


def test_formulas_that_are_given_are_those_that_are_proved() -> None:
    source = Formulas({"mine": "close - open", "weekly": 'rsi(2, timeframe="{timeframe}")'})
    outputs = source.outputs(PANELS["1d"])
    assert set(outputs.panels) == {"mine", "weekly"}
    np.testing.assert_array_equal(outputs.panels["mine"], PANELS["1d"].close - PANELS["1d"].open)


def terms(term: Term) -> Iterator[Term]:
    yield term
    for part in parts(term):
        yield from terms(part)


def test_every_operation_of_the_language_is_proved() -> None:
    texts = [text.replace("{timeframe}", "1w") for text in Formulas().texts.values()]
    assert all(parse_formula(text).text == text for text in texts)
    found = [each for text in texts for each in terms(parse_term(FormulaText(text), ()))]
    chained = {name for each in found if isinstance(each, Chain) for name in each.relations}
    assert {each.name for each in found if isinstance(each, Operation)} | chained == set(OPERATIONS)
    assert {each.is_change for each in found if isinstance(each, Earlier)} == {True, False}
    assert any(isinstance(each, Reading) and each.timeframe for each in found)


@pytest.mark.parametrize(
    ("frequency", "timeframes"),
    [
        ("1min", ("1d", "3d", "1w")),
        ("4h", ("1d", "3d", "1w")),
        ("1d", ("1w", "1mo")),
        ("7h", ("21h",)),
        ("2d", ("6d",)),
        ("1w", ("3w",)),
        ("1mo", ("3mo",)),
    ],
)
def test_the_timeframes_fit_the_bars(frequency: str, timeframes: tuple[str, ...]) -> None:
    assert timeframes_beside(frequency) == timeframes
