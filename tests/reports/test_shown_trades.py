"""Which trades a page holds: all of them, or the worst, the best and an even spread, and it says so."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sample_runs import sample_bars, sample_result

from stratkit.engine.tables import Labels
from stratkit.reports.shown_trades import choose_trades, chosen_rows, most_traded


@given(st.integers(0, 500), st.integers(8, 120), st.integers(0, 2**32 - 1))
def test_the_worst_the_best_the_first_and_the_last_are_always_chosen(count: int, limit: int, seed: int) -> None:
    pnl = np.random.default_rng(seed).normal(size=count)
    rows = chosen_rows(pnl, limit)
    assert len(rows) == min(count, limit)
    assert (np.diff(rows) > 0).all()
    if count:
        quarter = max(1, limit // 4) if count > limit else count
        ranked = set(np.argsort(pnl)[:quarter]) | set(np.argsort(pnl)[-quarter:])
        assert ranked <= set(rows.tolist())
        assert rows[0] == 0
        assert rows[-1] == count - 1


def test_few_trades_are_all_shown_and_many_name_the_rule() -> None:
    result = sample_result(sample_bars(3_000))
    every = choose_trades(result, 2_000)
    assert every.rule == f"All {len(result.trades)} trades."
    assert len(every.columns["pnl"]) == every.total
    some = choose_trades(result, 20)
    assert len(some.columns["pnl"]) == 20
    assert some.total == len(result.trades)
    assert some.rule.startswith(f"20 of {some.total} trades: the 5 worst and the 5 best")
    assert "trades.parquet" in some.rule
    pnl = some.columns["pnl"]
    assert not isinstance(pnl, Labels)
    assert pnl.min() == result.trades["pnl"].min()


def test_the_most_traded_symbol_comes_first_and_an_idle_run_shows_the_first_symbol() -> None:
    bars = sample_bars(900, ("AAA", "BBB", "CCC"), seed=5)
    result = sample_result(bars)
    counts = np.bincount(result.trades["slot"], minlength=3)
    assert counts[most_traded(result, 3)].tolist() == sorted(counts.tolist(), reverse=True)
    assert len(most_traded(result, 2)) == 2
    assert most_traded(sample_result(sample_bars(20, ("AAA", "BBB"))), 5) == [0]
