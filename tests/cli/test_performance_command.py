"""`stratkit runs performance` on the command line, and what a backtest keeps for it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from command_line import Stratkit, WriteBars

from stratkit.runs.book_at import Record, read_book
from stratkit.runs.find import read_record

ADAPTS = """\
data: {path: ACME.parquet}
strategies:
  swing: {enabled: true, type: rsi_reversion, params: {window: 3, direction: both}}
  cross: {enabled: true, type: sma_cross, params: {fast: 3, slow: 8, direction: both}}
  asked: {enabled: true, type: "own.py:Asked"}
combine: {method: independent}
exit_plan: scalp
report: {html: false, png: false}
optimization:
  enabled: true
  update_every_bars: 1
  enable_quality_filtering: false
  health: {min_trades: 2, degraded_bars: 4, suspended_bars: 60}
"""
ASKED = """\
from stratkit.strategies import BarStrategy, Proposal
class Asked(BarStrategy):
    "Buys every fifth bar unless it holds something; asked while the run goes on."
    needs_state = True
    def proposals(self, context):
        if context.cycle_number % 5 or context.state["positions"]:
            return []
        return [Proposal(context.universe.get_all_eligible()[0].symbol, "BUY", size_pct=2.0, stop_loss_pct=1.0)]
"""
MEASURED = ("latency_ms", "latency_p95_ms", "latency_max_ms")


@pytest.fixture
def adapted(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> dict[str, Any]:
    write_bars()
    (tmp_path / "adapts.yaml").write_text(ADAPTS)
    (tmp_path / "own.py").write_text(ASKED)
    done = stratkit("backtest", "adapts.yaml", "--json")
    assert done.code == 0, done.err
    return dict(done.json)


def steady(record: dict[str, Any]) -> dict[str, Any]:
    """What must not differ between equal runs."""
    strategies = [{name: value for name, value in one.items() if name not in MEASURED} for one in record["strategies"]]
    states = [alert for alert in record["alerts"] if alert["kind"] not in ("latency", "memory")]
    return {"strategies": strategies, "alerts": states, "updates": record["system"]["updates"]}


@pytest.mark.filterwarnings("ignore")
def test_a_run_is_reported_at_its_end_and_as_it_was_on_a_date(stratkit: Stratkit, adapted: dict[str, Any]) -> None:
    folder = Path(adapted["folder"])
    kept = json.loads((folder / "performance.json").read_text())
    assert kept["strategies"] == adapted["performance"]["strategies"]
    assert adapted["alerts"] == []  # none are configured: what the default rules say is kept, and sent nowhere
    status = json.loads((folder / "adaptive.json").read_text())

    end = stratkit("runs", "performance", "latest", "--json").json
    assert end["by_state"] == status["by_state"]
    assert end["raw_weights"] == status["raw_weights"]
    assert end["normalised_weights"] == status["normalised_weights"]
    assert end["strategies"] == kept["strategies"]
    book = read_book(read_record(folder), [one["name"] for one in kept["strategies"]], 0.0)
    for one in kept["strategies"]:  # the tables tell what the replay itself counted
        assert {name: one[name] for name in Record.__dataclass_fields__} == asdict(book.records[one["name"]])
    assert end["system"]["updates"] == 300
    assert len(end["open_trades"]) == sum(one["open"] for one in end["strategies"])

    change = status["health_changes"][0]
    times = [step["time"] for step in status["measured"]["health"][change["strategy"]]]
    change["time"] = times[1]  # the first is where it began
    raised = [alert for alert in kept["alerts"] if alert["kind"] == "state"]
    assert (raised[0]["bar"], raised[0]["strategy"]) == (change["bar"], change["strategy"])
    assert raised[0]["time"].startswith(change["time"])

    then = stratkit("runs", "performance", "latest", "--at", change["time"], "--json").json
    assert then["bar"] == change["bar"]
    assert change["strategy"] in then["by_state"]["degraded"]
    assert max(alert["bar"] for alert in then["alerts"]) == change["bar"]
    assert then["system"] is None
    assert "sharpe" not in then["strategies"][0]
    assert all("until" not in alert and "worst" not in alert for alert in then["alerts"])
    on = [alert["message"] for alert in then["alerts"] if alert["is_on"]]
    assert any(said.startswith(f"{change['strategy']}: expected to stay active; found degraded, since") for said in on)
    assert not any("at worst" in said or " until " in said for said in on)

    shown = stratkit("runs", "performance", "latest").out
    assert f"{change['strategy']}: expected to stay active; found degraded" in " ".join(shown.split())
    assert "updates of" in shown
    earlier = stratkit("runs", "performance", "latest", "--at", change["time"]).out
    assert "as known then" in earlier
    assert f"{change['strategy']}: expected to stay active; found degraded" in " ".join(earlier.split())
    assert "throughput" not in earlier


@pytest.mark.filterwarnings("ignore")
def test_equal_runs_differ_in_times_alone_and_a_strategy_asked_bar_by_bar_has_quantiles(
    stratkit: Stratkit, adapted: dict[str, Any]
) -> None:
    assert stratkit("backtest", "adapts.yaml", "--quiet").code == 0
    one, two = (json.loads(path.read_text()) for path in sorted(Path("reports").glob("2*/performance.json")))
    assert steady(one) == steady(two)
    swing, _, asked = one["strategies"]
    assert swing["latency_p95_ms"] is None
    assert 0 < asked["latency_p95_ms"] <= asked["latency_max_ms"]
    assert stratkit("reproduce", adapted["run_id"]).code == 0


def test_a_plain_run_has_a_report_and_an_older_one_says_what_to_do(stratkit: Stratkit, write_bars: WriteBars) -> None:
    assert stratkit("backtest", "--data", write_bars(), "--no-report").code == 0
    done = stratkit("runs", "performance", "latest")
    assert done.code == 0, done.err
    assert "nothing adapts" in done.out
    assert "weight" not in done.out.partition("\n\n")[2]
    (kept,) = Path("reports").glob("2*/performance.json")
    kept.unlink()
    done = stratkit("runs", "performance", "latest")
    assert done.code == 2
    assert "has none, for an earlier stratkit made it" in done.err
    done = stratkit("runs", "performance", "20990101")
    assert done.code == 2
    assert "no run '20990101'" in done.err
