"""The tables of a judgement of what adapts: all arms, the tests by reference, regret."""

from __future__ import annotations

from stratkit.inference.averaged_difference import AveragedDifference, Found
from stratkit.reports.ab_grids import p_cell
from stratkit.reports.grid import Cell, Grid, Head, Row, Tone, name_cell
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.judgement_words import (
    FIGURES,
    ends_text,
    figure_text,
    found_text,
    lacks_ends,
    reference_name,
    references_of,
    regret_ends,
    seeds_text,
)
from stratkit.reports.wording import capital, number
from stratkit.research.adaptive_judgement import JudgedArm
from stratkit.research.adaptive_words import effect_of, effect_word
from stratkit.research.difference_words import NO_INTERVAL
from stratkit.research.selector_words import BY_TOTAL_R, UNFAIR

_REFERENCES = ("equal", "random", "fixed")


def arms_grid(content: JudgementContent) -> Grid:
    """Return the figures of every arm: base, parts and whole, and below them the references."""
    judgement = content.judgement
    ordered = [*judgement.of_role("base", "part", "all"), *judgement.of_role(*_REFERENCES)]
    return Grid(
        "judged-arms",
        "Figures of every arm",
        "The same bars, signals, costs and fills in every arm. Where choices hang on a seed, figures are means over "
        "the seeds, with the range of nine seeds in ten below.",
        (Head("Arm", False), *(Head(label, title=title) for _, label, title in FIGURES)),
        tuple(_arm_row(content, one) for one in ordered),
        quiet=len(judgement.of_role(*_REFERENCES)),
        note=("" if judgement.best is None else f"The best fixed choice is the {BY_TOTAL_R}. {capital(UNFAIR)}. ")
        + "R is per unit of initial risk: what sizes do is in the Sharpe ratio, not in R.",
    )


def tests_grid(content: JudgementContent) -> Grid:
    """Return the difference of the Sharpe ratio of every part and of the whole, reference by reference."""
    judgement = content.judgement
    names = references_of(content)
    return Grid(
        "judged-tests",
        "Sharpe ratio against each reference",
        "Paired by period; the interval is of one pair by itself, the p value allows for all comparisons with that "
        "reference (Romano and Wolf). The tests against the base decide.",
        (
            Head("Arm", False),
            *(head for name in names for head in _test_heads(reference_name(content, name))),
            Head("Would be seen", title="the smallest difference to the base found with 80 % probability"),
            Head("Effect", False),
        ),
        tuple(_test_row(content, one, names) for one in judgement.judged),
        note="An interval of an arm with seeds holds the error of the bars and that of so few seeds. Seeds share the "
        "bars: they are not more history." + (f" {capital(NO_INTERVAL)}." if lacks_ends(content) else ""),
    )


def regret_grid(content: JudgementContent) -> Grid:
    """Return regret against the best fixed choice, in all and by half of the bars."""
    judgement = content.judgement
    rows = [one for one in judgement.arms if one.regret is not None]
    best = judgement.best
    return Grid(
        "judged-regret",
        "Regret in R",
        "What the best fixed choice realised more, by the bar on which trades closed. Where a choice "
        "learns, it adds less in the second half than a choice at random does.",
        (
            Head("Arm", False),
            Head("Regret"),
            Head("Over seeds", title="95 % interval of the mean over the seeds, on these bars"),
            Head("First half"),
            Head("Second half"),
            Head("Trades"),
        ),
        tuple(_regret_row(one) for one in rows),
        note="" if best is None else f"Against {best.arm.name}. Arms without a stop have no R, and so no regret.",
        empty="" if rows else "No fixed choice realised a trade with an R: there is no regret to speak of.",
    )


def _arm_row(content: JudgementContent, one: JudgedArm) -> Row:
    best = " (best by hindsight)" if one is content.judgement.best else ""
    about = one.arm.note + best + (f"; {seeds_text(one)}" if one.replays.seeds > 1 else "")
    cells = [
        Cell(figure_text(name, one.replays.figures[name]), note=_spread(one, name)) for name, _, _ in FIGURES
    ]  # fmt: skip
    return (Cell(name_cell(one.arm.name).text, False, note=about), *cells)


def _spread(one: JudgedArm, name: str) -> str:
    ends = one.replays.spread.get(name)
    # written so that ends that are no numbers are left out as well
    return "" if ends is None or not ends[0] < ends[1] else " to ".join(figure_text(name, end) for end in ends)


def _test_heads(name: str) -> tuple[Head, Head]:
    return Head(f"vs {name}"), Head("p", title="adjusted for all comparisons with this reference")


def _test_row(content: JudgementContent, one: JudgedArm, names: list[str]) -> Row:
    alpha = content.judgement.question.alpha
    found = one.against["base"]
    seen = number(found.detectable) if isinstance(found, AveragedDifference) else "-"
    effect = effect_of(one, alpha)
    tone: Tone = "gain" if effect == "helped" else "loss" if effect == "hurt" else ""
    pairs = [cell for name in names for cell in _pair(one, one.against[name], alpha)]
    return (name_cell(one.arm.name), *pairs, Cell(seen), Cell(effect_word(one, alpha).lower(), False, tone))


def _pair(one: JudgedArm, found: Found, alpha: float) -> tuple[Cell, Cell]:
    if not isinstance(found, AveragedDifference):
        return Cell(found_text(one, found), note=ends_text(found)), Cell("-")
    return Cell(found_text(one, found), note=ends_text(found)), p_cell(found.p_adjusted, found.p_error, alpha)


def _regret_row(one: JudgedArm) -> Row:
    assert one.regret is not None  # the others are left out
    parts = (one.regret.first_half, one.regret.second_half)
    return (
        name_cell(one.arm.name),
        Cell(number(one.regret.total, 1)),
        Cell(regret_ends(one)),
        *(Cell(number(part, 1, signed=True)) for part in parts),
        Cell(figure_text("trades", one.replays.figures["trades"])),
    )
