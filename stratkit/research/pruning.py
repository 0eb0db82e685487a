"""`stop_below`: the Sharpe ratio that a trial must have after each part of the bars, by those that went before it."""

from __future__ import annotations

import numpy as np

from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray
from stratkit.research.search_settings import PruningSettings


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
