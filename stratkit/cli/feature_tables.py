"""`print_features`: what became of each feature, and of each fit, on the terminal."""

from __future__ import annotations

from typing import Final

import numpy as np
from rich.markup import escape
from rich.table import Table

from stratkit.cli.feature_files import known_share, method_words, title
from stratkit.cli.feature_run import FeatureRun
from stratkit.cli.terminal import Terminal
from stratkit.features.fitting import FeatureFit
from stratkit.features.redundancy import Dropped
from stratkit.panel import format_time
from stratkit.reports.wording import number, percent

_SHOWN_FITS: Final = 5
_SHOWN_COMPONENTS: Final = 8


def print_features(terminal: Terminal, run: FeatureRun) -> None:
    """Print the features by score, the last fits, the components, and where the files are."""
    last = run.made.matrix.fits[-1]
    terminal.out.print(f"[bold]features[/bold] of {escape(title(run))}")
    for line in _facts(run):
        terminal.out.print(f"[dim]{escape(line)}[/dim]", soft_wrap=True)
    terminal.show(_features_table(run))
    terminal.out.print()
    terminal.show(_fits_table(run))
    if last.components is not None:
        terminal.out.print(_components_line(last), markup=False, soft_wrap=True)
    if run.record is not None:
        files = ", ".join(run.record.files)
        terminal.out.print(f"wrote {escape(str(run.record.folder))}/: {escape(files)}", soft_wrap=True)
    compute, fit = (run.made.seconds[step] for step in ("compute", "fit"))
    terminal.say(f"computed in {compute:.2f} s, {len(run.made.matrix.fits)} fits in {fit:.2f} s")


def _facts(run: FeatureRun) -> list[str]:
    settings, matrix = run.config.features, run.made.matrix
    last = matrix.fits[-1]
    over = "all symbols together" if settings.scaled_over == "all_symbols" else "each symbol alone"
    window = "all bars so far" if settings.window_bars is None else f"the last {settings.window_bars:,} bars"
    limit = "off" if settings.redundancy is None else f"|corr| from {settings.redundancy:g}"
    counts = (
        f"{len(run.made.matrix.features)} in, {len(last.kept)} kept at the last of {len(run.made.matrix.fits)} fits"
    )
    return [
        f"{counts}, {_bar_text(last, run)}; a row stands on the last fit before it",
        f"scaling {settings.scaling}, {over}, fitted on {window}, every {settings.refit_every_bars:,} bars",
        f"{method_words(run)}; redundant: {limit}; at most {settings.max_features}",
    ]


def _features_table(run: FeatureRun) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("feature", overflow="fold")
    for heading in ("lookback", "known", "score", "fits"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("at the last fit", overflow="fold")
    last = run.made.matrix.fits[-1]
    dropped = {each.name: each for each in last.dropped}
    known = known_share(run)
    digits = 2 if run.config.features.selection == "f_test" else 4  # nats and shares are small
    for at in _in_order(run, dropped):
        name = run.made.matrix.features[at]
        verdict, style = _verdict(dropped.get(name))
        table.add_row(
            escape(name),
            f"{run.made.features.lookback_bars[at]:,}",
            percent(float(known[at]), 1),
            "" if np.isnan(last.score[at]) else number(float(last.score[at]), digits),
            f"{sum(at in fit.kept for fit in run.made.matrix.fits)}",
            escape(verdict),
            style=style,
        )
    return table


def _in_order(run: FeatureRun, dropped: dict[str, Dropped]) -> list[int]:
    """Return the features that are kept and then the others, the best by score first."""
    score = np.nan_to_num(run.made.matrix.fits[-1].score, nan=-np.inf)
    ranked = np.argsort(-score, kind="stable").tolist()
    return sorted(ranked, key=lambda at: run.made.matrix.features[at] in dropped)


def _verdict(dropped: Dropped | None) -> tuple[str, str]:
    """Return what became of a feature, and how its row looks."""
    if dropped is None:
        return "kept", ""
    if dropped.reason == "redundant":
        assert dropped.correlation is not None  # a redundant one has a partner
        return f"redundant with {dropped.partner}, corr {number(dropped.correlation, 3)}", "dim"
    words = {"unknown": "too few values yet", "constant": "never moved", "low_score": "low score"}
    return words[dropped.reason], "dim"


def _fits_table(run: FeatureRun) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("fit at", no_wrap=True)
    for heading in ("rows", "labelled", "kept", "redundant"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("changed", overflow="fold")
    fits = run.made.matrix.fits
    hidden = max(len(fits) - _SHOWN_FITS, 0)
    for place in range(hidden, len(fits)):
        fit = fits[place]
        redundant = sum(each.reason == "redundant" for each in fit.dropped)
        counts = (f"{count:,}" for count in (fit.rows, fit.labelled, len(fit.kept), redundant))
        table.add_row(_bar_text(fit, run), *counts, _changes(fits[place - 1] if place else None, fit))
    if hidden:
        table.add_row(f"[dim]{hidden} earlier[/dim]")
    return table


def _changes(before: FeatureFit | None, fit: FeatureFit) -> str:
    if before is None:
        return "the first fit"
    was, now = set(before.kept.tolist()), set(fit.kept.tolist())
    return f"{len(now - was)} in, {len(was - now)} out" if was != now else "the same"


def _components_line(fit: FeatureFit) -> str:
    assert fit.components is not None  # the caller asked
    ratio = fit.components.ratio
    shown = ", ".join(percent(float(share), 1) for share in ratio[:_SHOWN_COMPONENTS])
    more = ", ..." if len(ratio) > _SHOWN_COMPONENTS else ""
    return f"{len(ratio)} principal components hold {percent(float(ratio.sum()), 1)} of the variance: {shown}{more}"


def _bar_text(fit: FeatureFit, run: FeatureRun) -> str:
    return format_time(int(run.made.bars.times[fit.bar]))
