"""A sheet asks bar by bar, writes down what was proposed, and keeps what went wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data.bars import Bars
from stratkit.errors import StrategyError, UsageError
from stratkit.features import sma
from stratkit.plans import ExitPlan
from stratkit.strategies import sheet as sheet_module
from stratkit.strategies.bar_context import BarContext
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.context import Context
from stratkit.strategies.faults import Fault
from stratkit.strategies.proposals import Proposal
from stratkit.strategies.sheet import ProposalSheet
from stratkit.strategies.surroundings import Surroundings

NAN = math.nan
T = 6


def bars_of(rows: int = T) -> Bars:
    """A has every bar, B none on bar 3."""
    close = np.column_stack([np.arange(rows) + 10.0, np.arange(rows) + 20.0])
    close[3, 1] = np.nan
    return Bars(np.arange(rows) * 86_400 * 10**9, ("A", "B"), close, close, close, close, close, "1d")


class Says(BarStrategy):
    """Say what the test put into `said`, by bar."""

    said: Mapping[int, Any] | Callable[[BarContext], Any] = {}  # noqa: RUF012  replaced, not filled

    def proposals(self, context: BarContext) -> list[Proposal]:
        if callable(self.said):
            return self.said(context)  # type: ignore[no-any-return]  # anything, also what is no list
        return self.said.get(context.cycle_number - 1, [])  # type: ignore[no-any-return]  # likewise


def sheet_of(said: Any, rows: int = T, **options: Any) -> ProposalSheet:
    strategy = Says()
    strategy.said = said
    return ProposalSheet(strategy, Context(bars_of(rows)), **options)


def asked(said: Any, **options: Any) -> ProposalSheet:
    sheet = sheet_of(said, **options)
    for bar in range(len(sheet.side)):
        sheet.ask(bar)
    return sheet


def test_every_part_of_a_proposal_is_written_into_its_cell() -> None:
    said = {
        1: [
            Proposal("A", "BUY", 2.0, "cheap", 0.25, stop_loss_pct=5.0, take_profit_pct=10.0),
            Proposal("B", "SHORT", confidence=0.5),
        ],
        2: [Proposal("A", "SELL", 40.0, "dear"), Proposal("B", "EXIT")],
        4: [Proposal("A", "BUY", stop_loss_pct=5.0), Proposal("B", "BUY", stop_loss_pct=5.0, take_profit_pct=10.0)],
    }
    sheet = asked(said)
    np.testing.assert_array_equal(sheet.side, [[0, 0], [1, -1], [2, 2], [0, 0], [1, 1], [0, 0]])
    np.testing.assert_array_equal(sheet.confidence[1], [0.25, 0.5])
    np.testing.assert_array_equal(sheet.size[1], [0.02, NAN])
    np.testing.assert_array_equal(sheet.exit_fraction[2], [0.4, NAN])
    assert np.isnan(sheet.size[2]).all()
    np.testing.assert_array_equal(sheet.plan[[1, 2, 4]], [[0, -1], [-1, -1], [1, 0]])
    assert sheet.plans == (
        ExitPlan(risk_basis="percent", risk=5.0, sl=1.0, tp1=2.0),
        ExitPlan(risk_basis="percent", risk=5.0, sl=1.0),
    )
    assert dict(sheet.signals().remarks) == {(1, 0): "cheap", (2, 0): "dear"}
    assert sheet.proposal_count == 6


def test_the_kept_proposals_come_back_tagged() -> None:
    sheet = sheet_of({0: [Proposal("B", "BUY"), Proposal("A", "BUY", metadata={"note": 1})]})
    kept = sheet.ask(0)
    assert [(proposal.symbol, dict(proposal.metadata)) for proposal in kept] == [
        ("A", {"note": 1, "strategy": "says"}),
        ("B", {"strategy": "says"}),
    ]


def test_signals_are_views_in_which_later_bars_appear() -> None:
    sheet = sheet_of({0: [Proposal("A", "BUY", stop_loss_pct=1.0)], 2: [Proposal("B", "BUY", 3.0, "late", 0.5)]})
    sheet.ask(0)
    signals = sheet.signals()
    assert (signals.size_unit, signals.strategy, len(signals.plans)) == ("fraction", "says", 1)
    sheet.ask(2)
    for name in ("side", "confidence", "size", "exit_fraction", "plan"):
        panel = getattr(signals, name)
        assert np.shares_memory(panel, getattr(sheet, name))
        assert not panel.flags.writeable
    assert signals.side is not None
    assert signals.size is not None
    assert (signals.side[2, 1], signals.size[2, 1], signals.remarks[2, 1]) == (1, 0.03, "late")


def test_the_more_confident_of_two_proposals_for_a_symbol_stays() -> None:
    sheet = asked({1: [Proposal("A", "BUY", confidence=0.4), Proposal("A", "SHORT", confidence=0.6)]})
    assert sheet.side[1, 0] == -1
    assert (sheet.proposal_count, sheet.duplicate_count) == (2, 1)


def test_of_equally_confident_ones_the_exit_stays_then_the_smaller() -> None:
    assert asked({1: [Proposal("A", "BUY"), Proposal("A", "SELL")]}).side[1, 0] == 2
    assert asked({1: [Proposal("A", "BUY", 5.0), Proposal("A", "BUY", 2.0), Proposal("A", "BUY")]}).size[1, 0] == 0.02


PERCENT = st.sampled_from([None, 1.0, 2.5, 50.0])
ENTRY = st.builds(
    Proposal,
    symbol=st.sampled_from("AB"),
    side=st.sampled_from(["BUY", "SHORT"]),
    size_pct=PERCENT,
    reason=st.sampled_from(["", "one", "two"]),
    confidence=st.sampled_from([0.0, 0.5, 1.0]),
    stop_loss_pct=PERCENT,
    take_profit_pct=PERCENT,
)
LEAVE = st.builds(Proposal, symbol=st.sampled_from("AB"), side=st.sampled_from(["SELL", "EXIT"]), size_pct=PERCENT)


@settings(max_examples=60)
@given(
    proposals=st.lists(ENTRY | LEAVE, max_size=6).flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_)))
)
def test_the_order_of_proposals_does_not_matter(proposals: tuple[list[Proposal], list[Proposal]]) -> None:
    one, other = (asked({1: each}).signals() for each in proposals)
    for name, panel in one.panels().items():
        np.testing.assert_array_equal(panel, other.panels()[name])
    assert dict(one.remarks) == dict(other.remarks)
    assert one.plans == other.plans


def test_the_state_reaches_the_strategy() -> None:
    def says_what_it_holds(context: BarContext) -> list[Proposal]:
        held = (context.state or {}).get("positions", {})
        return [Proposal(symbol, "SELL", position["part_pct"]) for symbol, position in held.items()]

    sheet = sheet_of(says_what_it_holds)
    sheet.ask(0, {"positions": {"A": {"part_pct": 40.0}}})
    sheet.ask(1)
    assert sheet.exit_fraction[:2, 0].tolist() == [0.4, pytest.approx(NAN, nan_ok=True)]


def test_surroundings_reach_the_strategy() -> None:
    surroundings = Surroundings(regime=("bear", *("bull",) * 5), risk_constraints={"max_open_positions": 2})
    sheet = asked(
        lambda context: [Proposal("A", "BUY", context.risk_constraints["max_open_positions"], context.regime)],
        surroundings=surroundings,
    )
    assert sheet.size[0, 0] == 0.02
    assert [sheet.signals().remarks[bar, 0] for bar in (0, 1)] == ["bear", "bull"]


def test_bars_are_asked_for_in_rising_order() -> None:
    sheet = sheet_of({})
    sheet.ask(2)
    for bar in (2, 0, -1, T):
        with pytest.raises(UsageError, match="bars are asked for in rising order"):
            sheet.ask(bar)


def test_a_declared_warm_up_is_not_asked_for() -> None:
    class Patient(Says):
        @property
        def warmup_bars(self) -> int:
            return 3

    strategy = Patient()
    strategy.said = lambda context: [Proposal("A", "BUY")]
    sheet = ProposalSheet(strategy, Context(bars_of()))
    for bar in range(T):
        sheet.ask(bar)
    assert sheet.side[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert sheet.signals().warmup_bars == 3


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "it must return a list of proposals, [] for none; found NoneType"),
        (["A"], "every proposal must be a Proposal(symbol=..., side=...); found 'A'"),
        ([Proposal("AA", "BUY")], "must name a symbol of the universe; found 'AA'; did you mean 'A'?"),
        ([Proposal("B", "SELL")], "must be for a symbol with a bar; B has none on this bar"),
    ],
)
def test_what_cannot_be_carried_out_is_an_error_with_class_line_and_date(said: Any, message: str) -> None:
    sheet = sheet_of({3: said})
    with pytest.raises(StrategyError) as caught:
        sheet.ask(3)
    line = Says.proposals.__code__.co_firstlineno - 5
    assert str(caught.value).startswith(f"strategy 'says' on 1970-01-04: {__file__}:{line}: ")
    assert message in str(caught.value)


def test_what_is_not_eligible_may_be_left_and_not_entered() -> None:
    eligible = np.zeros((T, 2), np.bool_)
    sheet = asked({1: [Proposal("A", "SELL")]}, surroundings=Surroundings(eligible=eligible))
    assert sheet.side[1, 0] == 2
    with pytest.raises(StrategyError, match="an entry must be for an eligible symbol; A is not"):
        asked({1: [Proposal("A", "BUY")]}, surroundings=Surroundings(eligible=eligible))


def test_an_error_names_the_line_of_the_strategy_and_the_date() -> None:
    class Wrong(BarStrategy):
        """Be wrong on every other bar."""

        def proposals(self, context: BarContext) -> list[Proposal]:
            return [Proposal("A", "BUY", confidence=0.5 if context.cycle_number % 2 else NAN)]

    sheet = ProposalSheet(Wrong(), Context(bars_of()))
    sheet.ask(0)
    with pytest.raises(StrategyError) as caught:
        sheet.ask(1)
    line = Wrong.proposals.__code__.co_firstlineno + 1
    assert str(caught.value) == (
        f"strategy 'wrong' on 1970-01-02 raised: {__file__}:{line}: confidence must lie in [0, 1]; found nan"
    )


def fails_on_odd_bars(context: BarContext) -> list[Proposal]:
    if context.cycle_number % 2:
        return [Proposal("A", "BUY")]
    raise ValueError("odd")


def test_a_failing_bar_is_skipped_and_kept_when_asked_to() -> None:
    sheet = asked(fails_on_odd_bars, on_error="skip")
    assert sheet.side[:, 0].tolist() == [1, 0, 1, 0, 1, 0]
    assert [fault.bar for fault in sheet.faults] == [1, 3, 5]
    assert sheet.faults[0].strategy == "says"
    assert "ValueError: odd" in sheet.faults[0].message


def test_a_strategy_that_always_fails_has_a_fault_on_every_bar() -> None:
    def fails(context: BarContext) -> list[Proposal]:
        raise ValueError("always")

    sheet = asked(fails, rows=150, on_error="skip")
    assert [fault.bar for fault in sheet.faults] == list(range(150))
    assert isinstance(sheet.faults[0], Fault)


def test_a_bar_that_takes_too_long_is_an_error() -> None:
    def sleeps(context: BarContext) -> list[Proposal]:
        time.sleep(0.5 if context.cycle_number == 2 else 0.0)
        return []

    sheet = sheet_of(sleeps, time_limit_seconds=0.05)
    sheet.ask(0)
    with pytest.raises(StrategyError, match=r"strategy 'says' on 1970-01-02 must answer within 0\.05 s"):
        sheet.ask(1)
    assert asked(sleeps, time_limit_seconds=0.05, on_error="skip").faults[0].bar == 1


def test_being_stopped_is_no_fault() -> None:
    def stopped(context: BarContext) -> list[Proposal]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(stopped, on_error="skip")


def test_plans_have_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_module, "_MOST_PLANS", 2)
    said = {bar: [Proposal("A", "BUY", stop_loss_pct=1.0 + bar)] for bar in range(3)}
    with pytest.raises(StrategyError, match="may use 2 different pairs of stop_loss_pct and take_profit_pct"):
        asked(said)


def test_an_indicator_read_through_the_view_counts_as_lookback() -> None:
    strategy, context = Says(), Context(bars_of())
    strategy.said = lambda view: [Proposal("A", "BUY")] if view.value(sma, 4, symbol="A") > 0 else []
    sheet = ProposalSheet(strategy, context)
    sheet.ask(0)
    assert context.lookback_bars == 3
