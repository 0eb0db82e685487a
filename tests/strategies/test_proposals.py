"""A proposal says what can be meant, and refuses what cannot, in the line that makes it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from stratkit.errors import StrategyError
from stratkit.plans import ExitPlan, percent_plan
from stratkit.strategies.proposals import Proposal, TriggerSignal, tagged

NAN = math.nan


def test_what_is_left_out_is_as_configured() -> None:
    proposal = Proposal("A", "BUY")
    assert (proposal.size_pct, proposal.stop_loss_pct, proposal.take_profit_pct) == (None, None, None)
    assert (proposal.confidence, proposal.reason, proposal.trigger) == (1.0, "", None)
    assert dict(proposal.metadata) == {}


@pytest.mark.parametrize(("side", "is_entry"), [("BUY", True), ("SHORT", True), ("SELL", False), ("EXIT", False)])
def test_sell_leaves_and_never_enters(side: Any, is_entry: bool) -> None:
    assert Proposal("A", side).is_entry is is_entry


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"side": "buy"}, "side must be BUY, SELL, SHORT or EXIT; found 'buy'; did you mean 'BUY'?"),
        ({"side": 1}, "side must be BUY, SELL, SHORT or EXIT; found 1; "),
        ({"confidence": NAN}, "confidence must lie in [0, 1]; found nan"),
        ({"confidence": 1.01}, "confidence must lie in [0, 1]; found 1.01"),
        ({"confidence": -0.1}, "confidence must lie in [0, 1]; found -0.1"),
        ({"confidence": True}, "confidence must lie in [0, 1]; found True"),
        ({"confidence": "high"}, "confidence must lie in [0, 1]; found 'high'"),
        ({"size_pct": -2.0}, "size_pct must be a percentage of equity above 0; found -2.0"),
        ({"size_pct": 0.0}, "size_pct must be a percentage of equity above 0; found 0.0"),
        ({"size_pct": NAN}, "size_pct must be a percentage of equity above 0; found nan"),
        ({"side": "SELL", "size_pct": 101.0}, "size_pct must be a percentage of the position above 0 and up to 100"),
        ({"stop_loss_pct": 100.0}, "stop_loss_pct must be a percentage of the entry price above 0 and below 100"),
        ({"stop_loss_pct": 0.0}, "stop_loss_pct must be a percentage of the entry price above 0 and below 100"),
        ({"take_profit_pct": -1.0}, "take_profit_pct must be a percentage of the entry price above 0; found -1.0"),
        ({"side": "SHORT", "take_profit_pct": 100.0}, "above 0 and below 100 for a SHORT; found 100.0"),
        ({"side": "SELL", "stop_loss_pct": 5.0}, "belong to an entry; found them beside SELL"),
        ({"side": "EXIT", "take_profit_pct": 5.0}, "belong to an entry; found them beside EXIT"),
        ({"trigger": "breakout"}, "trigger must be a TriggerSignal or None; found 'breakout'"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        Proposal("A", **({"side": "BUY"} | given))
    assert message in str(caught.value)


def test_a_target_may_be_further_away_than_the_price_itself() -> None:
    assert Proposal("A", "BUY", take_profit_pct=150.0).take_profit_pct == 150.0


def test_the_strength_of_a_trigger_lies_between_0_and_1() -> None:
    with pytest.raises(StrategyError, match=r"strength must lie in \[0, 1\]; found 1.5"):
        TriggerSignal("A", "breakout", 1.5)


def test_metadata_are_a_copy_that_cannot_be_written_to() -> None:
    given = {"note": 1}
    proposal = tagged(Proposal("A", "BUY", metadata=given), "dip")
    given["note"] = 2
    assert dict(proposal.metadata) == {"note": 1, "strategy": "dip"}
    with pytest.raises(TypeError):
        proposal.metadata["note"] = 3  # type: ignore[index]  # that is the point


@pytest.mark.parametrize(
    ("stop", "target", "expected"),
    [
        (5.0, 10.0, ExitPlan(risk_basis="percent", risk=5.0, sl=1.0, tp1=2.0, f1=1.0)),
        (8.0, 2.0, ExitPlan(risk_basis="percent", risk=8.0, sl=1.0, tp1=0.25, f1=1.0)),
        (5.0, None, ExitPlan(risk_basis="percent", risk=5.0, sl=1.0)),
        (None, 10.0, ExitPlan(risk_basis="percent", risk=10.0, tp1=1.0, f1=1.0)),
        (None, None, None),
    ],
)
def test_percentages_become_a_plan_in_r(stop: float | None, target: float | None, expected: ExitPlan | None) -> None:
    assert percent_plan(stop, target) == expected
