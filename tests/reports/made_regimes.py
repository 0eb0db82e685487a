"""Studies of regimes made up: a price that grows, labels by hand, a run and methods that hang together with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from stratkit.analytics.regime_agreement import agreement
from stratkit.analytics.regime_split import split_trades
from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings
from stratkit.reports.regime_content import RegimeContent
from stratkit.research.regime_comparison import ComparedMethod, MethodComparison
from stratkit.research.regime_of_run import RunByRegime
from stratkit.research.regime_study import LabelledSeries, RegimeStudy, facts_of

NAMES = ("low_volatility", "high_volatility", "never_seen")


def made_bars(n: int, symbols: tuple[str, ...], seed: int = 2) -> Bars:
    """Return daily bars that grow fivefold and more, wilder in every second fifth."""
    draw = np.random.Generator(np.random.PCG64(seed))
    wild = (np.arange(n) * 5 // n) % 2
    moves = 0.004 * (1 + 2 * wild)[:, None] * draw.standard_normal((n, len(symbols))) + 2.0 / n
    close = 100 * np.exp(np.cumsum(moves, axis=0))
    times = (np.arange(n, dtype=np.int64) + 3_000) * NS_PER_DAY
    return Bars(times, symbols, close, close * 1.01, close * 0.99, close, np.ones_like(close), "1d")


def made_labels(bars: Bars, warmup: int, causal: bool, has_probability: bool) -> RegimeLabels:
    """Return labels of the fifths, none in the warm-up, and probabilities of 0.8 where a label is."""
    n, symbols = bars.close.shape
    label = np.repeat(((np.arange(n) * 5 // n) % 2)[:, None], symbols, axis=1).astype(np.int8)
    label[:warmup] = -1
    probability = np.full((n, symbols, 3), 0.1)
    np.put_along_axis(probability, np.maximum(label, 0)[:, :, None].astype(np.int64), 0.8, axis=2)
    probability[:warmup] = np.nan
    confidence = np.where(label < 0, np.nan, 0.8)
    return RegimeLabels(
        "hmm", NAMES, label, confidence, causal, probability if has_probability else None,
        rule="most probable of three states", refits=(warmup, warmup + 60) if causal else (),
    )  # fmt: skip


def regime_content(
    n: int = 900, symbols: tuple[str, ...] = ("ACME",), causal: bool = True, has_probability: bool = True,
    warmup: int = 100, left_out: tuple[tuple[str, str], ...] = (),
) -> RegimeContent:  # fmt: skip
    """Return a study of a few symbols."""
    bars = made_bars(n, symbols)
    labels = made_labels(bars, warmup, causal, has_probability)
    returns = np.full(bars.close.shape, np.nan)
    returns[1:] = bars.close[1:] / bars.close[:-1] - 1
    series = tuple(
        LabelledSeries(
            facts_of(name, labels, column, bars.close, returns, 252.0, 0.0), column, bars.close[:, column],
            returns[:, column],
        )
        for column, name in enumerate(symbols)
    )  # fmt: skip
    settings = RegimeSettings(method="hmm")
    study = RegimeStudy(bars, settings, "hmm", 0, labels, series, left_out, 252.0, 0.0, len(symbols))
    return RegimeContent("Regimes of ACME by hmm", study, command="stratkit regime", config_text="seed: 0\n")


def with_methods(content: RegimeContent) -> RegimeContent:
    """Return the study beside a method that says the same later, and one that could not be made."""
    study, first = content.study, content.study.series[0]
    late = np.roll(study.labels.label, 20, axis=0)
    labels = replace(study.labels, label=late, causal=False)
    facts = facts_of(first.name, labels, 0, first.close[:, None], first.returns[:, None], 252.0, 0.0)
    methods = (
        ComparedMethod("hmm", True, study.labels, first.facts),
        ComparedMethod("pelt", False, labels, facts),
        ComparedMethod("markov", True, reason="this needs: pip install 'stratkit[regime]'"),
    )
    columns = [study.labels.label[:, 0].astype(np.int64), late[:, 0].astype(np.int64)]
    pairs = [[agreement(one, other, first.returns) for other in columns] for one in columns]
    rows = ((*pairs[0], None), (*pairs[1], None), (None, None, None))
    return replace(content, compared=MethodComparison(first.name, methods, rows))


def with_run(content: RegimeContent) -> RegimeContent:
    """Return the study beside a run of forty trades, one of them open and one of no label."""
    draw = np.random.Generator(np.random.PCG64(8))
    code = np.append(-1, draw.integers(0, 2, 39))
    split = split_trades(
        NAMES, code, np.arange(40) // 4, draw.normal(20, 100, 40), draw.normal(0.2, 1, 40),
        (np.arange(40) == 39).astype(np.int64),
    )  # fmt: skip
    account = content.study.series[0].facts
    folder = Path("reports/20200101-000000-abcdef")
    return replace(content, run=RunByRegime(folder.name, folder, split, account, "ACME"))
