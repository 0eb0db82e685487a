"""A search does not call luck an edge, and finds an edge that is there: a reduced set of `benchmarks/honesty.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

TRIALS = 100  # half of what is usual: what the limits are kept with is measured by the benchmark
NOISE = {"tpe": range(12), "genetic": range(20)}  # seeds
EDGES = range(3)


@pytest.fixture(scope="module")
def honesty(checkout: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout / "benchmarks"))
        yield import_module("honesty")


@pytest.mark.parametrize("sampler", NOISE)
def test_what_is_found_in_noise_never_passes_and_mostly_fails(sampler: str, honesty: Any) -> None:
    words = Counter(honesty.case(seed, 0.0, sampler, TRIALS).word for seed in NOISE[sampler])
    assert words["pass"] == 0
    assert words["fail"] >= len(NOISE[sampler]) / 2, words


@pytest.mark.parametrize("sampler", NOISE)
def test_an_edge_of_stated_size_passes_and_is_found_where_it_was_put(sampler: str, honesty: Any) -> None:
    for seed in EDGES:
        found = honesty.case(seed, honesty.EDGE, sampler, TRIALS)
        assert found.word == "pass", found
        assert found.agreement >= honesty.AGREES, found


def test_the_limits_of_the_benchmark_are_those_that_are_promised(
    honesty: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(word: str, count: int) -> list[Any]:
        return [honesty.Case(0, 0.0, word, 0.5, 0.5, 0.1, 0.1, 20, 80, 1.0)] * count

    right = [*made("pass", 5), *made("caution", 35), *made("fail", 60)], [*made("pass", 16), *made("caution", 4)]
    assert honesty.report(*right)
    assert not honesty.report([*made("pass", 6), *made("caution", 34), *made("fail", 60)], right[1])
    assert not honesty.report([*made("pass", 5), *made("caution", 36), *made("fail", 59)], right[1])
    assert not honesty.report(right[0], [*made("pass", 15), *made("caution", 5)])
    assert capsys.readouterr().out.count("MISSED") == 3
