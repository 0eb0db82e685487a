"""The payload reads back as it was written; nothing in it is NaN in JSON or unpacked differently each time."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stratkit.panel import NS_PER_DAY, NS_PER_SECOND
from stratkit.reports.payload import NO_TIME, Payload


def unpack(text: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a payload as the page's script does."""
    raw = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + length])
    arrays = {}
    for name, (kind, offset, count) in header["arrays"].items():
        planes = np.frombuffer(raw, np.uint8, 4 * count, 4 + length + offset).reshape(4, count)
        joined = np.ascontiguousarray(planes.T).view({"f4": "<f4", "i4": "<i4", "t4": "<u4"}[kind]).ravel()
        arrays[name] = np.cumsum(joined, dtype=np.uint32) if kind == "t4" else joined
    return header, arrays


@given(hnp.arrays(np.float64, st.integers(0, 60), elements=st.floats(width=32)))
def test_floats_read_back_and_infinities_become_missing(values: np.ndarray) -> None:
    payload = Payload(0, NS_PER_DAY)
    payload.floats("x", values)
    read = unpack(payload.text())[1]["x"]
    np.testing.assert_array_equal(read, np.where(np.isfinite(values), values, np.nan).astype(np.float32))


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40))
def test_integers_read_back(values: list[int]) -> None:
    payload = Payload(0, NS_PER_DAY)
    payload.integers("x", np.array(values, dtype=np.int64))
    assert unpack(payload.text())[1]["x"].tolist() == values


@pytest.mark.parametrize("years", [1, 100, 155])
def test_times_read_back_in_any_order_over_long_histories(years: int) -> None:
    origin = -int(80 * 365.25) * NS_PER_DAY
    times = origin + np.array([0, years * 365, 3, 3, 200]) * NS_PER_DAY
    payload = Payload(origin, years * 365 * NS_PER_DAY)
    payload.times("t", np.append(times, np.iinfo(np.int64).min))
    header, arrays = unpack(payload.text())
    assert arrays["t"][-1] == NO_TIME
    stamps = header["origin_ms"] + arrays["t"][:-1].astype(float) * header["tick_ms"]
    assert (stamps * 1e6).astype(np.int64).tolist() == times.tolist()
    assert header["tick_ms"] == (60_000 if years * 365 * NS_PER_DAY > 2**32 * NS_PER_SECOND else 1_000)


def test_a_fact_that_is_no_number_becomes_null_at_any_depth() -> None:
    payload = Payload(0, NS_PER_DAY)
    payload.fact("x", {"a": [float("nan"), (float("inf"), np.float64(2.5)), np.int64(3), "nan"]})
    assert unpack(payload.text())[0]["facts"]["x"] == {"a": [None, [None, 2.5], 3, "nan"]}


def test_the_same_content_gives_the_same_text() -> None:
    def text() -> str:
        payload = Payload(0, NS_PER_DAY)
        payload.floats("x", np.arange(9.0))
        return payload.text()

    assert text() == text()
