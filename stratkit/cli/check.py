"""`stratkit check`: proofs about a strategy: that it does not look ahead, and how much history it needs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from stratkit.cli.backtest import DataOption, EndOption, StartOption
from stratkit.cli.config import OnlyOption, SetOption
from stratkit.cli.environment import say_variables
from stratkit.cli.run_options import run_options
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

if TYPE_CHECKING:
    from stratkit.config import FileConfig
    from stratkit.data.bars import Bars
    from stratkit.research.lookahead import LookaheadReport
    from stratkit.research.outputs import CausalSource
    from stratkit.research.proofs import Proof
    from stratkit.research.sources import StrategySource
    from stratkit.research.suspects import Suspect
    from stratkit.research.warmup import WarmupReport

R = TypeVar("R")

LOOKAHEAD_CELLS: Final = 50_000  # bars x symbols that a proof recomputes some 700 times
WARMUP_CELLS: Final = 400_000  # bars x symbols that are recomputed some 200 times, most of them in small parts
LEAST_BARS: Final = 2_000
MADE_UP_BARS: Final = 700

app = typer.Typer(
    name="check",
    help="Prove that a strategy does not look ahead, and measure the history it needs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

TargetArguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONFIG|STRATEGY",
        help="YAML files, names of strategies, or FILE.py:Class; none = every built-in strategy.",
    ),
]
BarsOption = Annotated[int | None, typer.Option("--bars", metavar="N", min=10, help="Use the last N bars at most.")]
CutsOption = Annotated[int, typer.Option("--cuts", metavar="N", min=1, help="Bars behind which the future is hidden.")]
BudgetOption = Annotated[
    float, typer.Option("--seconds", metavar="S", min=0.1, help="Longest time for one strategy on one set of bars.")
]
ExactOption = Annotated[
    float, typer.Option("--tolerance", metavar="R", min=0.0, help="Relative difference that is none; 0 = bit for bit.")
]
LooseOption = Annotated[
    float, typer.Option("--tolerance", metavar="R", min=0.0, help="Relative difference of a value that is none.")
]
LastOption = Annotated[int, typer.Option("--last", metavar="N", min=1, help="Bars whose signals must stand still.")]
EndsOption = Annotated[int, typer.Option("--ends", metavar="N", min=1, help="How many last bars are taken to be one.")]


@app.command("lookahead")
def lookahead(
    targets: TargetArguments = None,
    data: DataOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    cuts: CutsOption = 200,
    bars: BarsOption = None,
    seconds: BudgetOption = 60.0,
    tolerance: ExactOption = 0.0,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Prove that nothing a strategy says at a bar depends on what came after it.

    Hides or replaces the bars behind many bars and compares everything up to there, bit for bit. Of a CONFIG in which
    something adapts the decisions of the whole run are proved too. Without --data or a CONFIG the bundled bars and two
    made-up sets, with holes, listings and delistings, are used. Leaves with 5 when something looks ahead.
    """
    from stratkit.cli.check_tables import lookahead_record, lookahead_table
    from stratkit.errors import ConditionError
    from stratkit.research.lookahead import check_lookahead
    from stratkit.research.proofs import (
        BUILT_IN_BARS,
        Proof,
        adaptive_proofs,
        built_in_proofs,
        configured_proofs,
        regime_proofs,
    )

    terminal = Terminal(json_, quiet)
    begun = time.perf_counter()
    with terminal.warnings_as_lines():
        configs = _configs(targets or [], data, only, settings or [], start, end)
        say_variables(terminal, *configs)
        panels = _panels(terminal, configs, _is_own_data(targets, data, settings, start, end), LOOKAHEAD_CELLS, bars)
        last_bars = None if targets else BUILT_IN_BARS
        proofs = [Proof(source, last_bars=last_bars) for config in configs for source in _sources(config)]
        proofs += configured_proofs(configs[0].features) if targets else built_in_proofs()
        proofs += regime_proofs(configs[0].regimes, configs[0].seed)
        proofs += adaptive_proofs(configs[0])
        terminal.say(f"{cuts} cuts each, at most {seconds:g} s for one strategy on one set of bars, seed {seed or 0}")

        def prove(proof: Proof, panel: Bars, progress: Callable[[int, int], None]) -> LookaheadReport:
            part = proof.part_of(panel)
            return check_lookahead(
                _beside(proof.source, configs[0], part, targets), part, cuts=proof.cuts(cuts), seed=seed or 0,
                tolerance=tolerance, budget_s=seconds, progress=progress,
            )  # fmt: skip

        found = {proof.source.name: list(_each(terminal, proof, panels, prove)) for proof in proofs}
        suspects = _suspects(terminal, [proof.source for proof in proofs])
        if json_:
            terminal.emit(lookahead_record(found, suspects, time.perf_counter() - begun))
        else:
            lookahead_table(terminal, found)
            terminal.say(f"done in {time.perf_counter() - begun:.1f} s")
    broken = [report for reports in found.values() for report in reports if not report.is_clean]
    if broken:
        more = f" (and {len(broken) - 1} more, listed above)" if len(broken) > 1 else ""
        raise ConditionError(broken[0].sentence() + more)


@app.command("warmup")
def warmup(
    targets: TargetArguments = None,
    data: DataOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    last: LastOption = 20,
    ends: EndsOption = 12,
    bars: BarsOption = None,
    tolerance: LooseOption = 0.01,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Measure how many bars of history a strategy needs until its last signals no longer change.

    Compares them with the declared warm-up, once, twice and four times over. Leaves with 5 when even four times the
    declared warm-up gives more than 5 % of the signals wrong.
    """
    from stratkit.cli.check_tables import warmup_record, warmup_table
    from stratkit.errors import ConditionError
    from stratkit.research.proofs import Proof
    from stratkit.research.warmup import measure_warmup

    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        configs = _configs(targets or [], data, only, settings or [], start, end)
        say_variables(terminal, *configs)
        panel = next(iter(_panels(terminal, configs, True, WARMUP_CELLS, bars).values()))

        def measure(proof: Proof, panel: Bars, progress: Callable[[int, int], None]) -> WarmupReport:
            seated = _beside(proof.source, configs[0], panel, targets)
            return measure_warmup(seated, panel, last=last, ends=ends, tolerance=tolerance, progress=progress)

        proofs = [Proof(source) for config in configs for source in _sources(config)]
        found = [report for proof in proofs for report in _each(terminal, proof, {"": panel}, measure)]
        for report in found:
            for note in report.notes:
                terminal.warn(f"{report.name}: {note}")
        if json_:
            terminal.emit(warmup_record(found))
        else:
            warmup_table(terminal, found)
    broken = [report for report in found if not report.holds]
    if broken:
        more = f" (and {len(broken) - 1} more, listed above)" if len(broken) > 1 else ""
        raise ConditionError(broken[0].sentence() + more)


def _configs(
    targets: Sequence[str], data: str | None, only: str | None, settings: list[str], start: str | None, end: str | None
) -> list[FileConfig]:
    """Return one configuration for each strategy: of the YAML files together, and of each one that is named."""
    from stratkit.config import load_config
    from stratkit.strategies.catalog import STRATEGIES
    from stratkit.yaml_positions import from_option

    files = [Path(target) for target in targets if target.endswith((".yaml", ".yml"))]
    named = [target for target in targets if Path(target) not in files] or ([] if files else list(STRATEGIES.builtin))
    options = run_options(("data.path", data, "--data"), ("data.start", start, "--from"), ("data.end", end, "--to"))
    if not files:  # the built-in configuration names one symbol of the bundled data; a proof wants all
        options.append(from_option("data.symbols", None, "stratkit check"))
    load = partial(load_config, files, options=options, environment=os.environ)
    configs = [load(settings=settings, only=only)] if files else []
    for name in named:
        of_others = () if targets else tuple(f"strategies.{other}." for other in named if other != name)
        own = [setting for setting in settings if not of_others or not setting.startswith(of_others)]
        configs.append(load(settings=own, strategy=name))
    return configs


def _sources(config: FileConfig) -> list[StrategySource]:
    from stratkit.research.sources import StrategySource
    from stratkit.strategies.catalog import find_strategy

    return [
        StrategySource(
            find_strategy(settings.spec), settings.params, label=name, regimes=config.regimes, seed=config.seed
        )
        for name, settings in config.enabled().items()
    ]


def _beside(source: CausalSource, config: FileConfig, panel: Bars, targets: Sequence[str] | None) -> CausalSource:
    """Return a strategy with the configured series; others that it needs are made up where no file configures it."""
    from stratkit.research.adaptive_sources import AdaptiveRun
    from stratkit.research.proof_series import beside
    from stratkit.research.sources import StrategySource

    if isinstance(source, AdaptiveRun):
        return replace(source, symbols=panel.symbols)
    if not isinstance(source, StrategySource):
        return source
    return beside(source, config.data, panel, makes_up=not _has_files(targets))


def _has_files(targets: Sequence[str] | None) -> bool:
    return any(target.endswith((".yaml", ".yml")) for target in targets or ())


def _is_own_data(
    targets: Sequence[str] | None, data: str | None, settings: list[str] | None, start: str | None, end: str | None
) -> bool:
    """Whether the user said which bars to use."""
    files = _has_files(targets)
    chosen = any(setting.startswith("data.") for setting in settings or ())
    return files or chosen or any(value is not None for value in (data, start, end))


def _panels(
    terminal: Terminal, configs: list[FileConfig], own: bool, cells: int, most_bars: int | None
) -> dict[str, Bars]:
    """Return the sets of bars by name: the user's, or the bundled ones and two that are made up."""
    from stratkit.data.store import load_bars
    from stratkit.data.synthetic import synthetic_universe
    from stratkit.testing import sample_bars

    loaded = load_bars(configs[0].data)
    panels = {"bars" if own else "bundled": loaded}
    if not own:
        panels["made-up days"] = sample_bars(MADE_UP_BARS)
        panels["made-up hours"] = synthetic_universe(4, 2 * MADE_UP_BARS, "1h").bars
    for name, panel in panels.items():
        rows, symbols = panel.shape
        limit = most_bars or max(LEAST_BARS, cells // symbols)
        if rows > limit:
            terminal.say(f"the last {limit:,} of {rows:,} bars are used; --bars N uses more or fewer")
            panels[name] = panel.slice(rows - limit, rows)
    return panels


def _each(
    terminal: Terminal,
    proof: Proof,
    panels: dict[str, Bars],
    question: Callable[[Proof, Bars, Callable[[int, int], None]], R],
) -> Iterator[R]:
    """Yield the answers on each set of bars; one that nobody chose for the source, and does not fit it, is left out."""
    from stratkit.errors import DataError, StrategyError

    for name, panel in panels.items():
        try:
            with terminal.progress(f"{proof.source.name} {name}".strip()) as progress:
                yield question(proof, panel, progress)
        except (StrategyError, DataError) as error:
            if not proof.is_ours and (isinstance(error, DataError) or not name.startswith("made-up")):
                raise
            terminal.warn(f"{proof.source.name} is not checked on {name}, for it cannot run there: {error}")


def _suspects(terminal: Terminal, sources: Sequence[CausalSource]) -> list[Suspect]:
    """Warn of the suspects in every source once."""
    from stratkit.research.suspects import suspects_of

    here = f"{Path.cwd()}{os.sep}"  # a path below it is shown as one would type it
    found = dict.fromkeys(
        replace(suspect, file=suspect.file.removeprefix(here))
        for source in sources
        for suspect in suspects_of(source.code)
    )
    for suspect in found:
        terminal.warn(f"{suspect} (no proof; silence it with a comment: # causal: why)")
    return list(found)
