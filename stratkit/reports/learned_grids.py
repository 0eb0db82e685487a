"""Tables of how what adapts turned out: changes of health, claims, quality of signals, refusals, success rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stratkit.analytics.claims import FIXED_MEAN_R, SELECTOR_MEAN_R, ClaimCheck, SelectorCheck, Standing
from stratkit.analytics.earned import FEWEST, Earned
from stratkit.analytics.kept_away import KeptAway
from stratkit.analytics.learned import Learned
from stratkit.analytics.quality_bands import QualityBand
from stratkit.inference.proportion import wilson_interval
from stratkit.panel import IntArray, format_time
from stratkit.reports.grid import Cell, Grid, Head, Row, Tone, heads, name_cell
from stratkit.reports.learned_words import (
    REASON_WORDS,
    bands_words,
    named,
    r_words,
    range_words,
    return_words,
    trades_words,
)
from stratkit.reports.wording import capital, number, percent

STATE_TONES: Final[Mapping[str, Tone]] = {"active": "gain", "degraded": "", "suspended": "loss", "retired": "loss"}
MOST_CHANGES: Final = 20
MOST_RATES: Final = 40
_MINUS: Final = "\N{MINUS SIGN}"
_ERRORS: Final = "\N{PLUS-MINUS SIGN} is one standard error, which counts trades as independent"


def health_grid(learned: Learned, times: IntArray) -> Grid:
    """Return the changes of state, the newest first."""
    changes = [
        (step, name)
        for name, steps in zip(learned.strategies, learned.health, strict=True)
        for step in steps
        if step.before
    ]
    changes.sort(key=lambda change: -change[0].bar)
    return Grid(
        name="health",
        title="Why a strategy changed its state",
        caption="At the close of the bar, by the last trades of account and shadow book together.",
        heads=tuple(Head(text, number=False) for text in ("Date", "Strategy", "From", "To", "Why")),
        rows=tuple(
            (
                Cell(format_time(int(times[step.bar])), number=False),
                name_cell(name),
                Cell(step.before, number=False),
                Cell(step.state, number=False, tone=STATE_TONES[step.state]),
                Cell("; ".join(step.reasons), number=False),
            )
            for step, name in changes[:MOST_CHANGES]
        ),
        note=f"{MOST_CHANGES} of {len(changes):,} are shown, the newest; adaptive.json has all."
        if len(changes) > MOST_CHANGES
        else "",
        empty="" if changes else "No strategy changed its state.",
    )


def claims_grid(learned: Learned) -> Grid:
    """Return what is claimed of each profile beside what its closed trades show."""
    rows = [_claim_row(row) for row in learned.claims]
    rows += [] if learned.selector is None else [_selector_row(learned.selector)]
    return Grid(
        name="claims",
        title="Claimed and measured",
        caption=(
            "The account's closed trades. R:R is the mean R of the winners over that of the losers; small: 95 % "
            "intervals (of the share won: Wilson). The claimed mean R follows from the two claims, where a loss costs "
            f"1 R. {_ERRORS}."
        ),
        heads=(
            *heads("Profile", "Trades", "R:R claimed", "measured", "Won claimed", "measured", "Mean R claimed",
                   "measured"),
            Head("Verdict", number=False), *heads("", ("Shadow", "trades in the shadow book"), "mean R")[1:],
        ),
        rows=tuple(rows),
        quiet=int(learned.selector is not None),
        note=(
            f"The selector is claimed to make +{SELECTOR_MEAN_R:.2f} R a trade where the default profile alone makes "
            f"+{FIXED_MEAN_R:.2f} R. " f"Fewer than {FEWEST} trades are not judged."
        ),
    )  # fmt: skip


def quality_grid(learned: Learned) -> Grid:
    """Return what trades earned by the quality of their signals, the worst first; `learned.bands` is known."""
    bands = learned.bands
    assert bands is not None  # the caller asked
    threshold = learned.status["quality_threshold"]
    floor = "" if threshold is None else f" Below {threshold:g} a signal is refused and plays in the shadow book."
    return Grid(
        name="quality",
        title="Was a better signal a better trade?",
        caption=(
            "Closed trades of account and shadow book by the quality of the signal at entry, as it was known then; "
            f"about as many in each band.{floor} {_ERRORS}."
        ),
        heads=heads("Quality", "Trades", "of them shadow", "Won", "Mean R", "Mean return"),
        rows=tuple(_band_row(band) for band in bands.bands),
        note=f"{capital(bands_words(bands))}.{_unjudged_words(learned)}" if bands.bands else "",
        empty="" if bands.bands else "No trade on a judged signal was closed.",
    )


def _unjudged_words(learned: Learned) -> str:
    """Return why bands hold fewer trades than there are, with a space before; empty where they hold all."""
    assert learned.bands is not None  # the caller asked
    judged = sum(band.earned.trades for band in learned.bands.bands)
    left = learned.account.trades + learned.shadow.trades - judged
    if not left:
        return ""
    return (
        f" {trades_words(left)} more {'is' if left == 1 else 'are'} in no band: a signal has no quality while its "
        "strategy is suspended, or after what adapts has stopped."
    )


def kept_grid(learned: Learned) -> Grid:
    """Return what was refused, what that earned in the shadow book, and whether it helped."""
    return Grid(
        name="kept",
        title="What was refused",
        caption=(
            "The shadow book plays refused entries without cash or caps; resting ones are not played. Better: the "
            f"account's mean minus that of what was refused. {_ERRORS}."
        ),
        heads=(
            *heads("Why", "Refused", "Shadow trades", "Won", "Mean R", "Mean return", "Better"),
            Head("Did it help?", number=False),
        ),
        rows=tuple(_kept_row(row) for row in learned.kept),
        foot=(Cell("Let through: the account", number=False), Cell(""), Cell(f"{learned.account.trades:,}"),
              *_earned_cells(learned.account), Cell(""), Cell("", number=False)),
        note=(
            "An entry that goes on being wanted counts once, and may lead to several trades or to none. What was let "
            "through and what was refused are of other times and symbols: the comparison is a hint, no proof."
        ),
        empty="" if learned.kept else "Nothing was refused.",
    )  # fmt: skip


def rates_grid(learned: Learned) -> Grid:
    """Return success rates by strategy, side and regime, those with the most trades first."""
    rows = sorted(learned.status["success_rates"], key=lambda row: -row["trades"])
    return Grid(
        name="rates",
        title="Success rates",
        caption=(
            "Closed trades of account and shadow book with a net P&L above zero, over all symbols; the quality score "
            "looks at the symbol's own. Small: 95 % interval (Wilson)."
        ),
        heads=(
            *(Head(text, number=False) for text in ("Strategy", "Side", "Regime")), *heads("", "Trades", "Won")[1:],
        ),
        rows=tuple(_rate_row(row) for row in rows[:MOST_RATES]),
        note=f"{MOST_RATES} of {len(rows):,} are shown, those with the most trades; adaptive.json has all."
        if len(rows) > MOST_RATES
        else "",
        empty="" if rows else "No trade was closed.",
    )  # fmt: skip


_STANDING_TONES: Final[Mapping[Standing, Tone]] = {"below": "loss", "above": "gain", "within": "", "": ""}


def _claim_row(row: ClaimCheck) -> Row:
    earned, claim = row.earned, row.claim
    return (
        name_cell(named(row.profile)),
        Cell(f"{earned.trades:,}"),
        Cell(number(claim.reward_to_risk, 1)),
        Cell(
            number(row.reward_to_risk.estimate), note=range_words(row.reward_to_risk),
            tone=_STANDING_TONES[row.reward_standing] if earned.trades >= FEWEST else "",
        ),
        Cell(percent(claim.win_rate, 0)),
        Cell(
            percent(earned.win_rate.estimate, 0), note=range_words(earned.win_rate, in_percent=True),
            tone=_STANDING_TONES[row.win_standing] if earned.trades >= FEWEST else "",
        ),
        Cell(number(claim.mean_r, 2, signed=True)),
        Cell(r_words(earned.mean_r, earned.r_error)),
        Cell(row.verdict, number=False, tone="loss" if row.verdict == "below the claim" else ""),
        Cell(f"{row.shadow.trades:,}"),
        Cell(r_words(row.shadow.mean_r, row.shadow.r_error)),
    )  # fmt: skip


def _selector_row(one: SelectorCheck) -> Row:
    earned = one.earned
    return (
        Cell("the selector, all trades", number=False), Cell(f"{earned.trades:,}"), Cell(""), Cell(""), Cell(""),
        Cell(percent(earned.win_rate.estimate, 0), note=range_words(earned.win_rate, in_percent=True)),
        Cell(number(SELECTOR_MEAN_R, 2, signed=True)), Cell(r_words(earned.mean_r, earned.r_error)),
        Cell(one.verdict, number=False, tone="loss" if one.verdict == "below the claim" else ""), Cell(""), Cell(""),
    )  # fmt: skip


def _band_row(band: QualityBand) -> Row:
    low, high = number(band.low), number(band.high)
    return (
        Cell(low if low == high else f"{low} to {high}", number=False),
        Cell(f"{band.earned.trades:,}"),
        Cell(f"{band.shadow:,}"),
        *_earned_cells(band.earned),
    )


def _kept_row(row: KeptAway) -> Row:
    words = r_words if row.in_r else return_words
    none = not row.earned.trades
    return (
        Cell(REASON_WORDS[row.reason], number=False),
        Cell(f"{row.refused:,}"),
        Cell("" if none else f"{row.earned.trades:,}"),
        *([Cell("")] * 3 if none else _earned_cells(row.earned)),
        Cell("" if none else words(row.difference, row.error)),
        Cell("not played" if none else row.verdict, number=False, tone="loss" if row.verdict == "hurt" else ""),
    )


def _earned_cells(earned: Earned) -> list[Cell]:
    return [
        Cell(percent(earned.win_rate.estimate, 0), note=range_words(earned.win_rate, in_percent=True)),
        *(
            Cell(text, tone="gain" if text.startswith("+") else "loss" if text.startswith(_MINUS) else "")
            for text in (
                r_words(earned.mean_r, earned.r_error), return_words(earned.mean_return, earned.return_error),
            )
        ),
    ]  # fmt: skip


def _rate_row(row: Mapping[str, Any]) -> Row:
    share = wilson_interval(row["wins"], row["trades"])
    return (
        name_cell(row["strategy"]), Cell(row["side"], number=False), Cell(named(row["regime"]), number=False),
        Cell(f"{row['trades']:,}"), Cell(percent(share.estimate, 0), note=range_words(share, in_percent=True)),
    )  # fmt: skip
