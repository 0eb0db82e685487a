"""Plain values become JSON that every reader accepts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stratkit.runs.json_text import json_text


def test_nan_and_infinities_become_null_at_any_depth() -> None:
    value = {"a": [float("nan"), {"b": float("inf")}], "c": np.array([1.0, -np.inf])}
    assert json.loads(json_text(value)) == {"a": [None, {"b": None}], "c": [1.0, None]}


def test_numpy_scalars_are_numbers() -> None:
    assert json.loads(json_text({"n": np.int64(3), "x": np.float32(0.5), "t": np.bool_(True)})) == {
        "n": 3,
        "x": 0.5,
        "t": True,
    }


def test_keys_keep_their_order_and_text_its_letters() -> None:
    assert json_text({"z": "é", "a": 1}) == '{\n  "z": "é",\n  "a": 1\n}\n'


def test_what_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError):
        json_text({"a": object()})
