"""The proof sees through series: what becomes known later is hidden and changed, also in a strategy's own copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.data.bundled import bundled_series
from stratkit.data.resample import bar_ends
from stratkit.data.series import ExternalSeries, load_series
from stratkit.data.series_settings import SeriesSettings
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.data.synthetic_series import synthetic_series
from stratkit.features import external
from stratkit.panel import NS_PER_DAY
from stratkit.research.later_series import with_other_later, without_later
from stratkit.research.lookahead import LookaheadReport, check_lookahead
from stratkit.research.proof_series import beside, proof_series
from stratkit.research.sources import StrategySource
from stratkit.seeds import generator
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.catalog import find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.proposals import Proposal
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.testing import check_strategy, sample_bars

OWN_FILE = """
import numpy as np
import pandas as pd
from stratkit.strategies import Strategy

class OwnFile(Strategy):
    "Long while crude oil of the day stands above 70."
    def signals(self, context):
        oil = pd.read_parquet({path!r})
        stamps = pd.DatetimeIndex(oil["timestamp"]).as_unit("ns").asi8
        row = np.searchsorted(stamps, context.bars.times - {lag_ns}, side="right") - 1
        high = (np.where(row >= 0, oil["value"].to_numpy()[row], np.nan) > 70)[:, None] & context.has_bar
        return self.sides(context, long=high, exit=~high)
"""


class ThroughContext(Strategy):
    """Long while crude oil, as far as it was known, stands above 70."""

    needs = ("series:wti",)

    def signals(self, context: Context) -> Signals:
        high = context.series("wti") > 70
        return self.sides(context, long=high, exit=~high)


class BarByBar(BarStrategy):
    """Long while crude oil, as far as it was known, stands above 70, asked on each bar."""

    needs = ("series:wti",)

    def proposals(self, context: Any) -> list[Proposal]:
        oil = context.series("wti")
        return [
            Proposal(each.symbol, "BUY" if oil[each.symbol] > 70 else "SELL")
            for each in context.universe
            if each.has_bar
        ]


@pytest.fixture(scope="module")
def bars() -> Bars:
    return load_bars(DataSettings(symbols=("SP500",), start="2014-06-01", end="2015-12-31"))


def oil(lag: str = "7d") -> ExternalSeries:
    return load_series("wti", SeriesSettings(path="bundled:WTI", publication_lag=lag))


def prove(strategy: type[Strategy], bars: Bars, series: ExternalSeries | None = None) -> LookaheadReport:
    given = oil() if series is None else series
    return check_lookahead(StrategySource(strategy, series={"wti": given}), bars, cuts=60)


def own_file(folder: Path, lag_ns: int = 0, path: Path | None = None) -> type[Strategy]:
    file = folder / f"own_{lag_ns}.py"
    file.write_text(OWN_FILE.format(path=str(path or bundled_series("WTI")), lag_ns=lag_ns), "utf-8")
    return find_strategy(str(file))


def test_a_strategy_that_reads_the_series_through_its_context_is_clean(bars: Bars) -> None:
    report = prove(ThroughContext, bars)
    assert report.verdict == "clean", report.sentence()
    assert not report.notes


def test_so_is_one_that_is_asked_bar_by_bar(bars: Bars) -> None:
    report = prove(BarByBar, bars.slice(0, 120))
    assert report.verdict == "clean", report.sentence()


def test_one_that_reads_the_file_by_date_and_ignores_the_lag_is_caught(tmp_path: Path, bars: Bars) -> None:
    report = prove(own_file(tmp_path), bars)
    assert report.verdict == "leak"
    assert {leak.check for leak in report.leaks} == {"series"}
    assert "side of SP500 on bar" in report.sentence()


def test_so_is_one_that_reads_it_once_when_it_is_loaded(tmp_path: Path, bars: Bars) -> None:
    file = tmp_path / "once.py"
    lines = OWN_FILE.format(path=str(bundled_series("WTI")), lag_ns=0).splitlines()
    read = next(line for line in lines if "read_parquet" in line)
    lines.remove(read)
    lines.insert(4, read.strip().replace("oil =", "OIL = {0: ") + "}")  # in a place where no table is looked for
    file.write_text("\n".join(lines).replace("oil[", "OIL[0]["), "utf-8")
    report = prove(find_strategy(str(file)), bars)
    assert {leak.check for leak in report.leaks} == {"series"}


def test_its_own_copy_of_the_file_gives_it_away_too(tmp_path: Path, bars: Bars) -> None:
    copy = tmp_path / "mine.parquet"
    copy.write_bytes(bundled_series("WTI").read_bytes())
    assert prove(own_file(tmp_path, path=copy), bars).verdict == "leak"


def test_one_that_keeps_the_lag_in_its_own_reading_is_clean(tmp_path: Path, bars: Bars) -> None:
    # a bar of one day ends a day after its stamp: a value of six days before the stamp is seven days old then
    report = prove(own_file(tmp_path, lag_ns=6 * NS_PER_DAY), bars)
    assert report.verdict == "clean", report.sentence()
    assert prove(own_file(tmp_path, lag_ns=5 * NS_PER_DAY), bars).verdict == "leak"


def test_a_join_that_forgets_the_lag_does_not_pass_the_proof(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_date(series: ExternalSeries, panel: Bars) -> Any:
        ends = bar_ends(panel.times, panel.frequency)
        row = np.searchsorted(series.times, ends, side="right") - 1
        return np.broadcast_to(np.where(row >= 0, series.values[row], np.nan)[:, None], panel.shape)

    monkeypatch.setattr(external, "join_series", by_date)
    report = prove(ThroughContext, bars)
    assert report.verdict == "leak"
    assert "truncation" in {leak.check for leak in report.leaks}
    with pytest.raises(AssertionError, match="signals must not change when the bars from"):
        check_strategy(ThroughContext, bars)


def test_a_strategy_that_scales_a_series_by_all_of_it_is_caught(bars: Bars) -> None:
    class Scaled(ThroughContext):
        def signals(self, context: Context) -> Signals:
            panel = context.series("wti")
            high = panel > np.nanmean(panel)
            return self.sides(context, long=high, exit=~high)

    report = prove(Scaled, bars)
    checks = {leak.check.partition(":")[0] for leak in report.leaks}
    assert checks >= {"truncation", "series"}
    said = next(leak.sentence() for leak in report.leaks if leak.check == "series")
    assert "when its external series say something else after bar" in said


def test_only_what_becomes_known_later_is_taken_away_or_changed() -> None:
    panel = sample_bars(200)
    source = StrategySource(ThroughContext, series={"wti": synthetic_series("wti", panel)})
    until = int(panel.times[100])
    before = source.series["wti"].rows(source.series["wti"].known <= until)
    ended = without_later(source, until)
    assert isinstance(ended, StrategySource)
    np.testing.assert_array_equal(ended.series["wti"].known, before.known)
    other = with_other_later(source, until, generator(0, "test"))
    assert isinstance(other, StrategySource)
    changed = other.series["wti"]
    kept = changed.known <= until
    for name in ("times", "known", "values"):
        np.testing.assert_array_equal(getattr(changed, name)[kept], getattr(before, name))
    assert changed.known[kept.sum()] == until + 1, "the first is known at the very next moment"
    assert not np.isin(changed.values[~kept], source.series["wti"].values).any()


def test_the_bundled_series_stands_in_where_its_dates_fit_and_a_made_up_one_elsewhere(bars: Bars) -> None:
    assert proof_series(["vix"], bars)["vix"].source == "VIX.parquet"
    assert proof_series(["vix"], sample_bars(50))["vix"].source == "made up, seed 0"  # of 2020
    assert proof_series(["mood"], bars, seed=3)["mood"].source == "made up, seed 3"


def test_what_is_configured_goes_before_what_is_made_up(bars: Bars) -> None:
    source = StrategySource(ThroughContext)
    settings = DataSettings(series={"wti": SeriesSettings(path="bundled:VIX", publication_lag="2d")})
    assert beside(source, settings, bars, makes_up=True).series["wti"].source == "VIX.parquet"
    assert beside(source, DataSettings(), bars, makes_up=True).series["wti"].source == "WTI.parquet"
    assert not beside(source, DataSettings(), bars).series
