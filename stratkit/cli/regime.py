"""`stratkit regime`: what state the market was in, what that was like, and where it is now."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from stratkit.cli.backtest import REPORTS, AcceptOption, DataOption, EndOption, NoReportOption, OutOption, StartOption
from stratkit.cli.config import ConfigArguments, SetOption
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

MethodOption = Annotated[
    Literal[
        "rules", "volatility", "trend", "hmm", "markov", "jump", "cusum", "hmm_smoothed", "hmm_viterbi", "pelt"
    ] | None,
    typer.Option(
        "--method",
        help="What names the state of a bar: rules unless a configuration says otherwise. The last three look at "
        "future bars and only describe.",
    ),
]  # fmt: skip
SymbolOption = Annotated[
    str | None, typer.Option("--symbol", metavar="NAME", help="Of several symbols the one to show first and compare.")
]
ByRegimeOption = Annotated[
    str | None,
    typer.Option("--by-regime", metavar="RUN", help="Split the results of a kept run, on its own bars, by regime."),
]
CompareOption = Annotated[
    bool, typer.Option("--compare", help="Label by every method, and say how far they agree and which are causal.")
]


def regime(
    configs: ConfigArguments = None,
    method: MethodOption = None,
    by_regime: ByRegimeOption = None,
    compare: CompareOption = False,
    symbol: SymbolOption = None,
    data: DataOption = None,
    settings: SetOption = None,
    start: StartOption = None,
    end: EndOption = None,
    accept: AcceptOption = None,
    out: OutOption = REPORTS,
    no_report: NoReportOption = False,
    seed: SeedOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Name the state of the market on each bar, and say what each was like, how long it lasts, and which one it is now.

    Without a CONFIG by rules on the bundled S&P 500. The regimes block of a configuration names the method and its
    settings; regimes.scope=market labels all symbols as one. Its report goes to reports/regime-.../.
    """
    terminal = Terminal(json_, quiet)
    with terminal.warnings_as_lines():
        from stratkit.cli.regime_run import RegimeOptions, run_regime
        from stratkit.cli.run_options import bars_given, run_options

        options = run_options(
            *bars_given(data, start, end, accept), ("seed", seed, "--seed"),
        )  # fmt: skip
        asked = RegimeOptions(
            method=method, run=by_regime, compares=compare, symbol=symbol, data=data,
            has_dates=start is not None or end is not None, writes_report=not no_report,
        )  # fmt: skip
        run_regime(terminal, configs or [], options, settings or [], asked, out)
