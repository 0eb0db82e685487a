"""Finer bars inside a bar: which pieces belong to which bar, and what is played through them, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_bars import MIDDLE, ONE_UNIT, ROOMY, Row, bars_of, check_account, fills, opinion
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.bars import FIELDS, PRICES, Bars
from stratkit.data.resample import resample_bars
from stratkit.engine.detail import Detail, detail_of
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import DataError
from stratkit.frequency import frequency_ns
from stratkit.panel import FloatArray
from stratkit.plans import ExitPlan
from stratkit.seeds import generator

# ---- alignment


def random_pair(seed: int, days: int = 6, symbols: int = 3) -> tuple[Bars, Bars]:
    """Return daily bars and 6-hour bars with holes, missing symbols, missing stamps, and bars that do not agree."""
    rng = generator(seed, "test")
    count = 4 * days
    close = 100 + rng.integers(-5, 6, (count, symbols)).astype(float)
    opens = 100 + rng.integers(-5, 6, (count, symbols)).astype(float)
    high, low = np.maximum(opens, close) + 1, np.minimum(opens, close) - 1
    names = tuple("ABC"[:symbols])
    times = bars_of([None] * count, "6h").times
    finer = Bars(times, names, opens, high, low, close, np.ones_like(close), "6h")
    coarse = with_holes(resample_bars(finer, "1d"), rng, 0.15, 0.1)
    return coarse, with_holes(finer, rng, 0.3, 0.2).select(names[: 1 + seed % symbols])


def with_holes(bars: Bars, rng: np.random.Generator, cells: float, rows: float) -> Bars:
    """Return bars without some of their cells and some of their stamps, but for the first."""
    hole, kept = rng.random(bars.shape) < cells, rng.random(len(bars.times)) >= rows
    kept[0] = True
    parts: dict[str, Any] = {name: np.where(hole, np.nan, getattr(bars, name))[kept] for name in FIELDS}
    return replace(bars, times=bars.times[kept], **parts)


def naive(bars: Bars, finer: Bars) -> tuple[list[list[str]], list[tuple[int, int]]]:
    """Return per bar and symbol "none" (no bar), "absent", "agrees" or "disagrees", and the rows of the pieces."""
    said, rows = [], []
    for bar, start in enumerate(bars.times):
        inside = [row for row, time in enumerate(finer.times) if start <= time < start + frequency_ns(bars.frequency)]
        rows.append((inside[0], inside[-1] + 1) if inside else (-1, -1))
        line = []
        for column, symbol in enumerate(bars.symbols):
            whole = [getattr(bars, name)[bar, column] for name in PRICES]
            own = finer.symbols.index(symbol) if symbol in finer.symbols else None
            pieces = [
                [getattr(finer, name)[row, own] for name in PRICES]
                for row in inside
                if own is not None and np.isfinite(finer.close[row, own])
            ]
            if not np.isfinite(whole[3]):
                line.append("none")
            elif not pieces:
                line.append("absent")
            else:
                opens, highs, lows, closes = zip(*pieces, strict=True)
                line.append("agrees" if [opens[0], max(highs), min(lows), closes[-1]] == whole else "disagrees")
        said.append(line)
    return said, rows


@given(seed=st.integers(0, 400))
def test_pieces_are_aligned_as_a_plain_loop_aligns_them(seed: int) -> None:
    bars, finer = random_pair(seed)
    said, rows = naive(bars, finer)
    words = [word for line in said for word in line]
    if not {"agrees", "disagrees"} & set(words):
        with pytest.raises(DataError, match="detail must lie inside the bars"):
            detail_of(bars, finer)
        return
    detail = detail_of(bars, finer)
    assert detail.agrees.tolist() == [[word == "agrees" for word in line] for line in said]
    assert (detail.absent, detail.disagreeing) == (words.count("absent"), words.count("disagrees"))
    assert bool(detail.first_disagreement) == ("disagrees" in words)
    for place, (first, last) in zip(detail.rows.tolist(), rows, strict=True):
        assert place == [first, last] or (first == -1 and place[0] == place[1])
    for column, symbol in enumerate(bars.symbols):
        if symbol in finer.symbols:
            own = finer.symbols.index(symbol)
            np.testing.assert_array_equal(detail.close[:, column], finer.close[:, own])
        else:
            assert np.isnan(detail.close[:, column]).all()


def test_the_random_pairs_hold_every_case() -> None:
    words = {word for seed in range(20) for line in naive(*random_pair(seed))[0] for word in line}
    assert words == {"none", "absent", "agrees", "disagrees"}


def test_pieces_outside_every_bar_are_left_out() -> None:
    flat: Row = (100.0, 101.0, 99.0, 100.0)
    wild: Row = (100.0, 150.0, 50.0, 100.0)
    finer = bars_of([wild, wild, flat, flat, wild, wild], "12h", start="2023-12-31")
    detail = detail_of(bars_of([flat]), finer)
    assert detail.rows.tolist() == [[2, 4]]
    assert detail.agrees.all()
    assert (detail.absent, detail.disagreeing, detail.doubt) == (0, 0, "")


def test_a_month_is_as_long_as_the_calendar_says() -> None:
    days = bars_of([(100.0 + day, 101.0 + day, 99.0 + day, 100.0 + day) for day in range(91)])  # January to March
    detail = detail_of(resample_bars(days, "1mo"), days)
    assert detail.rows.tolist() == [[0, 31], [31, 60], [60, 91]]
    assert detail.agrees.all()


def test_a_bar_ends_where_the_next_begins() -> None:
    days = bars_of([(100.0, 101.0, 99.0, 100.0)] * 4, "12h")
    near = replace(bars_of([(100.0, 101.0, 99.0, 100.0)] * 2), times=days.times[[0, 1]])
    assert detail_of(near, days).rows.tolist() == [[0, 1], [1, 3]]


def test_rounding_is_no_disagreement_and_more_is() -> None:
    finer = bars_of([(100.0, 101.0, 99.0, 100.0)] * 2, "12h")
    for off, agrees in ((5e-10, True), (5e-9, False)):
        assert detail_of(bars_of([(100.0, 101.0 * (1 + off), 99.0, 100.0)]), finer).agrees.tolist() == [[agrees]]


def test_bars_that_are_played_whole_are_told_with_the_first_that_disagrees() -> None:
    flat: Row = (100.0, 101.0, 99.0, 100.0)
    detail = detail_of(bars_of([flat, (100.0, 105.0, 99.0, 100.0), flat]), bars_of([flat] * 4, "12h"))
    assert detail.doubt == (
        "detail: 1 of 3 bars walked through 12h bars; played whole: 1 without finer bars, 1 unlike its finer bars "
        "(first A on 2024-01-02: open, high, low, close are 100, 105, 99, 100, its finer bars make 100, 101, 99, 100)"
    )


@pytest.mark.parametrize(
    ("frequency", "message"),
    [
        ("1d", "detail must be finer than the bars and divide them: found 1d inside 1d"),
        ("1w", "found 1w inside 1d"),
        ("7h", "found 7h inside 1d"),
    ],
)
def test_detail_must_be_finer_and_divide_the_bars(frequency: str, message: str) -> None:
    flat: Row = (100.0, 101.0, 99.0, 100.0)
    with pytest.raises(DataError, match=message):
        detail_of(bars_of([flat]), bars_of([flat], frequency))


def test_detail_must_share_a_symbol_and_some_time() -> None:
    flat: Row = (100.0, 101.0, 99.0, 100.0)
    with pytest.raises(DataError, match="detail must hold the symbols of the bars, A; found B: rename them"):
        detail_of(bars_of([flat]), replace(bars_of([flat], "12h"), symbols=("B",)))
    with pytest.raises(DataError, match=r"those run 2024-01-01 \.\. 2024-01-02, the detail 2023-03-01 \.\. 2023-03-01"):
        detail_of(bars_of([flat] * 2), bars_of([flat], "12h", start="2023-03-01"))


# ---- replays by hand, written for a long and mirrored at 100 for a short: entry at 100, R = 5

CALM: Row = (100.0, 101.0, 99.0, 100.0)
PLAN = ExitPlan(risk_basis="distance", risk=5.0, sl=1.0, tp1=1.0)
STOP, TARGET = 95.0, 105.0


@pytest.fixture(params=[False, True], ids=["long", "short"])
def mirrored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def whole(pieces: list[Row]) -> Row:
    """The bar that the pieces make up."""
    opens, highs, lows, closes = zip(*(piece for piece in pieces if piece is not None), strict=True)
    return opens[0], max(highs), min(lows), closes[-1]


def walked(
    days: list[list[Row]], mirrored: bool, level: float | None = None, plan: ExitPlan = PLAN, **execution: Any
) -> tuple[BacktestResult, Detail]:
    """Replay days of four 6-hour pieces; long (mirrored: short) is wanted on day 0, `level`: rests there on day 1."""
    bars = bars_of([whole(day) for day in days], mirrored=mirrored)
    finer = bars_of([piece for day in days for piece in day], "6h", mirrored=mirrored)
    detail = detail_of(bars, finer)
    assert detail.agrees.all()
    rests = {} if level is None else {"entry_level": {0: mirror(level, mirrored)}}
    signals = opinion(len(days), {0: -1 if mirrored else 1}, rests)
    settings = ExecutionSettings(**execution)
    result = simulate(bars, signals, account=ROOMY, execution=settings, risk=ONE_UNIT, exit_plan=plan, detail=detail)
    check_account(result, bars)
    return result, detail


def mirror(price: float, mirrored: bool) -> float:
    return 2 * MIDDLE - price if mirrored else price


def as_long(result: BacktestResult, mirrored: bool) -> list[tuple[Any, ...]]:
    """The fills as those of the long that they mirror."""
    sign = -1 if mirrored else 1
    return [
        (bar, sign * units, pytest.approx(mirror(price, mirrored)), why) for bar, units, price, why in fills(result)
    ]


def settled(pieces: list[Row], mirrored: bool, **execution: Any) -> tuple[list[Any], int]:
    """The exit of a position entered on day 1 whose day 2 is made of `pieces`, and its ambiguous bars."""
    result, _ = walked([[CALM] * 4, [CALM] * 4, pieces], mirrored, **execution)
    return as_long(result, mirrored)[1:], int(result.trades["ambiguous"].sum())


UP: Row = (100.0, 106.0, 99.5, 100.0)  # holds the target
DOWN: Row = (100.0, 100.5, 94.0, 100.0)  # holds the stop
BOTH: Row = (100.0, 106.0, 94.0, 100.0)


@pytest.mark.parametrize(
    ("pieces", "price", "why", "ambiguous"),
    [
        ([CALM, UP, DOWN, CALM], TARGET, "target", 0),
        ([CALM, DOWN, UP, CALM], STOP, "stop", 0),
        ([CALM, BOTH, CALM, CALM], STOP, "stop", 1),
    ],
)
def test_a_bar_that_holds_stop_and_target_is_settled_by_its_pieces(
    pieces: list[Row], price: float, why: str, ambiguous: int, mirrored: bool
) -> None:
    assert settled(pieces, mirrored) == ([(2, -1.0, price, why)], ambiguous)


def test_without_detail_the_same_bar_is_ambiguous(mirrored: bool) -> None:
    bars = bars_of([CALM, CALM, BOTH], mirrored=mirrored)
    signals = opinion(3, {0: -1 if mirrored else 1})
    result = simulate(bars, signals, account=ROOMY, risk=ONE_UNIT, exit_plan=PLAN)
    assert as_long(result, mirrored)[1:] == [(2, -1.0, STOP, "stop")]
    assert result.trades["ambiguous"].tolist() == [1]


@pytest.mark.parametrize("order", ["stop_first", "target_first"])
def test_an_ambiguous_piece_is_played_by_the_profile(order: str, mirrored: bool) -> None:
    price, why = (STOP, "stop") if order == "stop_first" else (TARGET, "target")
    assert settled([CALM, BOTH, CALM, CALM], mirrored, same_bar=order) == ([(2, -1.0, price, why)], 1)


@pytest.mark.parametrize(
    ("piece", "gapped", "price", "why"),
    [
        ((92.0, 96.0, 91.0, 96.0), "open", 92.0, "stop"),  # the first price anyone got
        ((92.0, 96.0, 91.0, 96.0), "level", 95.0, "stop"),  # the piece comes back to 95
        ((92.0, 94.0, 91.0, 94.0), "level", 92.0, "stop"),  # it does not
        ((107.0, 108.0, 106.0, 107.0), "open", 107.0, "target"),  # a limit gets the better open
        ((107.0, 108.0, 104.0, 107.0), "level", 105.0, "target"),
        ((107.0, 108.0, 106.0, 107.0), "level", 106.0, "target"),  # held inside the piece
    ],
)
def test_a_gap_between_two_pieces_fills_at_the_open_of_the_second(
    piece: Row, gapped: str, price: float, why: str, mirrored: bool
) -> None:
    exits = settled([CALM, piece, CALM, CALM], mirrored, gapped_stop=gapped, gapped_target=gapped)
    assert exits == ([(2, -1.0, price, why)], 0)


def test_the_bar_of_an_entry_at_the_open_is_walked_too(mirrored: bool) -> None:
    result, _ = walked([[CALM] * 4, [CALM, UP, DOWN, CALM]], mirrored)
    assert as_long(result, mirrored) == [(1, 1.0, 100.0, "entry"), (1, -1.0, TARGET, "target")]


# a buy stop at 103: pieces of day 1 before its fill are not met by the position, R = 5: stop 98, target 108


def test_a_resting_entry_is_not_stopped_by_what_came_before_it(mirrored: bool) -> None:
    below, through = (100.0, 101.0, 96.0, 100.0), (100.0, 104.0, 99.5, 103.5)
    after: Row = (103.5, 104.0, 103.0, 103.5)
    days = [[CALM] * 4, [below, through, after, after], [after] * 4]
    result, _ = walked(days, mirrored, level=103.0)
    assert as_long(result, mirrored) == [(1, 1.0, 103.0, "entry")]
    bars = bars_of([whole(day) for day in days], mirrored=mirrored)
    panels = {"entry_level": {0: mirror(103.0, mirrored)}}
    assumed = simulate(
        bars, opinion(3, {0: -1 if mirrored else 1}, panels), account=ROOMY, risk=ONE_UNIT, exit_plan=PLAN
    )
    assert as_long(assumed, mirrored) == [(1, 1.0, 103.0, "entry"), (1, -1.0, 98.0, "stop")]


def test_a_resting_entry_meets_the_pieces_after_its_own_in_full(mirrored: bool) -> None:
    through, high = (100.0, 104.0, 99.5, 103.5), (103.5, 109.0, 103.0, 107.0)
    after: Row = (107.0, 107.5, 106.0, 107.0)
    result, _ = walked([[CALM] * 4, [CALM, through, high, after]], mirrored, level=103.0)
    assert as_long(result, mirrored) == [(1, 1.0, 103.0, "entry"), (1, -1.0, 108.0, "target")]
    assert result.trades["ambiguous"].tolist() == [0]


def test_the_own_piece_of_a_resting_entry_tests_its_stop_only(mirrored: bool) -> None:
    wide: Row = (100.0, 109.0, 97.0, 103.5)  # holds stop 98 and target 108
    after: Row = (103.5, 104.0, 103.0, 103.5)
    result, _ = walked([[CALM] * 4, [CALM, wide, after, after]], mirrored, level=103.0)
    assert as_long(result, mirrored) == [(1, 1.0, 103.0, "entry"), (1, -1.0, 98.0, "stop")]
    assert result.trades["ambiguous"].tolist() == [1]


def test_a_resting_entry_fills_at_the_open_of_a_piece_that_passed_its_level(mirrored: bool) -> None:
    gap: Row = (104.0, 104.5, 103.5, 104.0)
    result, _ = walked([[CALM] * 4, [CALM, gap, gap, gap]], mirrored, level=103.0)
    assert as_long(result, mirrored) == [(1, 1.0, 104.0, "entry")]


# a position at 100 that trails by 5 from its best price


TRAILING = ExitPlan(risk_basis="distance", risk=5.0, sl=1.0, trail_by=1.0)


@pytest.mark.parametrize(("moves", "expected"), [("next_bar", []), ("before_test", [(2, -1.0, 104.0, "trailing")])])
def test_levels_move_between_pieces_only_when_they_move_before_the_test(
    moves: str, expected: list[Any], mirrored: bool
) -> None:
    # 109 in the second piece makes a trailing stop of 104, which the third would meet; until then the stop is 95
    pieces: list[Row] = [CALM, (105.0, 109.0, 104.5, 108.0), (108.0, 108.0, 103.0, 106.0), (106.0, 107.0, 105.0, 107.0)]
    result, _ = walked([[CALM] * 4, [CALM] * 4, pieces], mirrored, plan=TRAILING, trailing_moves=moves)
    assert as_long(result, mirrored)[1:] == expected


def test_after_a_bar_of_pieces_the_next_bar_trails_from_its_best(mirrored: bool) -> None:
    pieces: list[Row] = [CALM, (100.0, 109.0, 100.0, 108.0), (108.0, 108.0, 106.0, 107.0), (107.0, 107.0, 106.0, 107.0)]
    down: list[Row] = [(107.0, 107.0, 103.0, 103.0), *[(103.0, 104.0, 102.0, 103.0)] * 3]
    result, _ = walked([[CALM] * 4, [CALM] * 4, pieces, down], mirrored, plan=TRAILING)
    assert as_long(result, mirrored)[1:] == [(3, -1.0, 104.0, "trailing")]


def test_no_exit_in_the_entry_bar_speaks_of_all_its_pieces(mirrored: bool) -> None:
    result, _ = walked([[CALM] * 4, [CALM, DOWN, UP, CALM], [CALM] * 4], mirrored, entry_bar_exits=False)
    assert as_long(result, mirrored) == [(1, 1.0, 100.0, "entry")]


def test_detail_is_stamped_on_the_result(mirrored: bool) -> None:
    result, detail = walked([[CALM] * 4] * 2, mirrored)
    assert result.provenance["detail"] == "6h"
    assert result.provenance["detail_digest"] == detail.digest


def _excursions(result: BacktestResult) -> FloatArray:
    return np.array([result.trades["worst_price"][0], result.trades["best_price"][0]])


def test_the_worst_price_of_a_trade_is_what_its_pieces_met(mirrored: bool) -> None:
    # left at the target in the second piece, so the low of the third was never met
    result, _ = walked([[CALM] * 4, [CALM] * 4, [CALM, UP, DOWN, CALM]], mirrored)
    np.testing.assert_allclose(_excursions(result), [mirror(99.0, mirrored), mirror(105.0, mirrored)])
