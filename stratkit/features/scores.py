"""Scores: how much each feature tells of what followed, by three measures of scikit-learn."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.features.settings import Selection
from stratkit.panel import FloatArray
from stratkit.seeds import generator

_LEAST_ROWS: Final = 30  # fewer pairs of feature and label say nothing
_HIGHEST: Final = 1e12  # a score that can still be divided by
_TREES: Final = 100
_DEPTH: Final = 4  # shallow: the forest ranks, it does not predict
_LEAST_LEAF: Final = 0.02  # of the rows


def feature_scores(
    rows: FloatArray, labels: FloatArray, method: Selection, *, classes: bool, seed: int, bar: int
) -> FloatArray:
    """Return (F,) a score for each column of `rows` (rows, F), higher = tells more; NaN = cannot be scored.

    A feature is scored on the rows where it has a value; all `labels` (rows,) are finite, and `classes` says that
    they are 0 or 1. `seed` and the refit's `bar` name the random numbers that two of the methods draw. Where labels
    or a column never differ there is no score.

    F test: between-class over within-class variance, or the F statistic of the correlation with the return.
    Mutual information: of the three nearest neighbours, in nats. Source: A. Kraskov, H. Stoegbauer, P. Grassberger,
    Physical Review E 69, 066138 (2004); B. C. Ross, PLoS ONE 9(2) (2014). Importance: the share of the
    impurity that splits on a feature remove in a random forest. Source: L. Breiman, Machine Learning 45 (2001), p. 5.
    """
    found = np.full(rows.shape[1], np.nan)
    if method == "none":
        return found
    pairs = np.isfinite(rows)
    columns = [
        column
        for column in range(rows.shape[1])
        if pairs[:, column].sum() >= _LEAST_ROWS
        and np.ptp(rows[pairs[:, column], column]) > 0
        and np.ptp(labels[pairs[:, column]]) > 0
    ]
    if not columns:
        return found
    state = int(generator(seed, "features", method, bar).integers(2**31))
    if method == "importance":
        found[columns] = _importance(rows[:, columns], labels, classes, state)
        return found
    for column in columns:
        here = pairs[:, column]
        values = np.ascontiguousarray(rows[here, column]).reshape(-1, 1)
        score = _f_test if method == "f_test" else _mutual_information
        found[column] = score(values, labels[here], classes, state)
    return found


def _f_test(values: FloatArray, labels: FloatArray, classes: bool, _state: int) -> float:
    from sklearn.feature_selection import f_classif, f_regression

    with np.errstate(divide="ignore"):  # a feature that never errs has no variance within: infinite
        statistic, _ = f_classif(values, labels) if classes else f_regression(values, labels)
    return float(min(statistic[0], _HIGHEST))


def _mutual_information(values: FloatArray, labels: FloatArray, classes: bool, state: int) -> float:
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    measure = mutual_info_classif if classes else mutual_info_regression
    return float(measure(values, labels, discrete_features=False, n_neighbors=3, random_state=state)[0])


def _importance(rows: FloatArray, labels: FloatArray, classes: bool, state: int) -> FloatArray:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    forest = RandomForestClassifier if classes else RandomForestRegressor
    model = forest(
        n_estimators=_TREES, max_depth=_DEPTH, min_samples_leaf=_LEAST_LEAF, max_features="sqrt", n_jobs=1,
        random_state=state,
    )  # fmt: skip
    gains: FloatArray = model.fit(rows, labels).feature_importances_
    return gains
