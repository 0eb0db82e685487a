"""The page as a file: its size, its safety, its words, and the runs that are not as usual."""

from __future__ import annotations

import dataclasses
import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_runs import INITIAL, sample_bars, sample_content, sample_result, sample_scorecard
from test_payload import unpack

from stratkit.analytics.months import MonthlyTable
from stratkit.data.bars import Bars
from stratkit.errors import OutputError
from stratkit.reports import offline
from stratkit.reports.charts import decision_counts, exit_reasons, histogram
from stratkit.reports.content import ReportContent
from stratkit.reports.offline import MAX_PAGE_BYTES
from stratkit.reports.page import render_page, write_report
from stratkit.reports.series import prepare_series, rolling_window
from stratkit.reports.settings import ReportSettings
from stratkit.reports.tables import heat_rows

EVIL = "</script><script>alert(1)</script>"


def payload_of(text: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    found = re.search(r'id="payload">([^<]*)<', text)
    assert found is not None
    return unpack(found[1])


def visible(text: str) -> str:
    """Return the words of a page without scripts, styles and tags."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)))


def many_symbols(count: int, bars: int = 300) -> Bars:
    return sample_bars(bars, tuple(f"S{number:03d}" for number in range(count)), seed=11)


def test_a_million_bars_with_twenty_thousand_trades_stay_under_the_limit(tmp_path: Path) -> None:
    bars = sample_bars(1_000_000, frequency="1min")
    content = sample_content(bars)
    assert len(content.result.trades) > 20_000
    path = write_report(tmp_path, content, ReportSettings())
    assert path == tmp_path / "report.html"
    assert path.stat().st_size < MAX_PAGE_BYTES
    header, arrays = payload_of(path.read_text())
    assert arrays["equity.y"].max() == np.float32(content.result.equity.max())
    assert arrays["equity.y"].min() == np.float32(content.result.equity.min())
    assert arrays["price.0.high"].max() == np.float32(bars.high.max())
    assert len(arrays["trades.pnl"]) == 2_000
    assert "2,000 of" in header["facts"]["trades.rule"]


def test_the_largest_settings_are_thinned_until_the_page_fits(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    bars = sample_bars(60_000, frequency="1min")
    result = sample_result(bars, 2, 3)
    noisy = dataclasses.replace(result, equity=INITIAL * rng.uniform(0.5, 1.5, len(bars.times)))
    greedy = ReportSettings(max_points=4_000, max_candles=4_000, max_trades=4_000)
    content = sample_content(bars, noisy)
    assert len(render_page(content, greedy).encode()) > MAX_PAGE_BYTES
    assert write_report(tmp_path, content, greedy).stat().st_size < MAX_PAGE_BYTES


def test_text_from_users_and_files_never_becomes_markup() -> None:
    bars = sample_bars(120, (EVIL,))
    result = sample_result(bars, strategies=(EVIL,))
    card = sample_scorecard(result.equity)
    hostile = dataclasses.replace(card.metrics[0], label=EVIL, formula=EVIL, reason=EVIL, group=EVIL)
    content = sample_content(
        bars, result, title=EVIL, subtitle=EVIL, profile=EVIL, config_text=f"name: {EVIL}", command=EVIL,
        warnings=(EVIL,), provenance=((EVIL, EVIL),),
        scorecard=dataclasses.replace(card, metrics=(hostile, *card.metrics[1:]), basis=EVIL, periods_source=EVIL),
    )  # fmt: skip
    text = render_page(content, ReportSettings())
    assert "alert(1)</script>" not in text
    assert text.count("<script") == 4  # theme, payload, library, page
    assert visible(text).count(EVIL) > 10
    assert payload_of(text)[0]["facts"]["symbols"] == [EVIL]


def test_only_scripts_of_known_content_may_run_and_nothing_may_be_loaded() -> None:
    text = render_page(sample_content(sample_bars(60)), ReportSettings())
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert found is not None
    policy = html.unescape(found[1])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "http" not in policy
    assert not re.findall(r'(?:src|href)="(?!#|data:,)', text)


def test_two_renders_of_the_same_run_are_the_same_bytes() -> None:
    content = sample_content(sample_bars(200))
    assert render_page(content, ReportSettings()) == render_page(content, ReportSettings())


def test_the_head_says_what_ran_on_what_under_which_fills() -> None:
    words = visible(render_page(sample_content(sample_bars(200)), ReportSettings()))
    for part in ("sma_cross", "ACME", "conservative", "2012-01-02", "200 × 1d", "100,000 →", "ACME, buy and hold"):
        assert part in words
    assert "95% interval" in words
    assert "trials not counted" in words
    assert "optimistic" not in words


def test_optimistic_stands_beside_every_sharpe_of_a_run_that_fills_at_the_close() -> None:
    text = render_page(sample_content(sample_bars(200), profile="close", optimistic=True), ReportSettings())
    assert re.search(r"Sharpe ratio <span class=\"badge\">optimistic</span></h2>", text)
    versus = r'(<span class="m-versus">[^<]*</span>)?'
    row = rf'Sharpe ratio <span class="badge">optimistic</span></span>{versus}<span class="m-value">'
    assert re.search(row, text)
    assert "optimistic." in visible(text)  # under the rolling ratio


@pytest.mark.parametrize(
    ("trials", "words"),
    [(None, "trials not counted"), (1, "1 trial"), (1200, "1,200 trials (effective 2.5), deflated 0.71")],
)
def test_a_sharpe_says_how_many_trials_it_was_picked_from(trials: int | None, words: str) -> None:
    evidence = {"trials": trials, "effective_trials": 2.5, "psr": 0.93, "deflated_sharpe": 0.71, "luck_sharpe_ann": 0.3}
    page = visible(render_page(sample_content(sample_bars(60), evidence=evidence), ReportSettings()))
    assert words in page
    assert ("What is left of the Sharpe ratio" in page) is (trials is not None)


def test_every_figure_of_the_evidence_has_its_sentence() -> None:
    evidence = {
        "trials": 9, "effective_trials": 4.2, "psr": 0.93, "deflated_sharpe": 0.71, "luck_sharpe_ann": 0.3,
        "pbo": 0.42, "pbo_trials": 8, "pbo_splits": 12870, "spa_p": None, "same_bars": 8,
        "reasons": {"spa_p": "the returns of the trials on these bars do not suffice"},
    }  # fmt: skip
    page = visible(render_page(sample_content(sample_bars(60), evidence=evidence), ReportSettings()))
    for part in (
        "9 trials (effective 4.2); PSR 0.93, deflated 0.71; luck alone: 0.30; PBO 0.42",
        "In this share of the 12,870 ways to halve the bars, the best of the 8 trials",
        "Not known: the returns of the trials on these bars do not suffice.",
    ):
        assert part in page


def test_a_metric_without_a_value_is_not_available_and_says_why() -> None:
    text = render_page(sample_content(sample_bars(200)), ReportSettings())
    words = visible(text)
    assert "n/a" in words
    assert "too few trades have an R" in words
    assert not re.search(r"\b(nan|inf|NaN|None)\b", words)


def test_every_metric_shows_its_formula_its_count_and_its_unit() -> None:
    content = sample_content(sample_bars(200))
    words = visible(render_page(content, ReportSettings()))
    for metric in content.scorecard:
        assert metric.formula in words
        assert metric.label in words
    assert "n = 200" in words
    assert "account currency" in words


ODD_RUNS = {
    "two bars": lambda: sample_content(sample_bars(2), benchmark=None),
    "no trades": lambda: sample_content(sample_bars(30)),
    "500 symbols": lambda: sample_content(many_symbols(500)),
    "no benchmark": lambda: sample_content(sample_bars(300), benchmark=None),
    "nothing configured": lambda: sample_content(
        sample_bars(60), config_text="", provenance=(), warnings=(), command="", subtitle=""
    ),
}


@pytest.mark.parametrize("name", ODD_RUNS)
def test_runs_that_are_not_as_usual_still_make_a_page(name: str, tmp_path: Path) -> None:
    content: ReportContent = ODD_RUNS[name]()
    path = write_report(tmp_path, content, ReportSettings())
    words = visible(path.read_text())
    assert path.stat().st_size < MAX_PAGE_BYTES
    assert not re.search(r"\b(nan|inf|NaN|undefined|None)\b", words)
    assert ("No trade was made." in words) == (len(content.result.trades) == 0)


def test_a_bankrupt_run_makes_a_page_with_its_whole_fall() -> None:
    bars = sample_bars(300)
    result = sample_result(bars)
    equity = np.where(np.arange(300) < 200, result.equity, -50.0)
    broke = dataclasses.replace(result, equity=equity, bankrupt_bar=200)
    text = render_page(sample_content(bars, broke), ReportSettings())
    assert payload_of(text)[1]["equity.y"].min() == -50.0
    assert "−100" in visible(text)


def test_prices_with_gaps_and_a_symbol_that_never_traded_are_shown_from_their_own_bars() -> None:
    bars = many_symbols(3)
    gaps = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    result = sample_result(bars)
    for values in gaps.values():
        values[50:80, 0] = np.nan
    broken = Bars(bars.times, bars.symbols, frequency="1d", **gaps)
    arrays = payload_of(render_page(sample_content(broken, result), ReportSettings()))[1]
    lengths = sorted(len(arrays[f"price.{place}.close"]) for place in range(3))
    assert lengths == [270, 300, 300]
    assert all(np.isfinite(arrays[f"price.{place}.close"]).all() for place in range(3))


@pytest.mark.parametrize(
    ("name", "few", "many"),
    [
        ("max_points", {"max_points": 50}, {"max_points": 400}),
        ("max_candles", {"max_candles": 50}, {"max_candles": 400}),
        ("price_symbols", {"price_symbols": 1}, {"price_symbols": 3}),
        ("max_trades", {"max_trades": 8}, {"max_trades": 50}),
        ("worst_drawdowns", {"worst_drawdowns": 1}, {"worst_drawdowns": 9}),
        ("rolling_periods", {"rolling_periods": 20}, {"rolling_periods": 90}),
        ("histogram_bins", {"histogram_bins": 11}, {"histogram_bins": 61}),
        ("png", {"png": False}, {"png": True}),
    ],
)
def test_every_setting_changes_the_page(name: str, few: dict[str, Any], many: dict[str, Any]) -> None:
    content = sample_content(many_symbols(3, 900))
    assert name in ReportSettings.model_fields
    assert render_page(content, ReportSettings(**few)) != render_page(content, ReportSettings(**many))


def test_the_risk_free_rate_lowers_the_rolling_sharpe_ratio() -> None:
    content = sample_content(sample_bars(400))
    plain = prepare_series(content, ReportSettings())
    costly = prepare_series(dataclasses.replace(content, risk_free_ann=0.05), ReportSettings())
    both = min(len(plain.rolling_sharpe.values), len(costly.rolling_sharpe.values))
    assert both > 100
    assert costly.rolling_sharpe.values.mean() < plain.rolling_sharpe.values.mean()


def test_a_rolling_ratio_breaks_where_the_run_stood_still() -> None:
    bars = sample_bars(600)
    result = sample_result(bars)
    equity = result.equity.copy()
    equity[200:400] = equity[200]
    still = sample_content(bars, dataclasses.replace(result, equity=equity), benchmark=None)
    line = prepare_series(still, ReportSettings(rolling_periods=20, max_points=50)).rolling_sharpe
    missing = np.flatnonzero(np.isnan(line.values))
    assert len(missing) >= 1
    assert 200 < line.bar[missing[-1]] < 400
    assert np.isfinite(line.values[[0, -1]]).all()


def test_cumulative_costs_end_at_the_sum_of_the_fills_and_of_the_carry() -> None:
    content = sample_content(sample_bars(900))
    lines = {line.name: line for line in prepare_series(content, ReportSettings()).costs}
    assert set(lines) == {"commission", "slippage", "borrow"}
    assert lines["commission"].values[-1] == pytest.approx(content.result.fills["commission"].sum(), rel=1e-12)
    assert lines["borrow"].values[-1] == pytest.approx(content.result.carry[:, 0].sum(), rel=1e-12)


def test_exit_reasons_and_decisions_add_up_to_the_run() -> None:
    result = sample_result(sample_bars(2_000))
    reasons = exit_reasons(result)
    assert sum(row[1] for row in reasons) == len(result.closed_trades)
    assert sum(row[3] for row in reasons) == pytest.approx(result.closed_trades["pnl"].sum())
    assert [row[1] for row in reasons] == sorted((row[1] for row in reasons), reverse=True)
    counts = decision_counts(result)
    assert sum(row[2] for row in counts) == len(result.decisions)
    assert ("refused", "cash", len(result.trades) // 3) in counts


def test_the_distribution_counts_every_return_and_gathers_what_lies_far_out() -> None:
    returns = np.concatenate([np.linspace(-0.01, 0.01, 999), [-0.9], [np.nan]])
    edges, counts = histogram(returns, 21)
    assert counts.sum() == 1_000
    assert counts[0] >= 1
    assert edges[0] == pytest.approx(np.nanmean(returns) - 5 * np.nanstd(returns))
    assert histogram(np.zeros(7), 21)[1].tolist() == [7]
    assert histogram(np.zeros(0), 21)[1].tolist() == [0]


def test_the_heat_map_is_newest_first_and_leaves_months_without_bars_empty() -> None:
    values = np.full((2, 12), np.nan)
    values[0, 11], values[1, 0], values[1, 1] = 0.10, -0.05, 0.0
    rows = heat_rows(MonthlyTable(np.array([2019, 2020]), values, np.array([0.10, -0.05])))
    assert [row.year for row in rows] == ["2020", "2019"]
    january, february, march = rows[0].months[:3]
    assert (january.text, january.sign) == ("−5.0", "loss")
    assert 0 < january.strength < 100
    assert (february.text, february.sign, february.strength) == ("0.0", "", 0)
    assert (march.text, march.sign) == ("", "")
    assert rows[1].months[11].text == "10.0"
    assert rows[1].months[11].strength == 100


def test_a_window_longer_than_the_run_shrinks_to_a_third_of_it() -> None:
    assert [rolling_window(count, 126) for count in (1_000, 377, 300, 5, 0)] == [126, 125, 100, 2, 2]


def test_an_unwritable_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"page must be writable.*choose another --out"):
        write_report(tmp_path / "missing", sample_content(sample_bars(30)), ReportSettings())


def test_a_chart_library_without_its_script_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offline.chart_library.cache_clear()
    monkeypatch.setattr("importlib.resources.files", lambda name: tmp_path)
    with pytest.raises(OutputError, match=r"plotly\.min\.js.*reinstall plotly>=6"):
        render_page(sample_content(sample_bars(30)), ReportSettings())
