"""Time backtesting.py on an SMA cross that reverses at the next open; print one line of JSON."""

import json
import resource
import sys
import time
import warnings

import numpy as np
import pandas as pd

try:
    import backtesting
    from backtesting.lib import FractionalBacktest, crossover
except ImportError as error:
    print(f"not installed ({error})")
    sys.exit(3)

# its bar of progress would be timed too
backtesting.backtesting._tqdm = lambda sequence, **_: sequence


def sma(values, window_bars):
    """Return the simple moving average."""
    return pd.Series(values).rolling(window_bars).mean().to_numpy()


def strategy(fast_bars, slow_bars):
    """Return a strategy that reverses all equity on each cross."""

    class Cross(backtesting.Strategy):
        def init(self):
            self.fast = self.I(sma, self.data.Close, fast_bars)
            self.slow = self.I(sma, self.data.Close, slow_bars)

        def next(self):
            if crossover(self.fast, self.slow):
                self.position.close()
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()
                self.sell()

    return Cross


def main():
    """Time one run: a second would take as long."""
    path, fast, slow, cash, commission, spread = sys.argv[1:]
    with np.load(path) as arrays:
        index = pd.DatetimeIndex(arrays["times"].astype("datetime64[ns]"))
        names = ("open", "high", "low", "close", "volume")
        bars = pd.DataFrame({name.capitalize(): arrays[name] for name in names}, index=index)
    warnings.simplefilter("ignore")
    test = FractionalBacktest(
        bars,
        strategy(int(fast), int(slow)),
        cash=float(cash),
        commission=float(commission) * 1e-4,
        spread=2.0 * float(spread) * 1e-4,  # it charges the whole spread on the entry and none on the exit
        fractional_unit=1e-6,
    )
    begun = time.perf_counter()
    stats = test.run()
    seconds = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "version": backtesting.__version__,
                "first_s": seconds,
                "seconds": [seconds],
                "equity": float(stats["Equity Final [$]"]),
                "sharpe": float(stats["Sharpe Ratio"]),
                "max_drawdown": float(stats["Max. Drawdown [%]"]) / 100.0,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
            }
        )
    )


main()
