"""The source scan: each rule has a line that it names and a line beside it that it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratkit.research.suspects import suspects_in, suspects_of
from stratkit.strategies.catalog import find_strategy

GUILTY = [
    ("negative-shift", "y = close.shift(-1)"),
    ("negative-shift", "y = close.shift(periods=-n)"),
    ("negative-shift", "y = np.roll(close, -1, axis=0)"),
    ("negative-shift", "y[:-1] = close[1:] / close[:-1]"),
    ("negative-shift", "y = np.append(close[1:], 0.0)"),
    ("negative-shift", "y = close.pct_change(-5)"),
    ("wrapped-shift", "y = np.roll(close, 1)"),
    ("future-index", "for t in range(9): y = close[t + 1]"),
    ("future-index", "for t in range(9): y = close[t:].max(axis=1)"),
    ("future-index", "y = [close[t : t + 5] for t in range(9)]"),
    ("centred-window", "y = close.rolling(5, center=True).mean()"),
    ("centred-window", "y = np.convolve(close, k, mode='same')"),
    ("two-sided", "y = np.gradient(close)"),
    ("two-sided", "y = savgol_filter(close, 5, 2)"),
    ("two-sided", "y = signal.filtfilt(b, a, close)"),
    ("whole-sample", "y = np.nanmean(close, axis=0)"),
    ("whole-sample", "y = close.max()"),
    ("whole-sample", "y = close.quantile(0.9)"),
    ("whole-sample", "y = close.rank(pct=True)"),
    ("whole-sample", "y = np.sort(bars.close)"),
    ("fit-on-all", "y = scaler.fit_transform(x)"),
    ("fit-on-all", "model.fit(x, y)"),
    ("fit-on-all", "b = np.linalg.lstsq(x, y)"),
    ("whole-group", "y = close.groupby(day).transform('max')"),
    ("whole-group", "y = np.maximum.reduceat(high, starts)"),
    ("whole-group", "y = table.groupby('month')['v'].last()"),
    ("backward-fill", "y = close.bfill()"),
    ("backward-fill", "y = close.fillna(method='bfill')"),
    ("interpolation", "y = close.interpolate()"),
    ("interpolation", "y = np.interp(t, times, values)"),
    ("reversed", "y = np.cumsum(close[::-1])[::-1]"),
    ("reversed", "y = np.flip(close)"),
    ("later-join", "y = pd.merge_asof(a, b, direction='nearest')"),
    ("later-join", "y = s.reindex(i, method='nearest')"),
    ("resample", "y = close.resample('1D').last()"),
    ("smoother", "p = result.smoothed_marginal_probabilities"),
    ("smoother", "y = GaussianHMM(2).predict(x)"),
    ("last-bar", "y = bars.close / bars.close[-1]"),
    ("last-bar", "y = frame.iloc[-1]"),
    ("outside-data", "y = pd.read_csv('x.csv')"),
    ("outside-data", "y = open('x')"),
    ("chance", "y = np.random.rand(5)"),
    ("chance", "y = np.random.default_rng()"),
    ("clock", "y = datetime.now()"),
    ("kept-state", "def f():\n    global seen\n    seen = 1"),
    ("kept-state", "@lru_cache\ndef f(): pass"),
]
INNOCENT = [
    "y = close.shift(1)",
    "y = lag(close, 5)",
    "y[1:] = close[1:] / close[:-1]",
    "y = np.append(False, month[1:] != month[:-1])",
    "for t in range(9): y = close[t - 5 : t + 1].max(axis=0)",
    "for t in range(9): y[t + 1] = close[t]",
    "y = close.rolling(5).mean()",
    "y = close.expanding().quantile(0.9)",
    "y = close.rolling(50).rank(pct=True)",
    "y = np.nanmean(close, axis=1)",
    "y = close.rank(axis=1)",
    "y = max(fast, slow)",
    "def f(close, t):\n    past = close[:t]\n    return past.mean(), past[-1]",
    "y = np.maximum.accumulate(close)",
    "model.fit(x[:t], y[:t])",
    "y = close.groupby(day).cummax()",
    "y = close.ffill()",
    "y = pd.merge_asof(a, b)",
    "y = close.resample('1D').last().shift(1)",
    "y = model.predict(x)",
    "y = shape[-1]",
    "y = np.random.default_rng(7)",
    "y = generator(0, 'x').random(5)",
    "y = close.rolling(60).cov(other)",
]


@pytest.mark.parametrize(("rule", "source"), GUILTY)
def test_a_suspect_is_named_with_its_line(rule: str, source: str) -> None:
    found = suspects_in(source, "x.py")
    assert rule in {suspect.rule for suspect in found}
    assert str(found[0]).startswith(f"x.py:{found[0].line}: ")


@pytest.mark.parametrize("source", INNOCENT)
def test_its_innocent_neighbour_is_left_alone(source: str) -> None:
    assert not suspects_in(source, "x.py")


@pytest.mark.parametrize(
    "source",
    [
        "y = close.max()  # causal: close holds the bars so far",
        "# causal: close holds the bars so far\ny = close.max()",
        "y = (\n    close\n    .max()  # causal: close holds the bars so far\n)",
    ],
)
def test_a_comment_with_a_reason_silences_a_line(source: str) -> None:
    assert not suspects_in(source, "x.py")


@pytest.mark.parametrize(
    "source", ["y = close.max()  # causal:", "y = close.max()  # causal: yes", "y = close.max()  # fine"]
)
def test_a_comment_without_one_does_not(source: str) -> None:
    assert suspects_in(source, "x.py")


def test_only_what_the_class_reaches_in_its_file_is_scanned(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text(
        "from stratkit.strategies import Strategy\n"
        "LIMIT = prices.max()\n"
        "def used(x):\n    return deeper(x)\n"
        "def deeper(x):\n    return x.shift(-1)\n"
        "def unused(x):\n    return x.bfill()\n"
        "class One(Strategy):\n    def signals(self, context):\n        return used(context) > LIMIT\n"
        "class Two(Strategy):\n    def signals(self, context):\n        return context\n"
    )
    source = file.read_text()
    assert [(each.line, each.rule) for each in suspects_in(source, "two.py", "One")] == [
        (2, "whole-sample"),
        (6, "negative-shift"),
    ]
    assert not suspects_in(source, "two.py", "Two")


def test_a_class_is_scanned_by_its_file_and_what_has_none_is_not() -> None:
    assert not suspects_of(find_strategy("sma_cross"))
    assert not suspects_of(int)
    assert not suspects_of(None)
