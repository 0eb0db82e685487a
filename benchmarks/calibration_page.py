"""The tables of a calibration: on the terminal, in docs/calibration.md, and the sizes that the package warns by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from calibrated_tests import BASE, PAIR_TESTS, PRIMARY, REPS, SLOW_TESTS, Rate, Truth
from null_worlds import WORLDS

from stratkit.inference.measured_size import keeps_size

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs/calibration.md"
SIZES: Final = ROOT / "stratkit/inference/measured_size.py"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
Rates = dict[tuple[Truth, str], Rate]


def printed(found: Sequence[Rate]) -> str:
    """Return the tables as text."""
    return "\n\n".join(f"{title}\n{table}" for title, table in _tables(found))


def write_page(found: Sequence[Rate], pairs: int, seed: int) -> None:
    """Put the tables between the page's marks."""
    said = f"{pairs:,} pairs a cell, {REPS} resamples, seed {seed}. A rate is followed by its standard error.\n"
    body = said + "".join(f"\n### {title}\n\n{table}\n" for title, table in _tables(found))
    _between(PAGE, BEGIN, END, body)


def write_sizes(found: Sequence[Rate]) -> None:
    """Put the primary test's sizes of normal worlds into the module that the command's warning reads."""
    sizes = {
        (each.truth.world, each.truth.n): each.rate
        for each in found
        if each.test == PRIMARY and each.truth == Truth(each.truth.world, each.truth.n)
    }
    worlds = sorted((world for world in WORLDS.values() if world.is_normal), key=lambda world: world.rho)
    lengths = sorted({n for _, n in sizes if all((world.name, n) in sizes for world in worlds)})
    rows = [f"    {n}: ({', '.join(f'{sizes[world.name, n]:.5f}' for world in worlds)}),\n" for n in lengths]
    body = f"CORRELATIONS: Final = ({', '.join(f'{world.rho:.1f}' for world in worlds)})\n"
    body += f"SIZES: Final[Mapping[int, tuple[float, ...]]] = {{\n{''.join(rows)}}}\n"
    _between(SIZES, "# measured: begin", "# measured: end", body)


def _between(path: Path, begin: str, end: str, body: str) -> None:
    text = path.read_text("utf-8")
    pattern = re.compile(f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", re.DOTALL)
    path.write_text(pattern.sub(lambda _: body, text, count=1), "utf-8")


def _tables(found: Sequence[Rate]) -> Iterator[tuple[str, str]]:
    rates = {(each.truth, each.test): each for each in found}
    truths = list(dict.fromkeys(each.truth for each in found))
    null = [truth for truth in truths if truth == Truth(truth.world, truth.n)]
    yield "Size of the primary test, %: 5 is meant", _primary_table(rates, null)
    full = [truth for truth in null if (truth, "JKM") in rates]
    # where bars are autocorrelated the hypothesis of their permutation is not true: that is its power, further down
    asked = {key: rate for key, rate in rates.items() if key[1] != "bars" or not WORLDS[key[0].world].rho}
    yield "Size of all tests, %: 5 is meant", _table(asked, full, (*PAIR_TESTS, *SLOW_TESTS))
    yield (
        "One Sharpe ratio, the second arm twice as volatile, %: tests of the mean find what is there",
        _table(rates, [truth for truth in truths if truth.leverage != 1.0], PAIR_TESTS[:-1]),
    )
    high = [truth for truth in truths if truth.base != BASE]
    yield "Size of the primary test on high Sharpe ratios, %: 5 is meant", _high_table(rates, high)
    planted = [truth for truth in truths if truth.gap]
    yield (
        "Power, %: how often a Sharpe ratio that is higher by the gap is found",
        _table(rates, planted, (*PAIR_TESTS, "SPA"), ("returns", "n", "gap")),
    )
    related = [truth for truth in full if WORLDS[truth.world].rho]
    yield (
        "Power of the permutation of bars, %: how often autocorrelation is found by a strategy that follows it",
        _table(rates, related, ("bars",)),
    )


def _primary_table(rates: Rates, null: Sequence[Truth]) -> str:
    lengths = sorted({truth.n for truth in null})
    rows = [
        [world, *(_shown(rates.get((Truth(world, n), PRIMARY)), marks=True) for n in lengths)]
        for world in dict.fromkeys(truth.world for truth in null)
    ]
    return _grid(["returns", *(f"n = {n:,}" for n in lengths)], rows)


def _high_table(rates: Rates, high: Sequence[Truth]) -> str:
    rows = [
        [truth.world, f"{truth.n:,}", f"{truth.base:g}", _shown(rates[truth, PRIMARY], marks=True)] for truth in high
    ]
    return _grid(["returns", "n", "Sharpe ratio of both, a year", PRIMARY], rows)


def _table(rates: Rates, truths: Sequence[Truth], tests: Sequence[str], head: Sequence[str] = ("returns", "n")) -> str:
    rows = [
        [
            *[truth.world, f"{truth.n:,}", f"{truth.gap:g}"][: len(head)],
            *(_shown(rates.get((truth, test))) for test in tests),
        ]
        for truth in truths
    ]
    return _grid([*head, *tests], rows)


def _shown(rate: Rate | None, marks: bool = False) -> str:
    """Return a rate with its standard error in percent; a size of the primary test that is off is in bold."""
    if rate is None:
        return ""
    text = f"{100 * rate.rate:.1f} ± {100 * rate.error:.1f}"
    return f"**{text}**" if marks and not keeps_size(rate.rate) else text


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
