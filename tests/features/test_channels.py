"""Each channel against its formula, written plainly."""

from __future__ import annotations

import numpy as np
import pytest
from market_panels import KINDS, NAN, Function, Kind, assert_is_formula, plain_atr, plain_ema, plain_window

from stratkit.errors import UsageError
from stratkit.features.channels import donchian, keltner, natr

Series = list[float]


def plain_keltner(high: Series, low: Series, close: Series, n: int, m: int, k: float) -> list[Series]:
    middle, spans = plain_ema(close, n), plain_atr(high, low, close, m)
    both = [(a, b) if a == a and b == b else (NAN, NAN) for a, b in zip(middle, spans)]  # they start together
    return [[a for a, _ in both], [a + k * b for a, b in both], [a - k * b for a, b in both]]


def plain_donchian(high: Series, low: Series, n: int) -> list[Series]:
    whole = range(len(high))
    upper = [max(plain_window(high, t, n)) if t >= n - 1 else NAN for t in whole]
    lower = [min(plain_window(low, t, n)) if t >= n - 1 else NAN for t in whole]
    return [[(a + b) / 2 for a, b in zip(upper, lower)], upper, lower]


def plain_natr(high: Series, low: Series, close: Series, n: int) -> Series:
    return [100 * span / last for span, last in zip(plain_atr(high, low, close, n), close)]


CASES: list[tuple[Function, Function, tuple[float, ...]]] = [
    (keltner, plain_keltner, (6, 3, 1.5)),
    (keltner, plain_keltner, (3, 7, 2.0)),
    (donchian, plain_donchian, (5,)),
    (natr, plain_natr, (4,)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("function", "plain", "params"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_channel_equals_its_formula(
    function: Function, plain: Function, params: tuple[float, ...], kind: Kind
) -> None:
    assert_is_formula(function, plain, params, kind)


def test_a_width_that_is_not_positive_is_refused() -> None:
    price = np.ones((9, 1))
    with pytest.raises(UsageError, match="multiple must be above 0; found nan"):
        keltner(price, price, price, multiple=NAN)
