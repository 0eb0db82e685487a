"""`played`: a random case as the kernel plays it; `assert_same_run`: two replays compared bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from identities import Run
from random_markets import Case

from stratkit.engine.layout import Market, Records
from stratkit.engine.run import Replay, play
from stratkit.panel import FloatArray, read_only
from stratkit.risk.targets import Targets


def rule_array(rules: Any, **changed: Any) -> Records:
    """Return a (1,) record array of one record of rules, with some of them changed."""
    array = np.array([rules], rules.dtype).view(np.recarray)
    for name, value in changed.items():
        array[name] = value
    return array


def played(case: Case, stretch_bars: int | None = None, **rules: Any) -> Replay:
    return play(*frozen(case, **rules), stretch_bars=stretch_bars)


def frozen(case: Case, **rules: Any) -> tuple[Market, Targets, Records]:
    """Return a case in read-only arrays, as the kernel is given it: one type of array, so one compiled version."""
    market, targets = Market(*map(read_only, case.market)), Targets(*map(read_only, case.targets))
    return market, targets, read_only(rule_array(case.rules, **rules))


def carry_of(run: Run) -> FloatArray:
    """(T, 3) carry; a replay in which nothing is charged may leave it out."""
    return run.carry if len(run.carry) else np.zeros((len(run.equity), 3))


def bits(values: npt.NDArray[Any]) -> bytes:
    """Return the bytes of an array or of records, every NaN written alike."""
    values = np.array(values)
    if values.dtype.names:
        return b"".join(bits(values[name]) for name in values.dtype.names)
    if values.dtype.kind == "f":
        values[np.isnan(values)] = np.nan
    return values.tobytes()


def rows(records: Records) -> list[bytes]:
    """Return records as a sorted list of bytes: equal lists are equal multisets."""
    return sorted(bits(records[at : at + 1]) for at in range(len(records)))


def assert_same_rows(one: Records, other: Records) -> None:
    assert len(one) == len(other)
    for name in one.dtype.names or ():
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert bits(one) == bits(other)


def assert_same_run(one: Run, other: Run, *, same_order: bool = True) -> None:
    """Assert that two replays agree in every bit; `same_order` also compares the order of the decision log."""
    assert_same_rows(one.fills, other.fills)
    assert_same_rows(one.trades, other.trades)
    if same_order:
        assert_same_rows(one.decisions, other.decisions)
    assert rows(one.decisions) == rows(other.decisions)
    for name in ("equity", "cash", "gross", "net", "by_strategy"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        assert bits(getattr(one, name)) == bits(getattr(other, name)), name
    np.testing.assert_array_equal(carry_of(one), carry_of(other))
    assert (one.no_op, one.account_carry, one.bankrupt_bar) == (other.no_op, other.account_carry, other.bankrupt_bar)
