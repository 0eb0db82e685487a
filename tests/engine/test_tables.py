"""The tables of a result say in words what its records hold in codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stratkit.engine.layout import (
    BREAKER_CLOSED,
    BREAKER_DRAWDOWN,
    DECISION_DTYPE,
    ENTRY,
    FILL_DTYPE,
    FILLED,
    NO_RULE,
    STOP,
    TRADE_DTYPE,
    Records,
)
from stratkit.engine.result import BacktestResult
from stratkit.engine.tables import Labels

DAYS = pd.date_range("2020-01-01", periods=4, tz="UTC")


def records(dtype: np.dtype[Any], *rows: Mapping[str, Any]) -> Records:
    filled = np.zeros(len(rows), dtype=dtype)
    for place, row in enumerate(rows):
        for name, value in row.items():
            filled[name][place] = value
    return filled.view(np.recarray)


CLOSED: Mapping[str, Any] = {
    "trade": 0, "slot": 1, "strategy": 0, "side": 1, "decision_bar": 0, "entry_bar": 1, "exit_bar": 2, "bars_held": 1,
    "quantity": 4,
    "entry_price": 50, "exit_price": 45, "risk_unit": 5, "gross_pnl": -20, "commission": 2, "pnl": -22,
    "r_multiple": -1.1, "worst_price": 45, "best_price": 60, "exit_reason": STOP, "ambiguous": 2,
}  # fmt: skip
OPEN: Mapping[str, Any] = {
    "trade": 1, "slot": 0, "strategy": 1, "side": -1, "decision_bar": 2, "entry_bar": 3, "exit_bar": -1, "quantity": 2,
    "entry_price": 100, "exit_price": np.nan, "risk_unit": np.nan, "r_multiple": np.nan, "pnl": 10,
    "worst_price": 110, "best_price": 90,
}  # fmt: skip
FILLS: tuple[Mapping[str, Any], ...] = (
    {"bar": 1, "slot": 1, "strategy": 0, "direction": 1, "quantity": 4, "price": 50, "base_price": 49, "commission": 1,
     "slippage": 4,
     "reason": ENTRY},
    {"bar": 2, "slot": 1, "strategy": 0, "direction": -1, "quantity": 4, "price": 45, "base_price": 45, "commission": 1,
     "reason": STOP},
)  # fmt: skip
DECISIONS: tuple[Mapping[str, Any], ...] = (
    {"bar": 0, "slot": 1, "strategy": 0, "side": 1, "confidence": 0.5, "requested": 5, "granted": 4, "outcome": FILLED,
     "rule": NO_RULE},
    {"bar": 1, "slot": 0, "strategy": 1, "side": -1, "outcome": FILLED},
    {"bar": 2, "slot": 1, "strategy": 0, "side": 2, "outcome": FILLED},
    {"bar": 3, "slot": -1, "strategy": -1, "side": 0, "outcome": BREAKER_CLOSED, "rule": BREAKER_DRAWDOWN},
)  # fmt: skip


def result(
    fills: Records | None = None, trades: Records | None = None, decisions: Records | None = None
) -> BacktestResult:
    amounts = np.array([1000.0, 1000, 980, 990])
    return BacktestResult(
        times=DAYS.as_unit("ns").asi8,
        symbols=("AAA", "BBB"),
        strategies=("trend", "value"),
        slot_symbol=np.array([0, 1]),
        slot_strategy=np.array([1, 0]),
        initial_cash=1000.0,
        equity=amounts,
        cash=amounts - 1,
        gross=amounts - 2,
        net=amounts - 3,
        carry=np.arange(12.0).reshape(4, 3),
        fills=records(FILL_DTYPE, *FILLS) if fills is None else fills,
        trades=records(TRADE_DTYPE, CLOSED, OPEN) if trades is None else trades,
        decisions=records(DECISION_DTYPE, *DECISIONS) if decisions is None else decisions,
        counts={},
        account_carry=0.0,
        bankrupt_bar=-1,
        stale=(),
        provenance={},
    )


def test_a_trade_is_told_in_words_times_and_multiples_of_its_risk() -> None:
    closed = result().trades_frame().iloc[0]
    assert (closed["symbol"], closed["strategy"], closed["side"]) == ("BBB", "trend", "long")
    assert (closed["entry_time"], closed["exit_time"], closed["exit_reason"]) == (DAYS[1], DAYS[2], "stop")
    assert closed["ambiguous"]
    # 4 units at 50 are 200; the worst price is 5 below the entry, the best 10 above, R is 5
    assert (closed["return"], closed["mae"], closed["mfe"]) == (-0.11, -0.1, 0.2)
    assert (closed["mae_r"], closed["mfe_r"]) == (-1, 2)


def test_an_open_trade_has_no_time_of_exit_and_a_short_one_suffers_from_rising_prices() -> None:
    still = result().trades_frame().iloc[1]
    assert (still["symbol"], still["strategy"], still["side"]) == ("AAA", "value", "short")
    assert still["exit_time"] is pd.NaT
    assert still["exit_reason"] == "open"
    assert not still["ambiguous"]
    assert (still["mae"], still["mfe"]) == (-0.1, 0.1)
    assert np.isnan(still["mae_r"])


def test_fills_say_who_bought_or_sold_when_and_why() -> None:
    frame = result().fills_frame()
    assert frame["time"].tolist() == [DAYS[1], DAYS[2]]
    assert frame["side"].tolist() == ["buy", "sell"]
    assert frame["reason"].tolist() == ["entry", "stop"]
    assert frame["symbol"].tolist() == ["BBB", "BBB"]
    assert frame["base_price"].tolist() == [49, 45]


def test_decisions_have_four_sides_and_the_account_has_no_name() -> None:
    frame = result().decisions_frame()
    assert frame["side"].tolist() == ["long", "short", "exit", ""]
    assert frame["symbol"].tolist() == ["BBB", "AAA", "BBB", ""]
    assert frame["strategy"].tolist() == ["trend", "value", "trend", ""]
    assert frame["outcome"].tolist() == ["filled", "filled", "filled", "breaker_closed"]
    assert frame["rule"].tolist() == ["", "", "", "breaker_drawdown"]


def test_the_account_has_one_row_per_bar_with_its_costs() -> None:
    frame = result().equity_frame()
    assert frame["time"].tolist() == DAYS.tolist()
    assert frame["return"].tolist() == [0, 0, pytest.approx(-0.02), pytest.approx(10 / 980)]
    assert frame["turnover"].tolist() == [0, 200, 180, 0]
    assert frame["commission"].tolist() == [0, 1, 1, 0]
    assert frame["slippage"].tolist() == [0, 4, 0, 0]
    assert frame["borrow"].tolist() == [0, 3, 6, 9]
    assert frame["interest"].tolist() == [2, 5, 8, 11]


@pytest.mark.parametrize("rows", [None, 0])
@pytest.mark.parametrize("table", ["fills", "trades", "decisions", "equity"])
def test_a_frame_has_the_names_and_kinds_of_its_columns_with_and_without_rows(table: str, rows: int | None) -> None:
    every = result()
    made = result(every.fills[:rows], every.trades[:rows], every.decisions[:rows])
    columns = getattr(made, f"{table}_columns")()
    frame = getattr(made, f"{table}_frame")()
    assert frame.columns.tolist() == list(columns)
    for name, values in columns.items():
        if isinstance(values, Labels):
            assert frame[name].tolist() == [values.names[code] for code in values.codes]
        elif values.dtype.kind == "M":
            assert str(frame[name].dtype) == "datetime64[ns, UTC]"
        else:
            assert frame[name].dtype == values.dtype
