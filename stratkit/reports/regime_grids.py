"""The tables of a study of regimes: each regime, each series, each method, and a run by regime."""

from __future__ import annotations

import math

from stratkit.analytics.regime_facts import RegimeFacts, RegimeRow
from stratkit.analytics.regime_split import TradesInRegime
from stratkit.reports.grid import Cell, Grid, Head, Row, Tone, heads, signed_tone
from stratkit.reports.regime_words import (
    FIGURES,
    SHARPE,
    agreement_words,
    brief_now,
    duration_words,
    method_name,
    regime_name,
    sharpe_words,
)
from stratkit.reports.wording import MISSING, NO_SHARES, money, number, percent
from stratkit.research.regime_comparison import ComparedMethod, MethodComparison
from stratkit.research.regime_of_run import RunByRegime
from stratkit.research.regime_study import RegimeStudy

_SERIES = 200  # rows of the table of all series


def regimes_grid(facts: RegimeFacts, name: str) -> Grid:
    """Return a row for each regime of one series; regimes that never occurred are named below."""
    unseen = [regime_name(row.name) for row in facts.rows if not row.bars]
    notes = [f"Never occurred: {', '.join(unseen)}."] if unseen else []
    notes += [f"{facts.unlabelled:,} of {facts.bars:,} bars have no label."] if facts.unlabelled else []
    has_probability = any(math.isfinite(row.probability) for row in facts.rows)
    columns: list[str | tuple[str, str]] = [
        "Bars", "Share", "Episodes", ("Lasts", "expected bars, 1/(1 - share of its bars that the same regime follows)"),
        "Mean a year", "Volatility", ("Sharpe", SHARPE), ("Own bar", "mean a year of the bars that made the label"),
    ]  # fmt: skip
    columns += [("Now", "filtered probability on the last bar")] if has_probability else []
    return Grid(
        name, "What each regime was like", FIGURES, heads("Regime", *columns),
        tuple(_regime_row(facts, row, has_probability) for row in facts.seen), note=" ".join(notes),
    )  # fmt: skip


def _regime_row(facts: RegimeFacts, row: RegimeRow, has_probability: bool) -> Row:
    after = row.next_bar
    cells = (
        Cell(regime_name(row.name), False, note="now" if facts.now is row else ""),
        Cell(f"{row.bars:,}"),
        Cell(percent(row.share, 1)),
        Cell(f"{row.episodes:,}", note="few" if row.has_few_episodes else ""),
        Cell(duration_words(row)),
        Cell(percent(after.mean_ann, 1, signed=True), tone=_tone(row)),
        Cell(percent(after.volatility_ann, 1)),
        Cell(sharpe_words(after), note=f"n {after.n:,}"),
        Cell(percent(row.same_bar.mean_ann, 1, signed=True)),
    )
    return (*cells, Cell(percent(row.probability, 1))) if has_probability else cells


def _tone(row: RegimeRow) -> Tone:
    """Return the tone of a mean: none where it stands on few episodes."""
    return "" if row.has_few_episodes else signed_tone(row.next_bar.mean_ann)


def series_grid(study: RegimeStudy) -> Grid:
    """Return a row for each series: its regime now, how sure, and the shares of all regimes."""
    names = study.labels.names
    left = [(Cell(name, False), Cell(why, False), *(Cell("-") for _ in range(2 + len(names))))
            for name, why in study.left_out]  # fmt: skip
    rows = [_series_row(study, one.facts) for one in study.series[:_SERIES]]
    more = len(study.series) - _SERIES
    return Grid(
        "series", "All series", "The regime of the last bar of each, and the share of its bars in each regime.",
        (Head("Series", False), Head("Now", False), Head("Sure"), Head("Bars"),
         *(Head(regime_name(name)) for name in names)),
        (*rows, *left), quiet=len(left), note=f"{more:,} others are in regime.json." if more > 0 else "",
    )  # fmt: skip


def _series_row(study: RegimeStudy, facts: RegimeFacts) -> Row:
    shares = (Cell(percent(row.share, 0) if row.bars else "-") for row in facts.rows)
    return (
        Cell(facts.series, False), Cell(brief_now(study, facts), False), Cell(percent(facts.confidence, 0)),
        Cell(f"{facts.bars:,}"), *shares,
    )  # fmt: skip


def methods_grid(found: MethodComparison) -> Grid:
    """Return a row for each method: whether it could be traded on, its episodes, and how far it agrees."""
    first = method_name(found.methods[0].method)
    return Grid(
        "methods", f"Methods on {found.series}", agreement_words(found),
        (Head("Method", False), Head("Causal", False), Head("Regimes"), Head("Episodes"),
         Head("Mean length"), Head("Bars both label"), Head(f"Equal to {first}"), Head("Rand")),
        tuple(_method_row(found, one) for one in found.methods),
    )  # fmt: skip


def _method_row(found: MethodComparison, one: ComparedMethod) -> Row:
    name = Cell(method_name(one.method), False)
    causal = Cell("yes" if one.causal else "no: future bars", False, tone="" if one.causal else "loss")
    if one.facts is None:
        return (Cell(name.text, False, note=f"not made: {one.reason}"), causal, *(Cell("-") for _ in range(6)))
    regimes = ", ".join(f"{regime_name(row.name)} {percent(row.share, 0)}" for row in one.facts.seen)
    pair = found.between(found.methods[0].method, one.method)
    is_first = one is found.methods[0]
    return (
        name, causal, Cell(f"{len(one.facts.seen)}", title=regimes), Cell(f"{one.episodes:,}"),
        Cell(number(one.mean_bars, 1)),
        Cell("-" if pair is None or is_first else f"{pair.bars:,}"),
        Cell("-" if pair is None or is_first else percent(pair.equal, 0)),
        Cell("-" if pair is None or is_first else number(pair.rand)),
    )  # fmt: skip


def trades_grid(run: RunByRegime) -> Grid:
    """Return the closed trades of a run by regime; the foot is all of them."""
    split = run.split
    no_shares = not any(math.isfinite(row.share) for row in split.rows)
    opened = (
        f" {split.open_trades:,} open, marked {money(split.open_pnl, signed=True)}, are in no row."
        if split.open_trades
        else ""
    )
    return Grid(
        "trades", "Trades", "Closed trades by the regime of the bar on which each was decided, the only one that the "
        f"decision knew.{opened}",
        heads("Regime", "Trades", ("Episodes", "in which they were decided: those of one episode are not independent"),
              "P&L", "Share", "Win rate", ("Mean R", "with its standard error, of the trades that had a stop"), "n"),
        tuple(_trades_row(row) for row in split.rows),
        foot=(Cell("All", False), Cell(f"{split.trades:,}"), Cell(""), Cell(money(split.pnl, signed=True)),
              Cell(MISSING if no_shares else "100%"), Cell(""), Cell(""), Cell("")),
        note=f"{NO_SHARES.capitalize()}." if no_shares and split.rows else "",
        empty="" if split.rows else "The run closed no trade.",
    )  # fmt: skip


def _trades_row(row: TradesInRegime) -> Row:
    return (
        Cell(regime_name(row.name), False), Cell(f"{row.trades:,}"), Cell(f"{row.episodes:,}"),
        Cell(money(row.pnl, signed=True), tone=signed_tone(row.pnl)), Cell(percent(row.share, 0)),
        Cell(percent(row.win_rate, 0)), Cell(r_words(row)), Cell(f"{row.with_r:,}"),
    )  # fmt: skip


def r_words(row: TradesInRegime) -> str:
    """Return a mean R multiple with its standard error."""
    if not math.isfinite(row.mean_r):
        return MISSING
    error = f" \N{PLUS-MINUS SIGN} {number(row.r_error)}" if math.isfinite(row.r_error) else ""
    return f"{number(row.mean_r, 2, signed=True)}{error}"


def account_grid(run: RunByRegime) -> Grid:
    """Return the returns of a run's account by the regime of the bar before."""
    return Grid(
        "account", "The account",
        f"Its return on the bar after each label of {run.account_by}: held over that bar by what was known before it.",
        heads("Regime", "Bars", "Share", "Episodes", "Mean a year", "Volatility", ("Sharpe", SHARPE), "n"),
        tuple(
            (Cell(regime_name(row.name), False), Cell(f"{row.bars:,}"), Cell(percent(row.share, 1)),
             Cell(f"{row.episodes:,}", note="few" if row.has_few_episodes else ""),
             Cell(percent(row.next_bar.mean_ann, 1, signed=True), tone=_tone(row)),
             Cell(percent(row.next_bar.volatility_ann, 1)), Cell(sharpe_words(row.next_bar)),
             Cell(f"{row.next_bar.n:,}"))
            for row in run.account.seen
        ),
        empty="" if run.account.seen else "No bar of the run has a label.",
    )  # fmt: skip
