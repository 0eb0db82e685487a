"""`on_talib`: panels from a TA-Lib function, run on each symbol's own bars: the only place that calls TA-Lib.

Every parameter of TA-Lib is passed by whoever calls, and its process-wide "unstable period" stays 0.
"""

from __future__ import annotations

from stratkit.features.own_bars import on_own_bars
from stratkit.features.talib_module import load_talib
from stratkit.panel import FloatArray

SIMPLE = 0  # TA-Lib's MA_Type of the simple average


def on_talib(name: str, *panels: FloatArray, outputs: int = 1, **parameters: float) -> tuple[FloatArray, ...]:
    """Return `outputs` panels (T, N): the TA-Lib function `name` of each column's own bars.

    Holes are skipped, as `on_own_bars` says.

    >>> import numpy as np
    >>> on_talib("MOM", np.array([[1.0], [np.nan], [4.0]]), timeperiod=1)[0].ravel()
    array([nan, nan,  3.])
    """

    def series(*columns: FloatArray) -> tuple[FloatArray, ...]:
        return talib_series(name, *columns, **parameters)

    return on_own_bars(series, *panels, outputs=outputs)


def talib_series(name: str, *series: FloatArray, **parameters: float) -> tuple[FloatArray, ...]:
    """Return the results of the TA-Lib function `name` on float64 series without holes, all of one length."""
    result = getattr(load_talib(), name)(*series, **parameters)
    return result if isinstance(result, tuple) else (result,)
