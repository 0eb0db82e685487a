"""Replays that are summed up only: the same bits whatever is kept, in one piece or many, alone or side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_markets import Case, cases, random_case
from replays import assert_same_run, bits, frozen, played
from test_metrics_only import ANALYTICS, bars_of, periods_of

from stratkit.analytics.basis import Basis, basis_of
from stratkit.analytics.streamed import tally_result
from stratkit.engine.book import open_book
from stratkit.engine.layout import DELISTED, Market, Records
from stratkit.engine.reference import replay
from stratkit.engine.run import begin_sums, finish_sums, play, play_on
from stratkit.engine.simulate import result_of
from stratkit.engine.sums import KEPT_BYTES, STREAM_DTYPE
from stratkit.engine.tally import Tally, bucket_ends, copies, open_tally, tally_on
from stratkit.errors import UsageError
from stratkit.frequency import ReturnPeriods
from stratkit.inference.trial_sums import bucket_counts
from stratkit.panel import read_only
from stratkit.risk.targets import Panels, Targets

QUIET = [
    "exits", "plan_stop", "plan_percent", "plan_targets", "plan_trailing", "plan_break_even", "missing_bars",
    "delist_event", "stale_end", "late_listing", "commission", "spread", "new_edge", "isolated", "maintenance", "adds",
    "tiny_account", "leverage", "borrow", "end_at_close", "splits", "drawdown", "resting_entries", "close_profile",
    "no_shorts", "volume_limit", "plan_time_stop", "cooldown", "fine_prices",
]  # fmt: skip


def sparse(case: Case, seed: int, share: float) -> Case:
    """Return a case whose sides are silent on most bars, so that positions are held for long."""
    if not len(case.targets.side):
        return case
    silent = np.random.default_rng(seed).random(case.targets.side.shape) < share
    return case._replace(targets=case.targets._replace(side=np.where(silent, np.int8(0), case.targets.side)))


# one symbol and one strategy: the account whose quiet bars are played in one loop
single_cases = st.builds(
    sparse,
    st.builds(
        random_case,
        st.integers(0, 2**32 - 1),
        st.integers(2, 120),
        st.just(1),
        st.just(1),
        st.lists(st.sampled_from(QUIET), unique=True, max_size=8),
    ),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.5, 0.9, 0.97]),
)


@settings(max_examples=600, deadline=None)
@given(single_cases)
def test_quiet_stretches_of_one_position_are_played_like_the_plain_twin(case: Case) -> None:
    assert_same_run(played(case), replay(*case), same_order=False)


def test_a_delisting_ends_a_quiet_stretch() -> None:
    delisted = 0
    for seed in range(150):
        case = sparse(
            random_case(seed, bars=60, symbols=1, strategies=1, features=["delist_event", "exits"]), seed, 0.8
        )
        run = played(case)
        assert_same_run(run, replay(*case), same_order=False)
        delisted += int((run.trades["exit_reason"] == DELISTED).sum())
    assert delisted > 20


def with_periods(case: Case, intraday: bool) -> tuple[Market, Targets, Records, ReturnPeriods, Basis]:
    periods = periods_of(case.market, intraday)
    market, targets, rules = frozen(case._replace(market=case.market._replace(period_end=periods.period_end)))
    return market, targets, rules, periods, basis_of(periods, ANALYTICS)


def tallied(
    market: Market, targets: Targets, rules: Records, basis: Basis, *, whole: bool, steps: Sequence[int] = ()
) -> Tally:
    cash, bars = float(rules[0].initial_cash), len(market.times)
    tally = open_tally(cash, basis.mar, basis.intraday, market.period_end, whole=whole)
    playing = begin_sums(market, targets, rules, tally)
    for stop in (*sorted(step for step in steps if step < bars), bars):
        if stop > playing.bar:
            play_on(playing, stop)
    return finish_sums(playing)


def assert_same_sums(case: Case, intraday: bool, steps: Sequence[int]) -> None:
    """Assert that the lean and the whole sums, in pieces, and those of the recorded run agree in every bit."""
    market, targets, rules, periods, basis = with_periods(case, intraday)
    names = ("one", "two", "three")
    run = play(market, targets, rules)
    result = result_of(bars_of(market, 4 if intraday else 24), names, targets, float(rules[0].initial_cash), run, {})
    record = tally_result(result, periods, basis)
    lean = tallied(market, targets, rules, basis, whole=False, steps=steps)
    whole = tallied(market, targets, rules, basis, whole=True)
    assert lean.bytes_of_each() == whole.bytes_of_each() == record.bytes_of_each()
    assert bits(whole.stream[0]) == bits(record.stream[0])
    kept = len([name for name in STREAM_DTYPE.names or () if STREAM_DTYPE.fields[name][1] < KEPT_BYTES])  # type: ignore[index]  # it has fields
    assert kept * 8 == KEPT_BYTES
    assert lean.count.sum() == periods.period_end.sum()


@settings(max_examples=400, deadline=None)
@given(single_cases, st.booleans(), st.lists(st.integers(1, 119), max_size=3))
def test_sums_of_one_position_are_those_of_the_recorded_run(case: Case, intraday: bool, steps: list[int]) -> None:
    assert_same_sums(case, intraday, steps)


@settings(max_examples=400, deadline=None)
@given(cases(), st.booleans(), st.lists(st.integers(1, 39), max_size=3))
def test_sums_of_any_case_are_those_of_the_recorded_run(case: Case, intraday: bool, steps: list[int]) -> None:
    assert_same_sums(case, intraday, steps)


@settings(max_examples=100, deadline=None)
@given(st.one_of(single_cases, cases()), st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_replays_side_by_side_are_the_replays_alone(case: Case, seed: int, trials: int) -> None:
    market, targets, rules, _, basis = with_periods(case, intraday=False)
    random, cash, bars = np.random.default_rng(seed), float(rules[0].initial_cash), len(market.times)
    side = np.repeat(targets.side[None], trials, axis=0)
    side[random.random(side.shape) < 0.2] = 0
    weight = np.repeat(targets.weight[None], trials, axis=0)
    weight[random.random(weight.shape) < 0.2] = np.nan
    active = random.random(trials) < 0.8
    tally = open_tally(cash, basis.mar, basis.intraday, market.period_end, whole=False, trials=trials)
    books = copies(open_book(cash, targets, market.delist_bar), trials)
    panels, middle = Panels(*map(read_only, targets.panels())), int(random.integers(0, bars + 1))
    tally_on(tally, books, market, panels, (side, weight), rules, 0, middle, active)
    tally_on(tally, books, market, panels, (side, weight), rules, middle, bars, active)
    untouched = open_tally(cash, basis.mar, basis.intraday, market.period_end, whole=False)
    for trial in range(trials):
        own = targets._replace(side=read_only(side[trial]), weight=read_only(weight[trial]))
        alone = tallied(market, own, rules, basis, whole=False) if active[trial] else untouched
        tally.stream[trial, 0].open_trades = alone.stream[0, 0].open_trades  # counted when all is played
        assert tally.bytes_of_each()[trial] == alone.bytes_of_each()[0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 20))
def test_a_bucket_ends_with_the_last_of_its_periods(period_end: list[bool], buckets: int) -> None:
    ends = np.flatnonzero(period_end)
    if len(ends):
        count = bucket_counts(len(ends), buckets)
        found = bucket_ends(read_only(np.array(period_end)), count)
        assert found.tolist() == [int(ends[last - 1]) for last in np.cumsum(count)]


def test_packages_cannot_be_summed_up_only() -> None:
    market, targets, rules, _, basis = with_periods(random_case(3, symbols=2), intraday=False)
    legs = targets._replace(legs=np.ones((len(market.times), 2), np.int16))
    with pytest.raises(UsageError, match="packages"):
        tallied(market, legs, rules, basis, whole=False)
