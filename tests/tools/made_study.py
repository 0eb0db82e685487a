"""Runs that were never kept, as Monte Carlo procedures see kept ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.frequency import return_periods
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.monte_carlo_run import StudiedRun, closed_trades
from stratkit.runs.folder import RunRecord
from stratkit.runs.run_table import RunTable

FREE = {"commission_bps": 0.0, "half_spread_bps": 0.0, "slippage_bps": 0.0}


def cross_config(fast: int = 20, slow: int = 80, direction: str = "long_only", **settings: Any) -> RunConfig:
    """Return a crossing of two averages that holds its whole account while it is in."""
    params = {"fast": fast, "slow": slow, "direction": direction}
    return RunConfig.model_validate(
        {
            "strategies": {"cross": {"enabled": True, "type": "sma_cross", "params": params}},
            "costs": FREE,
            "analytics": {"benchmark": None},
            **settings,
        }
    )


def study_of(config: RunConfig, bars: Bars, **changes: Any) -> StudiedRun:
    """Replay a configuration and return the run as if it had been kept."""
    result = run_backtest(config, bars)
    record = RunRecord("made", Path("made"), ())
    table = RunTable(record.run_id, result.trades_columns())
    trades, still_open = closed_trades(record, table, result.equity, config.account.initial_cash)
    made = {
        "run_id": "made",
        "folder": Path("made"),
        "symbols": bars.symbols,
        "config": config,
        "times": result.times,
        "equity": result.equity,
        "periods": return_periods(result.times, bars.frequency),
        "trades": trades,
        "open_trades": still_open,
        "replayed": Replayed(config, bars, warmup_bars=int(result.provenance["warmup_bars"])),
    }
    return StudiedRun(**{**made, **changes})
