"""`run_backtest` and `score_backtest`: one configured strategy replayed, the same answer every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.backtest import RunConfig, prepare, run_backtest, score_backtest
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError

ARRAYS = ("fills", "trades", "decisions", "equity", "cash", "gross", "net", "carry")

HASHED_RUN = """
import hashlib, json, sys
from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.synthetic import synthetic_universe

result = run_backtest(RunConfig.model_validate(json.loads(sys.argv[1])), synthetic_universe(4, 400, seed=9).bars)
arrays = (result.fills, result.trades, result.decisions, result.equity)
print(len(result.fills), hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest(), hash("seed"))
"""


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_universe(4, 400, seed=9).bars


def config(**changed: Any) -> RunConfig:
    values: dict[str, Any] = {
        "strategies": {
            "cross": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 15}},
            "idle": {"type": "rsi_reversion"},
        },
        "risk": {"sizing": {"fraction": 0.3}},
        "exit_plan": {"sl": 2, "tp1": 3, "f1": 0.5},
        "costs": {"commission_bps": 2, "half_spread_bps": 1, "borrow_ann": 0.02},
        "account": {"leverage": 2},
    }
    return RunConfig.model_validate({**values, **changed})


def bytes_of(result: BacktestResult) -> dict[str, bytes]:
    return {name: getattr(result, name).tobytes() for name in ARRAYS}


def test_two_runs_are_the_same_to_the_byte(bars: Bars) -> None:
    first, second = run_backtest(config(), bars), run_backtest(config(), bars)
    assert len(first.fills) > 50
    assert bytes_of(first) == bytes_of(second)
    assert first.provenance == second.provenance
    cards = [score_backtest(config(), bars, result)[0] for result in (first, second)]
    assert repr(list(cards[0])) == repr(list(cards[1]))


def test_a_run_that_is_watched_is_the_same_run(bars: Bars) -> None:
    told: list[tuple[int, int]] = []
    watched = run_backtest(config(), bars, progress=lambda *done: told.append(done))
    assert told[-1] == (400, 400)
    assert bytes_of(watched) == bytes_of(run_backtest(config(), bars))


def in_new_process(**environment: str) -> list[str]:
    """Return fills, hash of the run and hash of a word, computed by a fresh interpreter."""
    given = json.dumps(config().model_dump(mode="json", exclude_unset=True))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", HASHED_RUN, given], check=True, capture_output=True, text=True, cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
    )  # fmt: skip
    return done.stdout.split()


def test_neither_the_hash_seed_nor_the_number_of_threads_changes_a_fill() -> None:
    one = in_new_process(PYTHONHASHSEED="1", NUMBA_NUM_THREADS="1")
    other = in_new_process(PYTHONHASHSEED="4242", NUMBA_NUM_THREADS="2")
    assert int(one[0]) > 50
    assert one[:2] == other[:2]
    assert one[2] != other[2], "the hash seed did reach the process"


def test_a_run_is_named_after_its_entry_in_the_configuration(bars: Bars) -> None:
    result = run_backtest(config(), bars)
    assert result.strategies == ("cross",)
    assert set(result.trades_frame()["strategy"]) == {"cross"}


def test_provenance_tells_seed_warm_up_and_what_was_played(bars: Bars) -> None:
    result = run_backtest(config(seed=7, execution={"profile": "close"}), bars)
    assert result.provenance["seed"] == 7
    assert result.provenance["warmup_bars"] == 15
    assert result.provenance["fill_profile"] == "close"
    assert result.provenance["data_digest"] == bars.digest
    assert result.fills["bar"].min() >= 15, "no opinion during the warm-up"


def test_symbols_restrict_what_is_traded_and_change_nothing_else(bars: Bars) -> None:
    cross = {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 15}}
    units = {"sizing": {"rule": "fixed_units"}}
    whole = run_backtest(config(risk=units), bars)
    some = run_backtest(config(risk=units, strategies={"cross": {**cross, "symbols": ["SYN03", "SYN01"]}}), bars)
    assert set(whole.trades_frame()["symbol"]) == set(bars.symbols)
    assert set(some.trades_frame()["symbol"]) == {"SYN01", "SYN03"}
    kept = np.isin(np.array(bars.symbols)[whole.slot_symbol[whole.fills["slot"]]], ["SYN01", "SYN03"])
    for name in ("bar", "slot", "quantity", "price", "reason"):
        np.testing.assert_array_equal(some.fills[name], whole.fills[name][kept])


def test_symbols_restrict_target_weights_too(bars: Bars) -> None:
    rotation = {"enabled": True, "type": "momentum_rotation", "params": {"lookback": 20, "skip": 0, "top": 4}}
    whole = prepare(config(strategies={"hold": rotation}), bars).desk.signals[0].weight
    some = (
        prepare(config(strategies={"hold": {**rotation, "symbols": ["SYN02", "SYN03"]}}), bars).desk.signals[0].weight
    )
    assert whole is not None
    assert some is not None
    kept = np.isin(bars.symbols, ["SYN02", "SYN03"])
    np.testing.assert_array_equal(some[:, kept], whole[:, kept])
    assert np.isfinite(some).any(axis=0).tolist() == kept.tolist()


def test_an_unknown_symbol_is_refused_with_the_nearest_one(bars: Bars) -> None:
    cross = {"enabled": True, "type": "sma_cross", "symbols": ["SYN1"]}
    with pytest.raises(UsageError, match=r"no symbol 'SYN1' in the bars; .*SYN01"):
        run_backtest(config(strategies={"cross": cross}), bars)


def test_at_least_one_strategy_must_be_enabled(bars: Bars) -> None:
    with pytest.raises(UsageError, match="at least one strategy must be enabled; found none"):
        run_backtest(config(strategies={"one": {"type": "sma_cross"}}), bars)


def test_the_configured_exit_plan_goes_before_the_strategys_own(bars: Bars, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "from stratkit.plans import ExitPlan\n"
        "from stratkit.strategies.signals import Signals\n"
        "from stratkit.strategies.strategy import Strategy\n\n\n"
        "class Always(Strategy):\n"
        '    """Long, always."""\n\n'
        '    name = "always"\n'
        '    family = "test"\n'
        '    source = "this test"\n\n'
        "    def signals(self, context):\n"
        '        """Return long on every bar."""\n'
        "        return Signals('always', side=context.has_bar.astype(np.int8), exit_plan=ExitPlan(time_stop_bars=3))\n"
    )
    strategies = {"always": {"enabled": True, "type": str(file)}}
    own = run_backtest(config(strategies=strategies, exit_plan=None), bars).trades_frame()
    given = run_backtest(config(strategies=strategies, exit_plan={"time_stop_bars": 7}), bars).trades_frame()
    assert set(own[own["exit_reason"] == "time_stop"]["bars_held"]) == {3}
    assert set(given[given["exit_reason"] == "time_stop"]["bars_held"]) == {7}


def test_a_file_of_funding_rates_reaches_the_account(bars: Bars, tmp_path: Path) -> None:
    stamp = np.datetime_as_string(bars.times[50].astype("datetime64[ns]"), unit="s")
    file = tmp_path / "funding.csv"
    file.write_text(f"timestamp,symbol,funding_rate\n{stamp}Z,SYN01,0.01\n")
    hold = {"hold": {"enabled": True, "type": "buy_and_hold", "symbols": ["SYN01"]}}
    result = run_backtest(config(strategies=hold, exit_plan=None, costs={"funding_path": str(file)}), bars)
    units, mark = float(result.fills["quantity"][0]), float(bars.close[49, 0])
    assert np.flatnonzero(result.carry[:, 1]).tolist() == [50]
    assert result.carry[50, 1] == pytest.approx(units * mark * 0.01, rel=1e-12)


def test_the_scorecard_stands_beside_its_benchmark(bars: Bars) -> None:
    result = run_backtest(config(), bars)
    card, benchmark = score_backtest(config(), bars, result)
    assert benchmark is not None
    assert card.value("total_return") == pytest.approx(float(result.equity[-1]) / 100_000 - 1)
    assert "benchmark_sharpe" in card
    alone, nothing = score_backtest(config(analytics={"benchmark": "none"}), bars, result)
    assert nothing is None
    assert "benchmark_sharpe" not in alone


def test_the_benchmark_starts_with_the_cash_of_the_account(bars: Bars) -> None:
    rich = config(account={"initial_cash": 5_000})
    _, benchmark = score_backtest(rich, bars, run_backtest(rich, bars))
    assert benchmark is not None
    assert benchmark.initial == 5_000


def test_given_periods_annualise_the_scorecard(bars: Bars) -> None:
    result = run_backtest(config(), bars)
    cards = [score_backtest(config(analytics={"periods_per_year": periods}), bars, result)[0] for periods in (100, 400)]
    assert cards[1].value("sharpe") == pytest.approx(2 * cards[0].value("sharpe"))
