"""External series in a run: read once, known no earlier than they were, on coarser bars and bar by bar too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.backtest import RunConfig, prepare, run_backtest
from stratkit.data import beside
from stratkit.data.bars import Bars
from stratkit.data.series import ExternalSeries, load_series
from stratkit.data.series_settings import SeriesSettings
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError, StrategyError, UsageError
from stratkit.features.external import SeriesSource
from stratkit.panel import NS_PER_DAY
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.context import Context
from stratkit.strategies.proposals import Proposal
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import EXIT, LONG, Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.timeframe import coarser_context, on_coarser_bars

OWN = """
from stratkit.strategies import Strategy

class Calm(Strategy):
    "Long while the VIX is below 15."
    needs = ("series:vix",)
    def signals(self, context):
        vix = context.series("vix")
        return self.sides(context, long=vix < 15, exit=vix > 15)
"""
VIX = {"path": "bundled:VIX", "publication_lag": "1d", "max_age": "10d"}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return load_bars(DataSettings(symbols=("SP500",), start="2014-01-01", end="2015-12-31"))


def config(folder: Path, series: dict[str, Any], **strategy: Any) -> RunConfig:
    (folder / "own.py").write_text(OWN, "utf-8")
    block = {"enabled": True, "type": str(folder / "own.py"), **strategy}
    return RunConfig.model_validate({"data": {"series": series}, "strategies": {"calm": block}})


class Calm(Strategy):
    """Long while the VIX is below 15."""

    def signals(self, context: Context) -> Signals:
        vix = context.series("vix")
        return self.sides(context, long=vix < 15, exit=vix > 15)


class CalmBarByBar(BarStrategy):
    """The same, asked on each bar."""

    def proposals(self, context: Any) -> list[Proposal]:
        vix = context.series("vix")["A"]
        return [Proposal("A", "BUY")] if vix < 15 else [Proposal("A", "SELL")] if vix > 15 else []


def test_a_run_reads_its_series_once_for_all_strategies(
    tmp_path: Path, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(name: str, settings: SeriesSettings) -> ExternalSeries:
        read.append(name)
        return load_series(name, settings)

    monkeypatch.setattr(beside, "load_series", noted)
    settings = config(tmp_path, {"vix": VIX})
    two = settings.model_copy(
        update={"strategies": {"calm": settings.strategies["calm"], "again": settings.strategies["calm"]}}
    )
    result = run_backtest(two, bars)
    assert read == ["vix"]
    assert len(result.trades) > 10


def test_the_result_tells_which_file_was_read(tmp_path: Path, bars: Bars) -> None:
    result = run_backtest(config(tmp_path, {"vix": VIX}), bars)
    assert list(result.provenance["series_digests"]) == ["vix"]
    assert len(result.provenance["series_digests"]["vix"]) == 64
    plain = RunConfig.model_validate({"strategies": {"hold": {"enabled": True, "type": "buy_and_hold"}}})
    assert "series_digests" not in run_backtest(plain, bars).provenance


@pytest.mark.filterwarnings("ignore:data.series.vix is")  # which is what some of the settings change
@pytest.mark.parametrize(
    ("base", "changed"),
    [
        ({}, {"publication_lag": "3d"}),
        ({}, {"publication_lag": "0s", "max_age": "23h"}),
        ({}, {"path": "bundled:WTI"}),
        ({"publication_lag": "12h"}, {"publication_lag": "12h", "max_age": "11h"}),
    ],
)
def test_every_setting_of_a_series_changes_something(
    tmp_path: Path, bars: Bars, base: dict[str, str], changed: dict[str, str]
) -> None:
    first, second = (
        np.asarray(prepare(config(tmp_path, {"vix": {**VIX, **settings}}), bars).desk.signals[0].side)
        for settings in (base, changed)
    )
    assert not np.array_equal(first, second)


def test_a_needed_series_that_is_not_configured_stops_the_run_before_it_begins(tmp_path: Path, bars: Bars) -> None:
    said = "strategies.calm reads an external series: there is no series 'vix'; {}: configure data.series.vix, as in "
    with pytest.raises(UsageError, match=re.escape(said.format("did you mean 'vixx'?"))):
        run_backtest(config(tmp_path, {"vixx": VIX}), bars)
    with pytest.raises(UsageError, match=re.escape(said.format("none is known"))):
        run_backtest(config(tmp_path, {}), bars)


def test_one_that_nobody_announced_is_said_when_it_is_read(bars: Bars) -> None:
    with pytest.raises(StrategyError, match=r"no series 'vix'; none is known: configure data\.series\.vix"):
        run_strategy(Calm(), Context(bars))


def test_a_series_whose_dates_do_not_fit_is_refused(tmp_path: Path) -> None:
    early = load_bars(DataSettings(symbols=("SP500",), start="2005-01-01", end="2006-12-31"))
    with pytest.raises(DataError, match=r"series vix .* must be known on some bar"):
        run_backtest(config(tmp_path, {"vix": VIX}), early)


def daily(closes: int = 10) -> Bars:
    panel = np.ones((closes, 1))
    times = np.arange(closes, dtype=np.int64) * NS_PER_DAY + 4 * NS_PER_DAY  # from a Monday
    return Bars(times, ("A",), panel, panel, panel, panel, panel, frequency="1d")


def context_of(bars: Bars, known_days: list[float], values: list[float]) -> Context:
    known = bars.times[0] + (np.array(known_days) * NS_PER_DAY).astype(np.int64)
    series = ExternalSeries(known, known, np.array(values))
    return Context(bars, external=SeriesSource(bars, {"vix": series}))


def test_on_coarser_bars_a_value_counts_when_the_coarse_bar_ends_and_is_acted_on_when_it_is_complete() -> None:
    # known at the end of the first week, and a nanosecond later: that is the second week's
    context = context_of(daily(14), [7.0, 7.0 + 1e-9], [10.0, 20.0])
    coarse = coarser_context(context, "1w")
    np.testing.assert_array_equal(coarse.series("vix").ravel(), [10.0, 20.0])
    side = np.asarray(on_coarser_bars(Calm(), context, "1w").side).ravel()
    assert side.tolist() == [0] * 6 + [LONG] + [0] * 6 + [EXIT]


def test_what_becomes_known_later_changes_no_earlier_bar_of_a_coarser_run() -> None:
    bars = daily(28)
    known, values = [3.0, 9.5, 16.0, 22.0], [10.0, 20.0, 10.0, 20.0]
    before = np.asarray(on_coarser_bars(Calm(), context_of(bars, known, values), "1w").side)
    other = np.asarray(on_coarser_bars(Calm(), context_of(bars, known, [10.0, 20.0, 99.0, 99.0]), "1w").side)
    assert np.count_nonzero(before) == 4
    np.testing.assert_array_equal(other[:16], before[:16])
    assert not np.array_equal(other, before)


def test_bar_by_bar_a_strategy_sees_what_the_whole_panel_holds() -> None:
    context = context_of(daily(), [0.5, 3.0, 6.5], [10.0, 20.0, 10.0])
    whole, each = (np.asarray(run_strategy(kind(), context).side) for kind in (Calm, CalmBarByBar))
    np.testing.assert_array_equal(each, whole)
    assert whole.ravel().tolist() == [LONG, LONG, EXIT, EXIT, EXIT, EXIT, LONG, LONG, LONG, LONG]


def test_the_series_of_a_context_stand_beside_its_own_bars() -> None:
    with pytest.raises(UsageError, match="the series of a context must stand beside its own bars"):
        Context(daily(), external=SeriesSource(daily()))
