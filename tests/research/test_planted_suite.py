"""The planted suite: every leak is found, no clean strategy is accused, and the figure is printed."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from pathlib import Path

import pytest

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.research.lookahead import LookaheadReport, check_lookahead
from stratkit.research.sources import StrategySource
from stratkit.research.suspects import suspects_of
from stratkit.strategies.catalog import STRATEGIES, find_strategy
from stratkit.strategies.strategy import Strategy
from stratkit.testing import sample_bars, sample_series

CUTS = 80
SUITE = Path(__file__).parent / "suite"
# what a reader of the source alone could not tell: no rule names them
UNSUSPICIOUS = {
    "FutureUniverse",
    "BestWindowInHindsight",
    "CountsDown",
    "LabelAsFeature",
    "NextSurprise",
}


def strategies(kind: str) -> list[type[Strategy]]:
    """All strategies in the suite's files of a kind, each loaded as a user's file is."""
    found: list[type[Strategy]] = []
    for file in sorted(SUITE.glob(f"{kind}_*.py")):
        names = [line.split("(")[0].removeprefix("class ") for line in file.read_text("utf-8").splitlines()]
        classes = [
            name for name in names if name.isidentifier() and f"class {name}(Strategy)" in file.read_text("utf-8")
        ]
        found += [find_strategy(f"{file}:{name}") for name in classes]
    return found


LEAKS = strategies("leaks")
CLEAN = strategies("clean") + [find_strategy(name) for name in STRATEGIES.builtin]


@cache
def bars_for(file: str) -> Bars:
    """Hourly bars for what is about days, daily ones with every difficulty for the rest."""
    return synthetic_universe(4, 700, "1h").bars if file == "intraday" else sample_bars(500)


@cache
def report(strategy: type[Strategy]) -> LookaheadReport:
    file = inspect.getsourcefile(strategy) or ""
    kind = Path(file).stem.partition("_")[2] if SUITE in Path(file).parents else ""
    bars = bars_for(kind)
    source = StrategySource(strategy, series=sample_series(strategy(), bars))
    return check_lookahead(source, bars, cuts=CUTS)


def named(strategy: type[Strategy]) -> str:
    return strategy.__name__


@pytest.mark.parametrize("strategy", LEAKS, ids=named)
def test_a_planted_leak_is_found(strategy: type[Strategy]) -> None:
    found = report(strategy)
    assert found.verdict == "leak", found
    first = found.leaks[0]
    assert first.difference.values >= 1
    assert first.difference.bar is None or 0 <= first.difference.bar < first.shown_bars


@pytest.mark.parametrize("strategy", CLEAN, ids=named)
def test_a_clean_strategy_is_not_accused(strategy: type[Strategy]) -> None:
    found = report(strategy)
    assert found.verdict == "clean", found.sentence()
    assert found.cuts == found.cuts_asked == CUTS


@pytest.mark.parametrize("strategy", LEAKS, ids=named)
def test_most_leaks_are_suspected_from_their_source(strategy: type[Strategy]) -> None:
    assert bool(suspects_of(strategy)) != (strategy.__name__ in UNSUSPICIOUS)


@pytest.mark.parametrize("strategy", CLEAN, ids=named)
def test_no_line_of_a_clean_strategy_is_suspected(strategy: type[Strategy]) -> None:
    assert not suspects_of(strategy), "\n".join(map(str, suspects_of(strategy)))


def test_the_figure(capsys: pytest.CaptureFixture[str]) -> None:
    found = sum(report(strategy).verdict == "leak" for strategy in LEAKS)
    false = sum(report(strategy).verdict != "clean" for strategy in CLEAN)
    with capsys.disabled():
        sys.stdout.write(f"\nlook-ahead suite: {found} of {len(LEAKS)} found, {false} of {len(CLEAN)} false\n")
    assert (found, false) == (len(LEAKS), 0)
    assert len(LEAKS) >= 20
    assert len(CLEAN) >= 20
