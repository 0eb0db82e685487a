"""`monte_carlo`: every procedure that was asked for over one run, each finished one kept whatever stops the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from stratkit.analytics.trades import FEW_TRADES
from stratkit.errors import DataError, StratkitError, Terminated, UsageError
from stratkit.research.monte_carlo_entries import entries_at_random
from stratkit.research.monte_carlo_jitter import parameter_jitter
from stratkit.research.monte_carlo_permutations import bar_permutation
from stratkit.research.monte_carlo_record import MonteCarlo, Procedure, ProcedureName
from stratkit.research.monte_carlo_returns import ReturnPaths, drawdowns, returns_bootstrap
from stratkit.research.monte_carlo_risk import cone, ruin, split_place
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_stress import cost_stress
from stratkit.research.monte_carlo_trades import trade_resample, trade_shuffle
from stratkit.research.monte_carlo_words import unmade
from stratkit.research.monte_carlo_workers import Cut

# told (title of the procedure, paths done, paths in all)
Told = Callable[[ProcedureName, int, int], None]
STOPPED: Final = "STOPPED"
_FEW_RETURNS: Final = 60
_NAMED: Final = 8  # symbols in a line


@dataclass(frozen=True)
class Course:
    """What came of a run's procedures, and the signal that stopped them early, None when nothing did."""

    study: MonteCarlo
    signal: BaseException | None = None


def monte_carlo(
    run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None, say: Callable[[str], None] | None = None
) -> Course:
    """Make the procedures of `settings` one after the other.

    One that cannot be made of this run says why, and the others go on. A signal ends the course: what is finished is
    returned, a procedure of replays with those that it had. `say` hears how long replays will take. Raises the signal
    when nothing was finished, `UsageError` for settings that this run cannot have, and `DataError` when no procedure
    could be made at all.
    """
    _check_fits(run, settings)
    made: list[Procedure] = []
    signal: BaseException | None = None
    paths = ReturnPaths(run, settings, _told(told, "returns_bootstrap"))
    for name in settings.chosen:
        try:
            made.append(_made(name, run, settings, paths, _told(told, name), say))
        except Cut as cut:
            made.append(cut.procedure)
            signal = cut.signal
        except (KeyboardInterrupt, Terminated) as stopped:
            if not made:
                raise
            signal = stopped
        if signal is not None:
            break
    if signal is None and not any(one.rows for one in made):
        reasons = dict.fromkeys(one.reason for one in made)
        raise DataError(f"no procedure can be made of {run.run_id}: {'; '.join(reasons)}")
    return Course(_study(run, settings, tuple(made), signal is not None), signal)


def _made(
    name: ProcedureName, run: StudiedRun, settings: MonteCarloSettings, paths: ReturnPaths,
    told: Callable[[int, int], None] | None, say: Callable[[str], None] | None,
) -> Procedure:  # fmt: skip
    make: dict[ProcedureName, Callable[[], Procedure]] = {
        "trade_shuffle": lambda: trade_shuffle(run, settings, told),
        "trade_resample": lambda: trade_resample(run, settings, told),
        "returns_bootstrap": lambda: returns_bootstrap(paths),
        "drawdowns": lambda: drawdowns(paths),
        "ruin": lambda: ruin(paths),
        "cone": lambda: cone(paths),
        "random_entries": lambda: entries_at_random(run, settings, told),
        "cost_stress": lambda: cost_stress(run, told),
        "parameter_jitter": lambda: parameter_jitter(run, settings, told),
        "bar_permutation": lambda: bar_permutation(run, settings, told, say),
    }
    try:
        return make[name]()
    except StratkitError as error:  # of this procedure on this run: the others may go on
        return unmade(name, str(error))


def _check_fits(run: StudiedRun, settings: MonteCarloSettings) -> None:
    """Raise `UsageError` before anything is computed for what this run cannot do."""
    if settings.reoptimize and run.searched is None and run.folds is None:
        raise UsageError(
            f"--reoptimize makes the search of a run again; {run.run_id} came from no search: name a run of stratkit "
            "optimize or walkforward, or leave it out"
        )
    if settings.split is not None:
        split_place(run, settings.split)
    count, block = len(run.returns), settings.block_bars
    if block is not None and block > count / 2:  # most paths would be the run over again, and every interval a point
        raise UsageError(f"--block must be at most half of the {count:,} returns; found {block:g}")


def _told(told: Told | None, name: ProcedureName) -> Callable[[int, int], None] | None:
    return None if told is None else lambda done, total: told(name, done, total)


def _study(run: StudiedRun, settings: MonteCarloSettings, made: tuple[Procedure, ...], is_cut: bool) -> MonteCarlo:
    return MonteCarlo(
        run_id=run.run_id,
        seed=settings.seed,
        paths=settings.paths,
        n=len(run.returns),
        trades=len(run.trades),
        periods_per_year=run.basis.per_year,
        first_ns=int(run.times[0]),
        last_ns=int(run.times[-1]),
        procedures=made,
        warnings=(*_warnings(run), *([_stopped(settings, made)] if is_cut else [])),
        facts=tuple(_facts(run)),
    )


def _facts(run: StudiedRun) -> Iterator[tuple[str, Any]]:
    yield "Strategies", ", ".join(run.config.enabled())
    yield "Symbols", ", ".join(run.symbols[:_NAMED]) + (", ..." if len(run.symbols) > _NAMED else "")
    yield "Period", run.basis.unit
    yield "Risk-free rate a year", f"{run.config.analytics.risk_free_ann:.2%}"
    if run.folds is not None:
        yield "Kind", "walk-forward"
    elif run.searched is not None:
        yield "Kind", "chosen by a search"


def _warnings(run: StudiedRun) -> Iterator[tuple[str, str]]:
    count, closed, unit = len(run.returns), len(run.trades), run.basis.unit
    if count < _FEW_RETURNS:
        yield "FEW_RETURNS", f"{count} returns per {unit}: every figure is uncertain beyond what its interval says"
    if count < run.basis.per_year:
        yield "SHORT", f"the run covers {count / run.basis.per_year:.2f} years: yearly figures are extrapolated"
    if closed < FEW_TRADES:
        yield "FEW_TRADES", f"{closed} closed trades: what their order or choice makes of them says little"
    if run.open_trades:
        many = "trades are" if run.open_trades > 1 else "trade is"
        yield "OPEN_TRADES", f"{run.open_trades} {many} open at the last bar: in equity, not among the trades"
    if run.is_chosen:
        yield "IN_SAMPLE", "the parameters are the best of a search: only bar permutation with --reoptimize counts that"
    if run.unplayable:
        yield "NO_REPLAY", f"procedures that need the bars are left out: {run.unplayable}"


def _stopped(settings: MonteCarloSettings, made: tuple[Procedure, ...]) -> tuple[str, str]:
    missing = [name for name in settings.chosen if name not in {one.name for one in made}]
    said = f"; not made: {', '.join(missing)}" if missing else ""
    return STOPPED, f"stopped by a signal: what was finished by then is here{said}"
