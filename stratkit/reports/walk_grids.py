"""The table of a walk-forward: its folds, spans, chosen values, in and out of sample."""

from __future__ import annotations

from stratkit.panel import format_time
from stratkit.reports.grid import Cell, Grid, Head, Row, signed_tone
from stratkit.reports.key_names import metric_label, metric_words, short_keys, value_words
from stratkit.reports.walk_content import FoldLine, WalkContent
from stratkit.reports.wording import number, percent


def folds_grid(content: WalkContent) -> Grid:
    """Return one row for each fold."""
    names = short_keys([one.name for one in content.space])
    label = metric_label(content.metric)
    return Grid(
        "folds", "Folds", "",
        (Head("Fold"), Head("Chosen on", False), Head("Tested on", False),
         *(Head(names[one.name], one.kind != "choice", f"{one.name}: {one.description}") for one in content.space),
         Head("In sample", title=f"{label} of the chosen values where they were chosen"),
         Head("Out of sample", title=f"{label} of the same values where they were tested"),
         Head("Efficiency", title="out of sample over in sample"),
         Head("Return", title="of the test"), Head("Trades", title="closed in the test"),),
        tuple(_row(content, fold) for fold in content.folds),
        empty="" if content.folds else "There is no fold.",
    )  # fmt: skip


def _row(content: WalkContent, fold: FoldLine) -> Row:
    return (
        Cell(str(fold.number)),
        _span(fold.train, fold.train_bars, fold.train_parts),
        _span(fold.test, fold.test_bars, fold.test_parts, fold.reason),
        *(
            Cell(value_words(fold.values[one.name]) if fold.values else "-", one.kind != "choice")
            for one in content.space
        ),
        Cell(metric_words(content.metric, fold.in_sample)),
        Cell(metric_words(content.metric, fold.out_of_sample), tone=signed_tone(fold.out_of_sample)),
        Cell(number(fold.efficiency)),
        Cell(percent(fold.total_return, 1), tone=signed_tone(fold.total_return)),
        Cell(f"{fold.trades:,}"),
    )


def _span(span: tuple[int, int], bars: int, parts: int, reason: str = "") -> Cell:
    note = f"{bars:,} bars" + (f" in {parts} parts" if parts > 1 else "") + (f"; {reason}" if reason else "")
    return Cell(f"{format_time(span[0])} to {format_time(span[1])}", False, note=note)
