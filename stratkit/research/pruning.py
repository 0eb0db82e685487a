"""`judged`: whether a trial is stopped on the way, by its Sharpe ratios on the first parts of the bars."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stratkit.engine.tally import Tally
from stratkit.inference.trial_sums import TrialSums, sharpes_from
from stratkit.panel import FloatArray, IntArray
from stratkit.research.search_settings import PruningSettings
from stratkit.research.trials import Outcome, Unfinished


class Stopped(Exception):  # noqa: N818  no error: the end of a replay that is not worth going on with
    """Ends a replay under way; `why` is what becomes of its trial."""

    def __init__(self, why: Unfinished) -> None:
        super().__init__(why.reason)
        self.why = why


def sharpes_so_far(outcome: Outcome, folds: int) -> FloatArray:
    """Return (folds - 1,) Sharpe ratios per period at the end of each equal part of the bars but the last.

    Those are what `stop_below` is compared with, in every bit. The parts end as buckets do (`fold_buckets`). NaN where
    fewer than two periods have ended, 0 where returns do not vary.
    """
    return sharpes_of(outcome.count, outcome.total, outcome.squares, folds)


def sharpes_of(count: IntArray, total: FloatArray, squares: FloatArray, folds: int) -> FloatArray:
    """Return the same of sums in buckets (B,), of which those of later parts may still be empty."""
    ends = fold_buckets(len(count), folds)
    # running sums, one bucket after the other: their bits depend on nothing that comes later
    n, sums, squared = (np.concatenate(([0.0], np.cumsum(values)))[ends] for values in (count, total, squares))
    enough = n > 1
    return np.where(enough, sharpes_from(np.where(enough, n, 2.0), sums, squared), np.nan)


def fold_buckets(buckets: int, folds: int) -> IntArray:
    """Return (folds - 1,) the number of buckets before the end of each of `folds` equal parts but the last.

    >>> fold_buckets(256, 4).tolist()
    [64, 128, 192]
    """
    return np.arange(1, folds) * buckets // folds


def fold_bars(tally: Tally, folds: int) -> IntArray:
    """Return (folds - 1,) the number of bars before the end of each part but the last."""
    ends = fold_buckets(len(tally.count), folds)
    bars: IntArray = np.concatenate(([0], tally.buckets.ends + 1))[ends]
    return bars


def judged(sharpes: FloatArray, stop_below: FloatArray) -> Unfinished | None:
    """Return why a trial with these Sharpe ratios so far (folds - 1,) is stopped, None when it is not."""
    below = np.flatnonzero(sharpes < stop_below)
    if not len(below):
        return None
    fold = int(below[0])
    return Unfinished(
        "pruned",
        f"its Sharpe ratio per period after part {fold + 1} of {len(stop_below) + 1} is {sharpes[fold]:.4g}, below "
        f"{stop_below[fold]:.4g}",
    )


def watch(tally: Tally, stop_below: FloatArray) -> Callable[[int, int], None]:
    """Return what raises `Stopped` in a replay under way once a part of its bars is done with a ratio below."""
    folds = len(stop_below) + 1
    bars = fold_bars(tally, folds)

    def look(done: int, _: int) -> None:
        over = bars <= done
        if over.any():
            sharpes = sharpes_of(tally.count, tally.buckets.total[0], tally.buckets.squares[0], folds)
            why = judged(np.where(over, sharpes, np.nan), stop_below)
            if why is not None:
                raise Stopped(why)

    return look


def stop_below(sums: TrialSums | None, settings: PruningSettings | None) -> FloatArray | None:
    """Return (folds - 1,) thresholds from the complete trials so far, None while nobody is judged.

    At the end of fold k it is the percentile of the Sharpe ratios per period that those trials had there, from their
    sums in buckets of time.
    """
    if settings is None or sums is None or sums.trials < settings.startup_trials:
        return None
    buckets = len(sums.count)
    ends = np.array([fold * buckets // settings.folds for fold in range(1, settings.folds)])
    if ends[0] < 1:
        return None
    so_far = np.arange(buckets) < ends[:, None]
    return np.asarray(np.percentile(sums.sharpes_of(so_far), settings.percentile, axis=1))
