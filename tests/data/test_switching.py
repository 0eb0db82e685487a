"""Bars whose volatility switches between known states."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.data.planted import switching_market
from stratkit.errors import UsageError


def test_states_last_as_long_and_swing_as_much_as_was_asked() -> None:
    market, state = switching_market(200_000, seed=5, volatility=(0.01, 0.03), stay_bars=(50.0, 20.0))
    returns = np.diff(np.log(np.ravel(market.close)))
    for code, (sigma, stay) in enumerate(((0.01, 50.0), (0.03, 20.0))):
        inside = state[1:] == code
        assert returns[inside].std() == pytest.approx(sigma, rel=0.02)
        begun = np.sum((state[1:] == code) & (state[:-1] != code))
        assert (state == code).sum() / begun == pytest.approx(stay, rel=0.06)  # 2,800 stays: an error of 2 %
    assert (state == 0).mean() == pytest.approx(50 / 70, abs=0.02)


def test_the_same_seed_makes_the_same_bars_and_another_others() -> None:
    one, other = switching_market(300, seed=1), switching_market(300, seed=2)
    assert np.array_equal(one[0].close, switching_market(300, seed=1)[0].close)
    assert not np.array_equal(one[0].close, other[0].close)


@pytest.mark.parametrize("wrong", [{"volatility": (0.0, 0.1)}, {"stay_bars": (0.5, 10.0)}])
def test_states_that_cannot_be_are_refused(wrong: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(UsageError, match="above 0 and its stay one bar or more"):
        switching_market(10, **wrong)  # type: ignore[arg-type]  # one of two keywords
