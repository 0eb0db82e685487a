"""Chunks of sets of values: however they are cut, lost and finished, each set comes to its own result, once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stratkit.research.trials import Evaluation, Unfinished
from stratkit.research.worklist import WORKER_DIED, Pace, Worklist


def result_of(place: int) -> Evaluation:
    return Unfinished("failed", f"the result of {place}")


@given(
    total=st.integers(0, 60),
    hands=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=20),
    events=st.lists(st.sampled_from(["finish", "finish last", "die"]), max_size=30),
)
def test_results_are_in_order_however_chunks_are_cut_and_lost(
    total: int, hands: int, sizes: list[int], events: list[str]
) -> None:
    heard: list[int] = []
    work = Worklist(total, lambda place, _: heard.append(place))
    running: list[tuple[int, ...]] = []
    turn = 0
    while not work.is_done:
        while len(running) < hands and (places := work.take(Pace(sizes[turn % len(sizes)]), hands)):
            running.append(places)
        event = events[turn] if turn < len(events) else "finish"
        chunk = running.pop(-1 if event == "finish last" else 0)
        if event == "die":
            work.give_back(chunk)
        else:
            work.finish(chunk, [result_of(place) for place in chunk])
        turn += 1
    assert sorted(heard) == list(range(total))
    found = work.results()
    assert len(found) == total
    assert all(one in (result_of(place), WORKER_DIED) for place, one in enumerate(found))
    if events.count("die") < 3:
        assert found == [result_of(place) for place in range(total)]


def test_what_is_left_is_shared_out_between_the_workers() -> None:
    work = Worklist(16)
    assert work.take(Pace(1000), 2) == tuple(range(8))
    assert work.take(Pace(1000), 2) == tuple(range(8, 12))


def test_a_chunk_of_a_dead_worker_is_computed_one_by_one() -> None:
    work = Worklist(5)
    chunk = work.take(Pace(3), 1)
    work.give_back(chunk)
    assert [work.take(Pace(3), 1) for _ in range(4)] == [(0,), (1,), (2,), (3, 4)]


def test_a_set_that_kills_three_workers_alone_has_failed() -> None:
    work = Worklist(2)
    work.give_back(work.take(Pace(2), 1))
    for _ in range(3):
        assert not work.is_done
        chunk = work.take(Pace(2), 1)
        while chunk != (0,):
            work.finish(chunk, [result_of(1)])
            chunk = work.take(Pace(2), 1)
        work.give_back(chunk)
    assert work.is_done
    assert work.results() == [WORKER_DIED, result_of(1)]


def test_of_a_set_that_was_computed_twice_the_first_result_counts_and_is_told() -> None:
    heard: list[Evaluation] = []
    work = Worklist(1, lambda _, found: heard.append(found))
    work.finish((0,), [result_of(0)])
    work.finish((0,), [result_of(1)])
    assert work.results() == heard == [result_of(0)]


@given(size=st.integers(1, 10_000), share=st.floats(0.01, 1.0), seconds=st.floats(0.0, 1e4))
def test_a_chunk_lasts_about_a_second_and_grows_twofold_at_most(size: int, share: float, seconds: float) -> None:
    count = max(1, int(size * share))
    pace = Pace(size).after(count, seconds)
    assert 1 <= pace.size <= 2 * size
    if pace.size > 1:
        assert pace.size * seconds / count <= 1.0 + 1e-9


def test_a_fast_evaluation_reaches_its_pace_and_a_slow_one_falls_at_once() -> None:
    pace = Pace()
    for _ in range(12):
        pace = pace.after(pace.size, pace.size / 500)
    assert pace == Pace(500)
    assert pace.after(500, 250.0) == Pace(2)
    assert pace.after(500, 5000.0) == Pace(1)
