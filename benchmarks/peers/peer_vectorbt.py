"""Time vectorbt on an SMA cross that reverses at the next open; print one line of JSON."""

import json
import resource
import sys
import time

import numpy as np
import pandas as pd

try:
    import vectorbt
except ImportError as error:
    print(f"not installed ({error})")
    sys.exit(3)


def run(bars, fast_bars, slow_bars, cash, commission_bps, half_spread_bps):
    """Return final equity, Sharpe ratio and worst drawdown."""
    fast = vectorbt.MA.run(bars["close"], fast_bars)
    slow = vectorbt.MA.run(bars["close"], slow_bars)
    up, down = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
    portfolio = vectorbt.Portfolio.from_signals(
        bars["close"],
        entries=up.shift(1, fill_value=False),  # decided at the close, filled at the next open
        short_entries=down.shift(1, fill_value=False),
        price=bars["open"],
        val_price=bars["open"],
        fees=commission_bps * 1e-4,
        slippage=half_spread_bps * 1e-4,
        init_cash=cash,
        freq="1min",
    )
    return float(portfolio.value().iloc[-1]), float(portfolio.sharpe_ratio()), float(portfolio.max_drawdown())


def main():
    """Time a first and three warm runs."""
    path, fast, slow, cash, commission, spread = sys.argv[1:]
    with np.load(path) as arrays:
        index = pd.DatetimeIndex(arrays["times"].astype("datetime64[ns]"))
        bars = pd.DataFrame({name: arrays[name] for name in ("open", "high", "low", "close")}, index=index)
    seconds = []
    for _ in range(4):
        begun = time.perf_counter()
        equity, sharpe, drawdown = run(bars, int(fast), int(slow), float(cash), float(commission), float(spread))
        seconds.append(time.perf_counter() - begun)
    print(
        json.dumps(
            {
                "version": vectorbt.__version__,
                "first_s": seconds[0],
                "seconds": seconds[1:],
                "equity": equity,
                "sharpe": sharpe,
                "max_drawdown": drawdown,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
            }
        )
    )


main()
