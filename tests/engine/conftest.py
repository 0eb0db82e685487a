"""The two engines, for tests that must hold for both."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import Engine

from stratkit.engine.reference import replay


@pytest.fixture(params=["reference", "kernel"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Return one of the two engines as a function of market, targets and rules."""
    if request.param == "reference":
        return replay
    from stratkit.engine.run import play as play_compiled

    return lambda market, targets, rules: play_compiled(
        market, targets, np.array([rules], rules.dtype).view(np.recarray)
    )
