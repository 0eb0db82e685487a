"""Random entries: a plain twin, every arrangement equally likely, and verdicts on entries with and without an edge."""

from __future__ import annotations

import math
from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from stratkit.errors import DataError, StratkitError, UsageError
from stratkit.inference.entry_kernels import chosen_entries
from stratkit.inference.random_entries import HeldTrades, RandomEntries, lines_of, own_bars, random_entries
from stratkit.inference.split_mix import path_keys
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def prices(rows: int, symbols: int, *name: str | int) -> tuple[FloatArray, FloatArray]:
    """Return opens and closes of random walks."""
    draw = generator(0, "prices", *name)
    steps = draw.standard_normal((2 * rows, symbols)) * 0.01
    path = 100 * np.exp(np.cumsum(steps, axis=0))
    return path[::2], path[1::2]


def held(*rows: tuple[Any, ...]) -> HeldTrades:
    """Return trades of (line, symbol, entry, exit, at_close, side, exposure, cost)."""
    columns = list(zip(*rows, strict=True))
    kinds = (np.int64, np.int64, np.int64, np.int64, np.bool_, np.int64, np.float64, np.float64)
    return HeldTrades(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


MIXED = held(
    (0, 0, 5, 12, False, 1, 0.5, 0.002),
    (0, 0, 12, 12, True, -1, 0.4, 0.001),
    (0, 0, 30, 58, False, 1, 0.3, 0.0),
    (1, 1, 22, 25, False, -1, 0.6, 0.003),
    (1, 1, 40, 59, True, 1, 0.2, 0.001),
    (2, 0, 8, 40, False, 1, 0.1, 0.001),
)


def holed() -> tuple[FloatArray, FloatArray]:
    """Return 60 rows of two symbols, the second listed at row 20 with a holiday at row 41."""
    opens, closes = prices(60, 2, "holed")
    for column in (opens, closes):
        column[:20, 1] = np.nan
        column[41, 1] = np.nan
    return opens, closes


def plain_account(opens: FloatArray, closes: FloatArray, placed: list[tuple[Any, ...]]) -> tuple[FloatArray, float]:
    """Return the account's returns and the mean trade, of (symbol, own entry, length, at_close, weight, cost)."""
    account, nets = np.zeros(len(opens)), []
    for symbol, entry, length, at_close, weight, cost in placed:
        rows = np.flatnonzero(np.isfinite(closes[:, symbol]))
        mark, half = opens[rows[entry], symbol], cost / 2 * abs(weight)
        entered = mark
        account[rows[entry]] -= half
        for row in rows[entry : entry + length]:
            account[row] += weight * (closes[row, symbol] / mark - 1)
            mark = closes[row, symbol]
        out = rows[entry + length - 1]
        if not at_close and entry + length < len(rows):
            out = rows[entry + length]
            account[out] += weight * (opens[out, symbol] / mark - 1)
            mark = opens[out, symbol]
        account[out] -= half
        nets.append(math.copysign(1, weight) * (mark / entered - 1) - cost)
    return account, float(np.mean(nets))


def expected(account: FloatArray) -> dict[str, float]:
    equity = np.concatenate(([1.0], np.cumprod(1 + account)))
    return {
        "wealth": float(equity[-1]),
        "max_drawdown": float((equity / np.maximum.accumulate(equity) - 1).min()),
        "mean": float(account.mean()),
        "sd": float(account.std(ddof=1)),
        "sharpe": float(account.mean() / account.std(ddof=1)),
    }


def test_the_observed_entries_are_played_as_by_hand() -> None:
    opens, closes = holed()
    found = random_entries(opens, closes, MIXED, paths=1, draw=generator(0, "one"))
    placed = [
        (0, 5, 7, False, 0.5, 0.002), (0, 12, 1, True, -0.4, 0.001), (0, 30, 28, False, 0.3, 0.0),
        (1, 2, 3, False, -0.6, 0.003), (1, 20, 19, True, 0.2, 0.001), (0, 8, 32, False, 0.1, 0.001),
    ]  # fmt: skip
    account, mean_trade = plain_account(opens, closes, placed)
    for name, value in expected(account).items():
        assert getattr(found.observed, name)[0] == pytest.approx(value, rel=1e-10), name
    assert found.observed.mean_trade[0] == pytest.approx(mean_trade, rel=1e-10)
    assert (found.trades, found.lines, found.paths) == (6, 3, 1)


def test_a_trade_held_from_first_open_to_last_close_earns_what_the_price_did() -> None:
    opens, closes = prices(50, 1, "whole")
    found = random_entries(opens, closes, held((0, 0, 0, 49, True, 1, 1.0, 0.0)), paths=5, draw=generator(0, "whole"))
    assert found.observed.wealth[0] == pytest.approx(closes[-1, 0] / opens[0, 0], rel=1e-12)
    assert found.placed.wealth.tolist() == [found.observed.wealth[0]] * 5  # there is no other place
    assert found.p_value("wealth") == (1.0, 0.0)


def test_every_placing_is_played_as_by_numpy_and_keeps_what_it_must() -> None:
    opens, closes = holed()
    found = random_entries(opens, closes, MIXED, paths=300, draw=generator(0, "placed"), first_bar=4)
    own = own_bars(opens, closes)
    lines, _ = lines_of(own, MIXED, 4, 60)
    order, entry = chosen_entries(own.own, lines, path_keys(generator(0, "placed"), 300), 60)
    for path in range(300):
        placed = []
        for line in range(3):
            begin, end = lines.begin[line], lines.begin[line + 1]
            assert sorted(order[path, begin:end]) == list(range(end - begin))
            trades = begin + order[path, begin:end]
            at, length = entry[path, begin:end], lines.length[trades]
            count = 60 if lines.symbol[line] == 0 else 39
            assert at[0] >= (4 if lines.symbol[line] == 0 else 0)
            assert (at[1:] >= at[:-1] + length[:-1]).all()
            assert at[-1] + length[-1] <= count
            placed += [
                (lines.symbol[line], at[rank], lines.length[trade], lines.at_close[trade], lines.weight[trade],
                 lines.cost[trade])
                for rank, trade in enumerate(trades)
            ]  # fmt: skip
        account, mean_trade = plain_account(opens, closes, placed)
        for name, value in expected(account).items():
            assert getattr(found.placed, name)[path] == pytest.approx(value, rel=1e-9), name
        assert found.placed.mean_trade[path] == pytest.approx(mean_trade, rel=1e-9, abs=1e-12)


def test_every_arrangement_without_overlap_is_equally_likely() -> None:
    opens, closes = prices(9, 1, "few")
    trades = held((0, 0, 0, 1, False, 1, 1.0, 0.0), (0, 0, 2, 4, False, 1, 1.0, 0.0), (0, 0, 5, 7, True, 1, 1.0, 0.0))
    own = own_bars(opens, closes)
    lines, _ = lines_of(own, trades, 0, 9)
    order, entry = chosen_entries(own.own, lines, path_keys(generator(0, "few"), 30_000), 9)
    lengths = lines.length.tolist()
    assert lengths == [1, 2, 3]
    arrangements = {
        (ranks, starts)
        for ranks in permutations(range(3))
        for starts in np.ndindex(9, 9, 9)
        if starts[0] + lengths[ranks[0]] <= starts[1]
        and starts[1] + lengths[ranks[1]] <= starts[2]
        and starts[2] + lengths[ranks[2]] <= 9
    }
    seen = Counter((tuple(o), tuple(e)) for o, e in zip(order.tolist(), entry.tolist(), strict=True))
    assert set(seen) == arrangements
    assert len(arrangements) == 120  # 3! orders x 20 ways to leave 3 of 9 bars free
    counts = np.array(list(seen.values()))
    assert ((counts - 250) ** 2 / 250).sum() < 172.4  # chi squared with 119 degrees, exceeded once in 1,000


def test_lines_are_placed_independently_of_each_other() -> None:
    opens, closes = prices(50, 2, "lines")
    trades = held(*((line, line, at, at + 3, False, 1, 0.5, 0.0) for line in (0, 1) for at in (10, 30)))
    own = own_bars(opens, closes)
    lines, _ = lines_of(own, trades, 0, 50)
    _, entry = chosen_entries(own.own, lines, path_keys(generator(0, "lines"), 4000), 50)
    for one, other in ((0, 2), (1, 3)):
        assert abs(np.corrcoef(entry[:, one], entry[:, other])[0, 1]) < 4 / math.sqrt(4000)


def test_entries_that_foresee_a_rise_are_found() -> None:
    opens, closes = prices(900, 1, "edge")
    starts = np.arange(0, 890, 15)
    rises, later = opens[starts + 3, 0] / opens[starts, 0], opens[starts + 6, 0] / opens[starts + 3, 0]
    starts = starts + 3 * (later > rises)
    trades = held(*((0, 0, int(at), int(at) + 3, False, 1, 1.0, 0.0005) for at in starts))
    found = random_entries(opens, closes, trades, paths=2000, draw=generator(0, "edge"))
    for figure in ("wealth", "sharpe", "mean_trade"):
        p_value, error = found.p_value(figure)
        assert 1 / 2001 <= p_value <= 0.01, figure
        assert error == pytest.approx(math.sqrt(p_value * (1 - p_value) / 2000))


def test_under_no_edge_the_p_values_are_uniform() -> None:
    p_values = []
    draw = generator(0, "null")
    for case in range(200):
        opens, closes = prices(120, 1, "null", case)
        starts = np.sort(draw.choice(100, 6, replace=False)) + np.arange(6) * 2
        trades = held(*((0, 0, int(at), int(at) + 2, False, 1, 1.0, 0.0) for at in starts))
        p_values.append(random_entries(opens, closes, trades, paths=199, draw=draw).p_value("mean_trade")[0])
    assert np.mean(p_values) == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / 200))
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / 200))


def asked(**changed: Any) -> RandomEntries:
    opens, closes = holed()
    options: dict[str, Any] = {"paths": 90, "trades": MIXED} | changed
    return random_entries(opens, closes, draw=generator(0, "asked"), **options)


def test_workers_and_further_paths_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = asked()
    monkeypatch.setattr("stratkit.inference.path_chunks._STEPS_AT_ONCE", 160 * 7)
    heard: list[int] = []
    for other in (asked(workers=2, told=lambda done, _: heard.append(done)), asked(paths=20)):
        for name in ("wealth", "max_drawdown", "mean", "sd", "mean_trade"):
            assert getattr(other.placed, name).tobytes() == getattr(whole.placed, name)[: other.paths].tobytes()
    assert heard == sorted(heard)
    assert heard[-1] == 90


def test_costs_and_the_first_bar_count() -> None:
    free = held(*((0, 0, at, at + 2, False, 1, 1.0, 0.0) for at in (30, 40)))
    dear = held(*((0, 0, at, at + 2, False, 1, 1.0, 0.01) for at in (30, 40)))
    np.testing.assert_allclose(
        asked(trades=dear).placed.mean_trade, asked(trades=free).placed.mean_trade - 0.01, atol=1e-12
    )
    assert (asked(trades=dear).placed.wealth < asked(trades=free).placed.wealth).all()
    assert asked(trades=free, first_bar=25).placed.wealth.tobytes() != asked(trades=free).placed.wealth.tobytes()


@pytest.mark.parametrize(
    ("trades", "kind", "said"),
    [
        (held((0, 0, 5, 9, False, 1, 1.0, 0.0), (0, 0, 8, 11, False, 1, 1.0, 0.0)), UsageError, "must not overlap"),
        (held((0, 0, 5, 9, False, 1, 1.0, 0.0), (0, 1, 30, 33, False, 1, 1.0, 0.0)), UsageError, "one symbol"),
        (held((0, 0, 5, 5, False, 1, 1.0, 0.0)), UsageError, "at_close"),
        (held((0, 1, 5, 30, False, 1, 1.0, 0.0)), DataError, "1 do not"),
        (held((0, 1, 30, 41, False, 1, 1.0, 0.0)), DataError, "1 do not"),
    ],
)
def test_trades_that_cannot_be_are_refused(trades: HeldTrades, kind: type[StratkitError], said: str) -> None:
    with pytest.raises(kind, match=said):
        asked(trades=trades)


def test_no_paths_and_prices_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match="found 0"):
        asked(paths=0)
    opens, closes = holed()
    with pytest.raises(UsageError, match=r"both be \(T, N\)"):
        own_bars(opens, closes[1:])
    with pytest.raises(DataError, match="positive"):
        own_bars(opens - 200, closes)
