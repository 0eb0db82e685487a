"""`json_text`: plain values as JSON that every reader accepts, the same bytes each time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(value: Any) -> str:
    """Return `value` as indented JSON with a final newline.

    Mappings keep their order; NumPy arrays and scalars become lists and numbers; NaN and
    infinities, which JSON does not have, become null. Raises `TypeError` for anything else.

    >>> print(json_text({"sharpe": float("nan"), "trades": 3}), end="")
    {
      "sharpe": null,
      "trades": 3
    }
    """
    return json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
