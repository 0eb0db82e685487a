"""`load_talib`: TA-Lib for arrays, without waiting for the data-frame libraries it would wrap."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

_WRAPPED = ("pandas", "polars")


@cache
def load_talib() -> ModuleType:
    """Import TA-Lib once; libraries that it would only wrap its functions for are hidden meanwhile.

    It imports pandas and polars when it can, a second that arrays do not need. One that is imported already is
    left alone, so a strategy of your own that works on pandas Series keeps TA-Lib's wrappers.
    """
    hidden = [name for name in _WRAPPED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None in sys.modules means "cannot be imported"
    try:
        import talib
    finally:
        for name in hidden:
            del sys.modules[name]
    module: ModuleType = talib
    return module
