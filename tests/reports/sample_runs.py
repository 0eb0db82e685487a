"""Runs made by hand for the report tests: an SMA cross over a random walk, booked with plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.analytics.benchmark import Benchmark
from stratkit.analytics.scorecard import Metric, Scorecard, Unit
from stratkit.data.bars import Bars
from stratkit.engine.layout import CASH as CASH_RULE
from stratkit.engine.layout import (
    DECISION_DTYPE,
    END_OF_DATA,
    EXIT_SIGNAL,
    EXPIRED,
    FILL_DTYPE,
    FILLED,
    REFUSED,
    REVERSE,
    STOP,
    TARGET,
    TRADE_DTYPE,
)
from stratkit.engine.result import BacktestResult
from stratkit.panel import NS_PER_DAY, NS_PER_SECOND, FloatArray, IntArray, parse_time
from stratkit.reports.content import ReportContent

INITIAL = 100_000.0


def sample_bars(count: int, symbols: tuple[str, ...] = ("ACME",), frequency: str = "1d", seed: int = 7) -> Bars:
    """Return bars of a random walk; daily ones skip weekends, others are 24/7."""
    rng = np.random.default_rng(seed)
    if frequency == "1d":
        days = np.arange(count * 2) + parse_time("2012-01-02") // NS_PER_DAY
        times = days[(days + 3) % 7 < 5][:count] * NS_PER_DAY
        scale = 0.011
    else:
        times = parse_time("2023-01-02") + np.arange(count) * 60 * NS_PER_SECOND
        scale = 0.0006
    shape = (count, len(symbols))
    drift = scale * 0.16 / np.sqrt(max(1.0, count / 2_600))
    slow = np.sin(np.linspace(0, 9, count))[:, None] * drift
    close = 100 * np.exp(np.cumsum(rng.standard_t(5, shape) * scale * 0.75 + slow + drift * 0.1, axis=0))
    opens = np.vstack([close[:1], close[:-1]]) * (1 + rng.normal(0, scale / 8, shape))
    reach = np.abs(rng.normal(0, scale / 2, shape))
    high, low = np.maximum(opens, close) * (1 + reach), np.minimum(opens, close) * (1 - reach)
    return Bars(times, symbols, opens, high, low, close, rng.uniform(1e5, 1e6, shape), frequency, "a random walk")


def sample_result(
    bars: Bars, fast: int = 10, slow: int = 40, strategies: tuple[str, ...] = ("sma_cross",)
) -> BacktestResult:
    """Return a run that is long above the slow mean and short below it, booked with plain arrays."""
    count, symbols = bars.shape
    side = np.zeros((count, symbols), dtype=np.int64)
    if count > slow:
        total = np.cumsum(bars.close, axis=0)
        quick = (total[slow:] - total[slow - fast : -fast]) / fast
        steady = (total[slow:] - total[:-slow]) / slow
        side[slow:] = np.where(quick > steady, 1, -1)
    held = np.vstack([np.zeros((1, symbols), dtype=np.int64), side[:-1]])
    per_symbol = 0.9 * INITIAL / symbols
    quantity = np.where(held != 0, per_symbol / bars.close[0], 0.0) * held
    steps = np.vstack([np.zeros((1, symbols)), np.diff(bars.close, axis=0)])
    trades, fills = _book(bars, held, per_symbol)
    paid = np.bincount(fills["bar"], weights=fills["commission"], minlength=count)
    equity = INITIAL + np.cumsum((quantity * steps).sum(axis=1) - paid)
    net = (quantity * bars.close).sum(axis=1)
    gross = np.abs(quantity * bars.close).sum(axis=1)
    carry = np.zeros((count, 3))
    carry[:, 0] = np.where(quantity < 0, -quantity * bars.close, 0).sum(axis=1) * 0.01 / 365
    return BacktestResult(
        times=bars.times, symbols=bars.symbols, strategies=strategies, slot_symbol=np.arange(symbols),
        slot_strategy=np.arange(symbols) % len(strategies), initial_cash=INITIAL, equity=equity, cash=equity - net,
        gross=gross, net=net, carry=carry, fills=fills, trades=trades, decisions=_decisions(trades, count),
        counts={"holds": int((held != 0).sum()), "ambiguous_bars": 3}, account_carry=0.0, bankrupt_bar=-1, stale=(),
        provenance={"seed": 42},
    )  # fmt: skip


def _book(bars: Bars, held: IntArray, notional: float) -> tuple[np.recarray[Any, Any], np.recarray[Any, Any]]:
    entries = [np.flatnonzero((np.diff(column, prepend=0) != 0) & (column != 0)) for column in held.T]
    slot = np.repeat(np.arange(len(entries)), [len(rows) for rows in entries])
    entry = np.concatenate(entries).astype(np.int64)
    last = np.append(slot[1:] != slot[:-1], True) if len(slot) else np.zeros(0, dtype=bool)
    exit_bar = np.where(last, -1, np.append(entry[1:], 0)) if len(slot) else entry
    until = np.where(exit_bar < 0, len(bars.times) - 1, exit_bar)
    trades = np.zeros(len(entry), dtype=TRADE_DTYPE)
    trades["slot"], trades["entry_bar"], trades["exit_bar"], trades["decision_bar"] = slot, entry, exit_bar, entry - 1
    trades["side"], trades["bars_held"] = held[entry, slot], until - entry
    trades["entry_price"] = bars.open[entry, slot]
    trades["exit_price"] = np.where(exit_bar < 0, np.nan, bars.open[until, slot])
    trades["quantity"] = notional / bars.close[0][slot]
    trades["risk_unit"] = 0.03 * trades["entry_price"]
    leaving = np.where(exit_bar < 0, bars.close[until, slot], bars.open[until, slot])
    trades["gross_pnl"] = (leaving - trades["entry_price"]) * trades["side"] * trades["quantity"]
    trades["commission"] = trades["quantity"] * trades["entry_price"] * 4e-4
    trades["slippage"] = trades["commission"] / 2
    trades["pnl"] = trades["gross_pnl"] - trades["commission"]
    trades["r_multiple"] = trades["pnl"] / trades["risk_unit"] / trades["quantity"]
    gain = (leaving - trades["entry_price"]) * trades["side"]
    reach = np.abs(np.sin(entry + slot)) * 0.02 * trades["entry_price"]
    trades["worst_price"] = trades["entry_price"] + trades["side"] * (np.minimum(gain, 0) - reach)
    trades["best_price"] = trades["entry_price"] + trades["side"] * (np.maximum(gain, 0) + reach)
    trades["exit_reason"] = np.array([REVERSE, STOP, TARGET, EXIT_SIGNAL])[(entry * 7 + slot) % 4]
    trades["ambiguous"] = (entry % 23 == 0).astype(np.int64)
    trades = trades[np.argsort(trades["entry_bar"], kind="stable")]
    trades["trade"] = np.arange(len(trades))
    return trades.view(np.recarray), _fills(trades).view(np.recarray)


def _fills(trades: Any) -> Any:
    closed = trades[trades["exit_bar"] >= 0]
    fills = np.zeros(len(trades) + len(closed), dtype=FILL_DTYPE)
    both = np.concatenate([trades, closed])
    fills["bar"] = np.concatenate([trades["entry_bar"], closed["exit_bar"]])
    fills["price"] = np.concatenate([trades["entry_price"], closed["exit_price"]])
    for name in ("slot", "quantity", "trade"):
        fills[name] = both[name]
    fills["commission"], fills["slippage"] = both["commission"] / 2, both["slippage"] / 2
    return fills[np.argsort(fills["bar"], kind="stable")]


def _decisions(trades: Any, count: int) -> Any:
    rows = np.zeros(len(trades) + len(trades) // 3 + (len(trades) > 0), dtype=DECISION_DTYPE)
    rows["bar"] = np.resize(trades["decision_bar"], len(rows)) if len(trades) else 0
    rows["outcome"], rows["rule"] = FILLED, 0
    rows["outcome"][len(trades) :], rows["rule"][len(trades) :] = REFUSED, CASH_RULE
    if len(trades):
        rows[-1] = (count - 1, 0, 1, 1.0, np.nan, 0.0, EXPIRED, END_OF_DATA, 0)
    return rows.view(np.recarray)


def _metric(
    name: str, label: str, value: float, formula: str, n: int, group: str, unit: Unit = "fraction", reason: str = ""
) -> Metric:
    interval = (value - 0.55, value + 0.55) if name == "sharpe" else None
    return Metric(name, label, value, unit, "higher", formula, n, group, interval, reason)


def sample_scorecard(equity: FloatArray, per_year: float = 252.0, unit: str = "day", trades: int = 0) -> Scorecard:
    """Return a scorecard with the names of the page's cards and one metric without a value."""
    returns = np.diff(equity, prepend=INITIAL) / np.concatenate(([INITIAL], equity[:-1]))
    n, sd = len(returns), float(returns.std(ddof=1)) if len(returns) > 1 else float("nan")
    peak = np.maximum.accumulate(np.maximum(equity, INITIAL))
    sharpe = float(returns.mean()) / sd * per_year**0.5 if sd > 0 else float("nan")
    total = float(equity[-1] / INITIAL - 1)
    low = float(np.quantile(returns, 0.05))
    nan, cagr = float("nan"), max(0.0, 1 + total) ** (per_year / n) - 1
    closed = "" if trades else "no trade was closed"
    fall = float((equity / peak - 1).min())
    metrics = (
        _metric("total_return", "Total return", total, "final equity / initial equity - 1", n, "returns"),
        _metric("cagr", "CAGR", cagr, "prod(1 + r)^(P / n) - 1", n, "returns"),
        _metric("sharpe", "Sharpe ratio", sharpe, "mean(r - f) / sd(r - f, ddof=1) sqrt(P)", n, "returns", "ratio"),
        _metric("calmar", "Calmar ratio", float("inf"), "cagr / |max drawdown|", n, "returns", "ratio"),
        _metric("ann_vol", "Volatility", sd * per_year**0.5, "sd(r, ddof=1) sqrt(P)", n, "risk"),
        _metric("max_drawdown", "Maximum drawdown", fall, "min(E / cummax(E) - 1)", n, "risk"),
        _metric("var_hist", "VaR, historical", low, "5 % quantile of r", n, "risk"),
        _metric("cvar_hist", "CVaR, historical", float(returns[returns <= low].mean()), "mean of r <= VaR", n, "risk"),
        _metric("win_rate", "Win rate", 0.41 if trades else nan, "winners / trades", trades, "trades", reason=closed),
        _metric("expectancy", "Expectancy", 84.5 if trades else nan, "mean net P&L", trades, "trades", "money"),
        _metric("sqn", "SQN", nan, "sqrt(n) mean(R) / sd(R)", trades, "trades", "ratio", "too few trades have an R"),
    )
    return Scorecard(
        metrics, per_year, "252 sessions counted", unit, f"Returns per {unit}.", ("Prices are a random walk.",)
    )


def sample_content(bars: Bars, result: BacktestResult | None = None, **changes: Any) -> ReportContent:
    """Return what a report of `sample_result` shows, with buy and hold of all symbols as benchmark."""
    result = result or sample_result(bars)
    unit = "day" if bars.frequency == "1d" else "session day"
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = np.nanmean(bars.close / bars.close[0], axis=1) * INITIAL
    fields: dict[str, Any] = {
        "title": "SMA cross on " + bars.symbols[0],
        "subtitle": "Long while the 10-bar mean is above the 40-bar mean, short below it.",
        "result": result,
        "bars": bars,
        "scorecard": sample_scorecard(result.equity, unit=unit, trades=len(result.trades)),
        "profile": "conservative",
        "config_text": (
            "data:\n  path: data/daily\nstrategy:\n  name: sma_cross\n  params: {fast: 10, slow: 40}\n"
            "account:\n  initial_cash: 100000.0\n"
        ),
        "provenance": (
            ("seed", "42"),
            ("data digest", bars.digest[:16]),
            ("stratkit", "0.1.0"),
            ("engine semantics", "1"),
        ),
        "warnings": ("11 bars were ambiguous: stop and target lay in one bar; the stop was taken.",),
        "benchmark": Benchmark(
            f"{bars.symbols[0]}, buy and hold", growth, INITIAL, "bought and held", sample_scorecard(growth, unit=unit)
        ),
        "command": "stratkit backtest configs/sma_cross.yaml --seed 42",
    }
    return ReportContent(**{**fields, **changes})
