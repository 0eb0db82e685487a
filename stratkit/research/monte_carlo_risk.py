"""`ruin`, `cone`: how often so much is lost, and whether the account went on as its first returns had promised."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from stratkit.errors import DataError, UsageError
from stratkit.inference.block_length import block_length
from stratkit.inference.cone import Cone, confidence_cone
from stratkit.inference.interval import Interval
from stratkit.inference.path_sample import GRID, grid_of
from stratkit.inference.ruin import Ruin, risk_of_ruin
from stratkit.panel import FloatArray, format_time, parse_time
from stratkit.research.monte_carlo_record import Fan, PathRow, Procedure
from stratkit.research.monte_carlo_returns import FEWEST, LEVELS, ReturnPaths, block_note
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_words import WORDS
from stratkit.seeds import generator

_HELD_BACK = 0.25  # of the returns, where nobody says from when the cone is a forecast


def ruin(paths: ReturnPaths) -> Procedure:
    """Return how often paths lose each of the shares asked for."""
    words, sample, count = WORDS["ruin"], paths.sample, len(paths.run.returns)
    found = risk_of_ruin(sample.max_drawdown, sample.lowest, paths.settings.ruin, is_exact=sample.is_exact)
    return Procedure(
        "ruin", words.title, words.tests, words.varies, sample.paths, sample.is_exact,
        tuple(row for one in found for row in _ruin_rows(one)),
        notes=(
            f"within {count:,} returns, {count / paths.run.basis.per_year:.1f} years; bounds are those of Clopper and "
            "Pearson, and hold for 0 paths too",
            block_note(paths),
        ),
        not_answered=words.not_answered,
    )  # fmt: skip


def cone(paths: ReturnPaths) -> Procedure:
    """Return where the account had to be expected after the split, by its returns before, and where it went."""
    run, settings, words = paths.run, paths.settings, WORDS["cone"]
    split = split_place(run, settings.split)
    before = run.returns[:split]
    if not np.ptp(before) > 0:
        raise DataError("the returns before the split must vary; all of them are the same: set --split later")
    block = settings.block_bars or block_length(before[:, None])
    found = confidence_cone(
        run.returns, split=split, mean_block_bars=block, paths=settings.paths,
        draw=generator(settings.seed, "montecarlo", "cone"), levels=LEVELS, workers=settings.workers, told=paths.told,
    )  # fmt: skip
    return Procedure(
        "cone", words.title, words.tests, words.varies, found.paths, False, _cone_rows(found),
        fans=(_cone_fan(run, found),), notes=tuple(_cone_notes(run, found)), not_answered=words.not_answered,
    )  # fmt: skip


def split_place(run: StudiedRun, date: str | None) -> int:
    """Return how many returns stand before the split.

    It lies at `date`; without one behind the bars that a search saw, else before the last quarter. Raises `UsageError`
    for a date that leaves too few returns on either side.
    """
    count = len(run.returns)
    if count < 2 * FEWEST:
        raise DataError(f"a cone needs {FEWEST} returns before the split and as many behind; the run has {count}")
    place = count - round(_HELD_BACK * count)
    if date is not None:
        place = int(np.searchsorted(run.return_times, parse_time(date, "--split")))
    elif run.searched is not None and run.searched.config.data.end is not None:
        end = parse_time(run.searched.config.data.end, "the end of the search")
        seen = int(np.searchsorted(run.return_times, end, side="right"))
        place = seen if FEWEST <= seen <= count - FEWEST else place
    if not FEWEST <= place <= count - FEWEST:
        raise UsageError(
            f"--split must leave {FEWEST} returns on both sides of it; found {place} before {date} and {count - place} "
            f"from then on: the returns reach from {_date(run, 0)} to {_date(run, count - 1)}"
        )
    return place


def _ruin_rows(one: Ruin) -> Iterator[PathRow]:
    for words, share, error in (
        ("Falls {:.4g}% from its peak", one.from_peak, one.from_peak_error),
        ("Loses {:.4g}% of its start", one.from_start, one.from_start_error),
    ):
        yield _share_row(words.format(100 * one.limit), share, error)


def _share_row(name: str, share: Interval, error: float) -> PathRow:
    nan = math.nan
    return PathRow(
        name, "fraction", "lower", nan, nan, nan, nan, share.estimate, nan, error, share.low, share.high, share.level
    )


def _cone_rows(found: Cone) -> tuple[PathRow, ...]:
    nan, ends = math.nan, found.values[:, -1] - 1.0
    return (
        PathRow(
            "Return after the split", "fraction", "higher", float(found.observed[-1]) - 1.0, float(ends[0]),
            float(ends[2]), float(ends[-1]), nan, found.p_value, found.p_error, nan, nan,
        ),
        PathRow(
            f"Time outside the {found.band:.0%} band", "fraction", "lower", found.outside, nan, nan, nan, nan, nan, nan,
            nan, nan,
        ),
    )  # fmt: skip


def _cone_fan(run: StudiedRun, found: Cone) -> Fan:
    level = np.concatenate(([1.0], np.cumprod(1.0 + run.returns)))
    earlier = grid_of(found.split, GRID)
    steps = np.concatenate((earlier, found.split + found.steps[1:]))
    observed, at_split = level[steps], level[found.split]
    known: FloatArray = np.repeat(level[earlier][None], len(found.levels), axis=0)
    values = np.concatenate((known, found.values[:, 1:] * at_split), axis=1)
    times = np.concatenate((run.times[:1], run.return_times))
    return Fan(
        "Equity and the cone from the split on", "bars", found.levels, steps, values, observed, times[steps],
        found.split,
    )  # fmt: skip


def _cone_notes(run: StudiedRun, found: Cone) -> Iterator[str]:
    yield (
        f"the split lies at {_date(run, found.split)}: {found.split:,} returns before it, {found.bars:,} from then on; "
        "--split sets another date"
    )
    yield f"{found.ended:.1%} of the paths end below the account; p is two-sided: small where it left the cone"
    yield found.caveat
    yield f"blocks of {found.mean_block_bars:.1f} returns in the mean"


def _date(run: StudiedRun, place: int) -> str:
    return format_time(int(run.return_times[place]))
