"""Time vectorbt on every pair of a grid of averages that reverse at the next open; print one line of JSON.

All pairs at once would need gigabytes, so they are simulated in chunks; each average is computed once.
"""

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

CHUNK = 250


def sweep(bars, fasts, slows, cash, commission_bps, half_spread_bps):
    """Return the final equity of every pair; return, Sharpe ratio and worst drawdown are computed with it."""
    averages = vectorbt.MA.run(bars["close"], sorted({*fasts, *slows})).ma.to_numpy()
    place = {window: column for column, window in enumerate(sorted({*fasts, *slows}))}
    pairs = [(fast, slow) for fast in fasts for slow in slows]
    ends = []
    for start in range(0, len(pairs), CHUNK):
        some = pairs[start : start + CHUNK]
        fast = averages[:, [place[one] for one, _ in some]]
        slow = averages[:, [place[other] for _, other in some]]
        up, down = np.zeros(fast.shape, bool), np.zeros(fast.shape, bool)
        # decided at the close of a cross, filled at the next open
        up[2:] = (fast[:-2] < slow[:-2]) & (fast[1:-1] > slow[1:-1])
        down[2:] = (fast[:-2] > slow[:-2]) & (fast[1:-1] < slow[1:-1])
        portfolio = vectorbt.Portfolio.from_signals(
            bars["close"],
            entries=pd.DataFrame(up, index=bars.index),
            short_entries=pd.DataFrame(down, index=bars.index),
            price=bars["open"],
            val_price=bars["open"],
            fees=commission_bps * 1e-4,
            slippage=half_spread_bps * 1e-4,
            init_cash=cash,
            freq="1D",
        )
        portfolio.sharpe_ratio()
        portfolio.max_drawdown()
        ends.extend(((1.0 + portfolio.total_return()) * cash).tolist())
    return ends


def main():
    """Time one warm run, after one of a few pairs that compiles."""
    path, *spans, cash, commission, spread = sys.argv[1:]
    first, last, low, high = map(int, spans)
    with np.load(path) as arrays:
        index = pd.DatetimeIndex(arrays["times"].astype("datetime64[ns]"))
        bars = pd.DataFrame({name: arrays[name] for name in ("open", "close")}, index=index)
    money = float(cash), float(commission), float(spread)
    sweep(bars, range(first, first + 2), range(low, low + 2), *money)
    begun, spent = time.perf_counter(), time.process_time()
    equity = sweep(bars, range(first, last), range(low, high), *money)
    print(
        json.dumps(
            {
                "version": vectorbt.__version__,
                "chunk": CHUNK,
                "wall_s": time.perf_counter() - begun,
                "cpu_s": time.process_time() - spent,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
                "equity": equity,
            }
        )
    )


main()
