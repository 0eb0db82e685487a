"""`Payload`: arrays and facts packed as one compressed text for the page's script to unpack.

Layout before gzip and base64: a little-endian u4 with the length of a JSON header, the header, then
the arrays. Each array is 4 bytes a value with the bytes of equal rank side by side, which gzip packs
far better than interleaved floats. Times are u4 steps from value to value, modulo 2^32.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.panel import NS_PER_SECOND, IntArray

NO_TIME: Final = 2**32 - 1
_GZIP_LEVEL: Final = 7


class Payload:
    """Collect named arrays and facts; `text` is what goes into the page."""

    def __init__(self, origin_ns: int, span_ns: int) -> None:
        # u4 holds 136 years of seconds; a longer history counts minutes
        self._tick_ns = NS_PER_SECOND if span_ns < (NO_TIME - 1) * NS_PER_SECOND else 60 * NS_PER_SECOND
        self._origin_ns = origin_ns
        self._header: dict[str, Any] = {"arrays": {}, "facts": {}}
        self._blobs: list[bytes] = []
        self._length = 0

    def fact(self, name: str, value: Any) -> None:
        """Add a JSON value; a float that is not finite becomes null."""
        self._header["facts"][name] = _without_nan(value)

    def floats(self, name: str, values: npt.ArrayLike) -> None:
        """Add numbers as 32-bit floats; infinities become NaN, which the page shows as n/a."""
        array = np.asarray(values, dtype=np.float64)
        largest = float(np.finfo(np.float32).max)
        clean = np.where(np.isfinite(array), np.clip(array, -largest, largest), np.nan)
        self._add(name, "f4", clean.astype("<f4"))

    def integers(self, name: str, values: npt.ArrayLike) -> None:
        """Add whole numbers within 32 bits."""
        self._add(name, "i4", np.asarray(values).astype("<i4"))

    def times(self, name: str, times_ns: IntArray) -> None:
        """Add UTC nanosecond stamps, rounded down to the second; stamps below the origin mean none."""
        ticks = (times_ns - self._origin_ns) // self._tick_ns
        coded = np.where(times_ns < self._origin_ns, NO_TIME, ticks).astype(np.uint32)
        self._add(name, "t4", np.diff(coded, prepend=np.uint32(0)).astype("<u4"))

    def _add(self, name: str, kind: str, array: npt.NDArray[Any]) -> None:
        planes = np.ascontiguousarray(array.view(np.uint8).reshape(-1, 4).T).tobytes()
        self._header["arrays"][name] = [kind, self._length, len(array)]
        self._blobs.append(planes)
        self._length += len(planes)

    def packed(self) -> bytes:
        """Return header and arrays as they are before compression."""
        clock = {"origin_ms": self._origin_ns / 1e6, "tick_ms": self._tick_ns / 1e6}
        header = json.dumps({**self._header, **clock}, separators=(",", ":"), allow_nan=False).encode()
        return len(header).to_bytes(4, "little") + header + b"".join(self._blobs)

    def text(self) -> str:
        """Return the payload as base64 of gzip."""
        return compressed_text(self.packed())


def compressed_text(raw: bytes) -> str:
    """Return `raw` as base64 of gzip, the same text every time."""
    return base64.b64encode(gzip.compress(raw, _GZIP_LEVEL, mtime=0)).decode("ascii")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    if isinstance(value, dict):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
