"""Several strategies from the command line: the table, the page, caps explained, decisions in words, alerts, faults."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from command_line import Stratkit

FAST = ("--set", "report.png=false")

FAILING = """
from stratkit.strategies import BarStrategy, Proposal


class Failing(BarStrategy):
    "Fails on the thirteenth of each month."

    def proposals(self, context):
        if context.timestamp.day == 13:
            raise ValueError("no trading on the thirteenth")
        return []
"""


@pytest.fixture(scope="module")
def books(checkout: Path) -> Path:
    return checkout / "configs" / "five_books.yaml"


def cents(text: str) -> int:
    return round(100 * float(text.replace("\N{MINUS SIGN}", "-").replace("+", "").replace(",", "")))


def test_five_strategies_in_one_account_are_shown_to_the_cent(stratkit: Stratkit, books: Path) -> None:
    done = stratkit("backtest", books, *FAST)
    assert done.code == 0, done.err
    assert "5 strategies on NASDAQ, SP500" in done.out
    table = done.out[done.out.index("strategy        P&L") :].splitlines()
    shown = [line.split()[1] for line in table[1:6]]
    together = next(line for line in table if line.startswith("together")).split()[1]
    assert sum(map(cents, shown)) == cents(together)
    metrics = json.loads(next(Path("reports").glob("*/metrics.json")).read_text())
    attribution = metrics["attribution"]
    assert sum(row["pnl"] for row in attribution["by_strategy"]) == pytest.approx(attribution["total"], abs=0.005)
    assert cents(together) == round(100 * attribution["total"])
    assert {row["name"] for row in metrics["strategies"]} == {"breakout", "trend", "momentum", "dip", "bands"}


def test_the_page_has_a_row_per_strategy_that_sums_to_the_portfolio(stratkit: Stratkit, books: Path) -> None:
    assert stratkit("backtest", books, *FAST).code == 0
    folder = next(Path("reports").glob("2*"))
    page = (folder / "report.html").read_text()
    total = json.loads((folder / "metrics.json").read_text())["attribution"]["total"]
    section = page[page.index("Who earned what") :]
    table = section[: section.index("</table>")]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
    pnl = {row[0]: row[1] for row in rows if row and re.fullmatch(r"[+\N{MINUS SIGN}]?[\d,]+\.\d\d", row[1])}
    assert set(pnl) == {"breakout", "trend", "momentum", "dip", "bands", "account", "Total"}
    assert sum(cents(value) for name, value in pnl.items() if name != "Total") == cents(pnl["Total"])
    assert cents(pnl["Total"]) == round(100 * total)


def test_caps_are_explained_on_the_terminal_in_json_and_on_the_page(stratkit: Stratkit, books: Path) -> None:
    told = stratkit("backtest", books, "--explain-caps", *FAST)
    assert told.code == 0, told.err
    assert re.search(r"max_at_risk  breakout +472 +0 +102 +[\d,.]+ +what the cap cost", told.out)
    page = next(Path("reports").glob("*/report.html")).read_text()
    assert "What the caps did" in page
    record = json.loads(stratkit("backtest", books, "--explain-caps", "--no-report", "--json").out)
    effects = {(effect["rule"], effect["strategy"]): effect for effect in record["cap_effects"]}
    assert effects["max_at_risk", "breakout"]["trades"] == 102
    silent = json.loads(stratkit("backtest", books, "--no-report", "--json").out)
    assert silent["cap_effects"] is None


def test_a_decision_is_explained_in_a_sentence(stratkit: Stratkit, books: Path) -> None:
    assert stratkit("backtest", books, "--set", "combine.method=majority", "--no-report").code == 0
    log = pq.read_table(next(Path("reports").glob("2*/decisions.parquet"))).to_pylist()
    row = next(row for row in log if row["symbol"] == "SP500" and row["outcome"] == "filled" and row["side"] == "long")
    when = str(row["time"].date())
    record = json.loads(stratkit("runs", "show", "latest", "--decision", when, "SP500", "--json").out)
    first = record["decisions"][0]
    assert first["sentence"].startswith(f"{when} SP500: long, because ")
    assert "units were bought" in first["sentence"]
    said = stratkit("runs", "show", "latest", "--decision", when, "SP500").out
    assert said.splitlines()[0] == first["sentence"]
    votes = {row["strategy"]: row["side"] for row in first["opinions"]}
    assert set(votes) <= {"breakout", "trend", "momentum", "dip", "bands"}
    for name in votes:
        assert name in first["sentence"]


def test_a_decision_of_a_single_strategy_is_explained_too(stratkit: Stratkit) -> None:
    assert stratkit("backtest", "--no-report").code == 0
    run = json.loads(stratkit("runs", "list", "--json").out)["runs"][0]["run_id"]
    nothing = stratkit("runs", "show", run, "--decision", "2012-05-18", "SP500")
    assert nothing.code == 0
    near = re.fullmatch(
        r"nothing was decided on SP500 at 2012-05-18; the nearest decisions are at (\S+) and (\S+)\n", nothing.out
    )
    assert near is not None
    told = stratkit("runs", "show", run, "--decision", near[1], "SP500").out
    assert re.match(rf"{near[1]} SP500: (long|exit), because sma_cross \(1\.00\) says so", told)


@pytest.mark.parametrize(
    ("when", "symbol", "reason"),
    [
        ("2012-05-19", "SP500", "found none at 2012-05-19: the nearest is 2012-05-18"),  # a Saturday
        ("someday", "SP500", "must be an ISO date"),
        ("2012-05-18", "SP50", "did you mean 'SP500'?"),
    ],
)
def test_what_cannot_be_explained_says_what_must_hold(stratkit: Stratkit, when: str, symbol: str, reason: str) -> None:
    assert stratkit("backtest", "--no-report").code == 0
    told = stratkit("runs", "show", "latest", "--decision", when, symbol)
    assert told.code == 2
    assert reason in told.err


def test_a_run_of_several_is_listed_under_each_and_made_again(stratkit: Stratkit, books: Path) -> None:
    assert stratkit("backtest", books, "--no-report").code == 0
    for name in ("dip", "breakout + trend + momentum + dip + bands"):
        assert len(json.loads(stratkit("runs", "list", "--strategy", name, "--json").out)["runs"]) == 1
    again = stratkit("reproduce", "latest", "--json")
    assert again.code == 0, again.err
    assert {table["name"] for table in json.loads(again.out)["tables"]} >= {"opinions", "decisions", "trades"}


def test_a_strategy_that_fails_is_passed_over_and_told(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    (tmp_path / "both.yaml").write_text(
        "data: {symbols: [SP500], start: '2010-01-01', end: '2011-12-31'}\n"
        "strategies:\n"
        "  thirteen: {enabled: true, type: 'failing.py:Failing'}\n"
        "  trend: {enabled: true, type: sma_cross, params: {fast: 5, slow: 20}}\n"
    )
    refused = stratkit("backtest", "both.yaml", "--no-report")
    assert refused.code == 4
    assert re.search(r"failing\.py:10: .*no trading on the thirteenth", refused.err)
    passed = stratkit("backtest", "both.yaml", *FAST, "--set", "global.on_error=skip")
    assert passed.code == 0, passed.err
    assert re.search(r"fault +thirteen failed \d+ times and was passed over", passed.out)
    assert "Strategies that failed" in next(Path("reports").glob("*/report.html")).read_text()


def test_what_was_configured_for_each_strategy_stands_above_the_result(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(
        "data: {symbols: [SP500], start: '2010-01-01', end: '2011-12-31'}\n"
        "strategies:\n"
        "  slow: {enabled: true, type: sma_cross, weight: 0.5, every_bars: 2, risk_budgets: {max_at_risk_pct: 30}}\n"
        "  fast: {enabled: true, type: donchian_breakout, exit_plan: scalp}\n"
        "overrides: {2011-01-01: {slow: {enabled: false}}, 2030-01-01: {fast: {weight: 2}}}\n"
    )
    done = stratkit("backtest", "desk.yaml", "--no-report")
    assert done.code == 0, done.err
    said = re.sub(r"\s+", " ", done.out)
    assert "; weight 0.5, every_bars 2, max_at_risk_pct 30" in said
    assert "overrides from 2011-01-01 slow: enabled False; from 2030-01-01 fast: weight 2" in said
    assert "exits of fast: scalp: stop " in said
    assert "overrides.2030-01-01 never holds: the last bar is at 2011-12-30" in said
    earned = done.out.partition("combined away\n")[2].partition("together")[0]
    rows = [line.split() for line in earned.splitlines()]
    assert len(rows) == 2
    for _, _, _, _, _, proposed, *became in rows:
        assert int(proposed) == sum(map(int, became))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def broken(:\n    pass\n", r"broken\.py:1: SyntaxError: "),
        ("import no_such_package\n", r"broken\.py:1: ModuleNotFoundError: No module named 'no_such_package'"),
        (
            "from stratkit.strategies.strategy import Strategy\nclass Own(Strategy):\n"
            "    def signals(self, context):\n        return context.bars.clse\n",
            r"broken\.py:4: AttributeError: ",
        ),
    ],
)
def test_a_broken_file_gives_file_line_and_reason(stratkit: Stratkit, tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "broken.py").write_text(source)
    told = stratkit("backtest", "--strategy", "broken.py", "--no-report")
    assert told.code in (2, 4)
    assert re.search(reason, told.err)
    assert "Traceback" not in told.err


# ---- alerts


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on the loopback address that keeps what it is told."""
    heard: list[dict[str, Any]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/alerts", heard
    server.shutdown()
    server.server_close()
    thread.join()


def watched(url: str) -> str:
    return (
        "data: {symbols: [SP500]}\n"
        "strategies: {trend: {enabled: true, type: sma_cross}}\n"
        "report: {png: false}\n"
        "alerts:\n"
        "  rules:\n"
        "    - {name: deep, when: drawdown, limit_pct: 30, severity: critical}\n"
        "  channels:\n"
        f"    - {{kind: webhook, url: '{url}', retries: 0}}\n"
        "    - {kind: file, path: alerts.jsonl}\n"
    )


def test_an_alert_reaches_a_webhook_a_file_the_page_and_the_folder(
    stratkit: Stratkit, tmp_path: Path, webhook: tuple[str, list[dict[str, Any]]]
) -> None:
    url, heard = webhook
    (tmp_path / "watched.yaml").write_text(watched(url))
    done = stratkit("backtest", "watched.yaml")
    assert done.code == 0, done.err
    kept = json.loads(next(Path("reports").glob("*/alerts.json")).read_text())["alerts"]
    assert len(kept) >= 1
    assert [one["time"] for one in heard] == [one["time"] for one in kept]
    assert {one["run"] for one in heard} == {next(Path("reports").glob("2*")).name}
    assert len(Path("alerts.jsonl").read_text().splitlines()) == len(kept)
    assert re.search(r"alert +\d{4}-\d\d-\d\d critical: ", done.out)
    assert kept[-1]["message"] in next(Path("reports").glob("*/report.html")).read_text().replace("&#39;", "'")


def test_a_webhook_that_is_not_there_is_a_warning_and_the_run_is_kept(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "watched.yaml").write_text(watched("http://127.0.0.1:9/alerts"))
    done = stratkit("backtest", "watched.yaml")
    assert done.code == 0
    assert "alerts could not be sent to webhook 127.0.0.1" in done.err
    assert len(list(Path("reports").glob("*/metrics.json"))) == 1


def test_without_settings_nothing_is_watched(stratkit: Stratkit) -> None:
    assert stratkit("backtest", "--no-report").code == 0
    assert not list(Path("reports").glob("*/alerts.json"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("strategies: {together: {enabled: true, type: sma_cross}}", "1:14: 'together' must not name a strategy"),
        ("strategies: {a: {enabled: true, type: sma_cross, symbols: []}}", "1:59: strategies.a.symbols"),
        (
            "strategies: {dip: {enabled: true, type: sma_cross}}\n"
            "alerts: {rules: [{when: no_proposals, bars: 9, strategy: dop}]}",
            "2:58: there is no strategy 'dop'; did you mean 'dip'?",
        ),
    ],
)
def test_names_that_mean_nothing_are_refused_with_their_place(
    stratkit: Stratkit, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(content)
    done = stratkit("backtest", "wrong.yaml")
    assert (done.code, done.err.startswith(f"error: wrong.yaml:{reason}")) == (2, True), done.err
