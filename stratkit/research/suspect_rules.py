"""`RULES`: the usual suspects of looking ahead, each a function from a syntax tree to what it finds."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Final

from stratkit.research.syntax import (
    ROLLING,
    Found,
    across,
    all_bounded,
    attribute_of,
    bounded_names,
    called,
    calls,
    ends_early,
    functions,
    has_negative,
    in_chain,
    is_after,
    is_bounded,
    is_future_slice,
    is_harmless,
    keyword_of,
    last_word,
    leads_with_later,
    loop_names,
    mentions_bars,
    names_in,
    names_of_bars,
    number_of,
    reads,
    starts_late,
)

Rule = Callable[[ast.AST], Iterator[Found]]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WHOLE: Final = _words(
    "mean nanmean min nanmin max nanmax std nanstd var nanvar median nanmedian quantile nanquantile percentile "
    "nanpercentile argmax argmin nanargmax nanargmin ptp average amax amin"
)
_WHOLE_FRAME: Final = frozenset(("rank", "idxmax", "idxmin", "describe", "mad", "skew", "kurt"))
_FITTED: Final = _words("polyfit lstsq corrcoef cov pinv svd eigh solve zscore minmax_scale rankdata qcut")
_TWO_SIDED: Final = {
    "gradient": "np.gradient uses the next value",
    "savgol_filter": "a Savitzky-Golay filter is centred",
    "filtfilt": "filtfilt runs backwards too",
    "sosfiltfilt": "sosfiltfilt runs backwards too",
    "medfilt": "medfilt is centred",
    "gaussian_filter1d": "a Gaussian filter is centred",
    "uniform_filter1d": "the filter is centred",
    "median_filter": "the filter is centred",
    "detrend": "the trend of the whole sample is taken off",
    "hilbert": "a Hilbert transform uses the whole sample",
    "hpfilter": "the Hodrick-Prescott filter is two-sided",
    "bkfilter": "the Baxter-King filter is centred",
    "seasonal_decompose": "the decomposition is centred",
    "STL": "STL smooths both ways",
    "lowess": "lowess smooths both ways",
    "UnivariateSpline": "a spline is fitted to the whole sample",
    "CubicSpline": "a spline goes through later points too",
    "find_peaks": "a peak is known only after the fall behind it",
    "argrelextrema": "an extreme is known only after the bars behind it",
    "argrelmax": "an extreme is known only after the bars behind it",
    "argrelmin": "an extreme is known only after the bars behind it",
    "fft": "a Fourier transform uses the whole sample",
    "rfft": "a Fourier transform uses the whole sample",
}
_SMOOTHERS: Final = frozenset(
    (
        "smooth",
        "smoother",
        "decode",
        "viterbi",
        "smoothed_marginal_probabilities",
        "smoothed_state",
        "rts_smoother",
        "kim_smoother",
        "hmm_described",
        "pelt_labels",
        "pelt_change_points",
    )
)
_HIDDEN_STATES: Final = ("hmm", "markov", "kalman")
_FILES: Final = _words(
    "open read_csv read_parquet read_excel read_json read_feather read_pickle read_table read_text read_bytes "
    "loadtxt genfromtxt fromfile urlopen connect"
)
_CHANCE: Final = _words("random rand randn randint normal choice shuffle permutation uniform urandom")
_CHANCE_MODULES: Final = ("np.random.", "numpy.random.", "random.", "os.", "secrets.")
_CLOCK: Final = _words("now today utcnow time_ns perf_counter")


def shifted_back(tree: ast.AST) -> Iterator[Found]:
    """Find values that are moved from later bars to earlier ones."""
    for call in calls(tree):
        name = called(call)
        if name in ("shift", "lag", "diff", "pct_change", "tshift", "roll") and has_negative(call):
            yield Found(call, "negative-shift", f"{name}(-n) brings a later value to an earlier bar")
        elif name == "roll":
            yield Found(call, "wrapped-shift", "np.roll puts the last values of the sample before the first")
        elif name in ("append", "concatenate", "hstack", "vstack", "r_") and leads_with_later(call):
            yield Found(call, "negative-shift", "the array begins with its second value: each bar gets the next one")
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(map(ends_early, node.targets)) and starts_late(node.value):
            yield Found(node, "negative-shift", "x[:-n] = y[n:] brings a later value to an earlier bar")


def next_indexes(tree: ast.AST) -> Iterator[Found]:
    """Find reads of x[t + 1] and x[t:], t being a loop's bar."""
    bars = {name.id for loop in ast.walk(tree) for name in loop_names(loop)}
    for node in reads(tree):
        index = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if is_after(index, bars):
            yield Found(node, "future-index", f"{ast.unparse(node)} reads behind the bar of the loop")
        elif isinstance(index, ast.Slice) and is_future_slice(index, bars):
            yield Found(node, "future-index", f"{ast.unparse(node)} reaches behind the bar of the loop")


def centred_windows(tree: ast.AST) -> Iterator[Found]:
    """Find windows and filters that lie on both sides of a bar."""
    for call in calls(tree):
        name = called(call)
        if keyword_of(call, "center") is True:
            yield Found(call, "centred-window", "center=True takes half of the window from later bars")
        elif name in ("convolve", "correlate") and keyword_of(call, "mode") == "same":
            yield Found(call, "centred-window", 'mode="same" centres the window')
        elif name in _TWO_SIDED:
            yield Found(call, "two-sided", _TWO_SIDED[name])


def whole_samples(tree: ast.AST) -> Iterator[Found]:
    """Find statistics, models and scalers of all bars at once."""
    for scope in functions(tree):
        bounded = bounded_names(scope)
        for call in calls(scope):
            name = called(call)
            if name in ("fit_transform", "fit_predict"):
                yield Found(call, "fit-on-all", f"{name} learns from every row that it is given")
            elif name == "fit" and call.args and not is_bounded(call.args[0], bounded):
                yield Found(call, "fit-on-all", "the model learns from every row that it is given")
            elif name in _FITTED and not across(call) and not all_bounded(call, bounded):
                yield Found(call, "fit-on-all", f"{name} uses every row that it is given")
            elif name in _WHOLE | _WHOLE_FRAME and not is_harmless(call, bounded):
                yield Found(call, "whole-sample", f"{name} of all bars knows the later ones")
            elif (name in ("transform", "reduceat") and not in_chain(call, ROLLING)) or (
                name in ("last", "agg", "aggregate", "nth", "tail") and in_chain(call, frozenset(("groupby",)))
            ):
                yield Found(call, "whole-group", f"{name} gives every row of a group what is known at its end")
            elif name in ("sort", "argsort", "sorted") and mentions_bars(call) and not across(call):
                yield Found(call, "whole-sample", f"{name} of all bars knows the later ones")


def filled_back(tree: ast.AST) -> Iterator[Found]:
    """Find holes that are filled from behind, and reversed series."""
    for call in calls(tree):
        name = called(call)
        if name in ("bfill", "backfill") or keyword_of(call, "method") in ("bfill", "backfill"):
            yield Found(call, "backward-fill", "a hole gets the value that came after it")
        elif name in ("interpolate", "interp", "interp1d"):
            yield Found(call, "interpolation", "a hole gets a value between the one before and the one after")
        elif name in ("flip", "flipud"):
            yield Found(call, "reversed", "a reversed series accumulates from the end")
    for node in reads(tree):
        index = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if isinstance(index, ast.Slice) and index.step is not None and number_of(index.step) == -1:
            yield Found(node, "reversed", "[::-1] accumulates from the end")


def joins(tree: ast.AST) -> Iterator[Found]:
    """Find joins in time that may take the later value."""
    later = [call for call in calls(tree) if called(call) == "shift" and not has_negative(call)]
    shifted = {below for call in later for below in calls(call)}
    for call in calls(tree):
        name = called(call)
        if keyword_of(call, "direction") in ("nearest", "forward"):
            yield Found(call, "later-join", f'direction="{keyword_of(call, "direction")}" may take the later row')
        elif keyword_of(call, "method") == "nearest":
            yield Found(call, "later-join", 'method="nearest" may take the later row')
        elif name == "resample" and call not in shifted:
            yield Found(call, "resample", "a resampled bar is stamped before it ends: shift it by one before joining")


def smoothers(tree: ast.AST) -> Iterator[Found]:
    """Find hidden states that are told from the whole sample."""
    hidden = any(word in ast.unparse(tree).lower() for word in _HIDDEN_STATES)
    for call in calls(tree):
        name = called(call)
        if name in _SMOOTHERS or (hidden and name in ("predict", "predict_proba")):
            yield Found(call, "smoother", f"{name} tells a state from the bars before and behind it: filter instead")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _SMOOTHERS and "smoothed" in node.attr:
            yield Found(node, "smoother", f"{node.attr} knows the whole sample: take the filtered ones")


def last_bars(tree: ast.AST) -> Iterator[Found]:
    """Find the last value of a whole array of bars."""
    for scope in functions(tree):
        bounded, bar_names = bounded_names(scope), names_of_bars(scope)
        for node in reads(scope):
            index = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
            number = number_of(index)
            if number is None or number >= 0 or is_bounded(node.value, bounded):
                continue
            if mentions_bars(node.value) or names_in(node.value) & bar_names or attribute_of(node.value) == "iloc":
                yield Found(node, "last-bar", f"{ast.unparse(node)} is the last bar of the sample at every bar")


def outside_data(tree: ast.AST) -> Iterator[Found]:
    """Find what no proof can see into: files, chance, the clock, and what is kept between calls."""
    for call in calls(tree):
        name, whole = called(call), ast.unparse(call.func)
        if name in _FILES or whole in ("np.load", "numpy.load", "pickle.load", "json.load", "requests.get"):
            yield Found(call, "outside-data", "what it reads may have been known later than its dates say")
        elif (name in _CHANCE and whole.startswith(_CHANCE_MODULES)) or (name == "default_rng" and not call.args):
            yield Found(call, "chance", "two equal runs may differ: draw from stratkit.seeds.generator")
        elif (name in _CLOCK and "." in whole) or whole == "time.time":
            yield Found(call, "clock", "the result depends on when it runs")
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield Found(node, "kept-state", f"{', '.join(node.names)} outlives the call and may remember later bars")
        elif isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if last_word(decorator) in ("cache", "lru_cache"):
                    yield Found(decorator, "kept-state", "a cache outlives the call and may remember later bars")


RULES: Final[tuple[Rule, ...]] = (
    shifted_back,
    next_indexes,
    centred_windows,
    whole_samples,
    filled_back,
    joins,
    smoothers,
    last_bars,
    outside_data,
)
