"""The account that proofs tell a per-bar strategy of."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.strategies.account_state import PaperAccount
from stratkit.strategies.proposals import Proposal

AB = ("A", "B")


def test_a_long_and_a_short_are_marked_at_the_close() -> None:
    paper = PaperAccount()
    assert paper.state(AB, np.array([10.0, 20.0])) == {"positions": {}, "cash": 100.0, "equity": 100.0, "exposure": 0.0}
    paper.fill(Proposal("A", "BUY"))
    paper.fill(Proposal("B", "SHORT"))
    state = paper.state(AB, np.array([12.0, 10.0]))
    # 0.1 of A bought at 10, 0.05 of B sold at 20
    assert state["positions"]["A"] == {
        "side": 1, "quantity": 0.1, "entry_price": 10.0, "value": pytest.approx(1.2), "pnl": pytest.approx(0.2)
    }  # fmt: skip
    assert state["positions"]["B"] == {
        "side": -1, "quantity": 0.05, "entry_price": 20.0, "value": pytest.approx(-0.5), "pnl": pytest.approx(0.5)
    }  # fmt: skip
    assert state["cash"] == 100.0
    assert state["equity"] == pytest.approx(100.7)
    assert state["exposure"] == pytest.approx(1.7 / 100.7)


def test_a_part_may_be_left_and_the_rest_later() -> None:
    paper = PaperAccount()
    paper.state(AB, np.array([10.0, 20.0]))
    paper.fill(Proposal("A", "BUY"))
    paper.fill(Proposal("A", "BUY"))  # again: no more of it
    paper.fill(Proposal("A", "SELL", 25.0))
    assert paper.state(AB, np.array([10.0, 20.0]))["positions"]["A"]["quantity"] == pytest.approx(0.075)
    paper.fill(Proposal("A", "EXIT"))
    paper.fill(Proposal("A", "EXIT"))  # nothing is held
    assert paper.state(AB, np.array([10.0, 20.0])) == {
        "positions": {}, "cash": pytest.approx(100.0), "equity": pytest.approx(100.0), "exposure": 0.0
    }  # fmt: skip


def test_the_opposite_side_leaves_and_enters() -> None:
    paper = PaperAccount()
    paper.state(AB, np.array([10.0, 20.0]))
    paper.fill(Proposal("A", "BUY"))
    paper.state(AB, np.array([20.0, np.nan]))
    paper.fill(Proposal("A", "SHORT"))
    state = paper.state(AB, np.array([20.0, np.nan]))
    assert (state["positions"]["A"]["side"], state["positions"]["A"]["entry_price"]) == (-1, 20.0)
    assert state["equity"] == pytest.approx(101.0)
