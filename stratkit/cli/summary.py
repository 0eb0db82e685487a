"""`print_summary`: a finished run on the terminal, short enough to read when tired."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.analytics.scorecard import Metric
from stratkit.cli.adaptive_lines import adaptive_lines, chosen_exits
from stratkit.cli.facts import facts_table
from stratkit.cli.finished import FinishedRun, title
from stratkit.cli.learned_state import went_on_from
from stratkit.cli.performance_tables import ran_table, system_line
from stratkit.cli.strategy_tables import alert_lines, caps_table, fault_lines, regimes_table, strategies_table
from stratkit.cli.terminal import Terminal
from stratkit.combine.settings import method_of
from stratkit.engine.layout import ENGINE_SEMANTICS, REBALANCE_IN, REBALANCE_OUT, REFUSED, RULES
from stratkit.engine.profiles import fill_options, override_labels
from stratkit.panel import format_time
from stratkit.plans import PlanOrName, find_plan
from stratkit.reports.ambiguity_words import ambiguity_lines
from stratkit.reports.evidence_words import sharpe_notes
from stratkit.reports.wording import MISSING, in_unit, interval_text
from stratkit.strategies.settings import StrategySettings

_METRICS: Final = (
    "total_return", "cagr", "ann_vol", "sharpe", "sharpe_bar", "sortino", "calmar", "max_drawdown", "max_dd_duration",
    "exposure_time", "cost_ann",
)  # fmt: skip
_SIGNED: Final = ("total_return", "cagr")
_TRADE_METRICS: Final = ("win_rate", "profit_factor", "expectancy", "expectancy_r", "avg_bars_held")
_FILL_WORDS: Final = (  # what an option means, where it is not the cautious one
    ("intents_fill_at", "next_open", "decided at a close, filled at the next open"),
    ("intents_fill_at", "this_close", "optimistic: decided and filled at the same close"),
    ("same_bar", "target_first", "targets before stops"),
    ("same_bar", "path", "bars walked along an assumed path"),
    ("same_bar", "trailing_last", "targets before trailing stops"),
    ("gapped_stop", "level", "gapped stops at their level"),
    ("gapped_target", "level", "gapped targets at their level"),
    ("entry_bar_exits", False, "no exit in the entry bar"),
    ("trailing_moves", "before_test", "a bar's extreme trails the stop before the bar tests it"),
    ("slippage_on_stops", False, "stops without slippage"),
)
_COSTS: Final = (
    ("commission_bps", "{:g} bps commission"),
    ("commission_per_share", "{:g} per share"),
    ("commission_per_order", "{:g} per order"),
    ("commission_minimum", "at least {:g} a fill"),
    ("half_spread_bps", "{:g} bps half-spread"),
    ("slippage_bps", "{:g} bps slippage"),
    ("slippage_volatility", "slippage {:g} x volatility"),
    ("impact_bps", "{:g} bps impact"),
)
_SIZES: Final = {
    "fixed_fraction": "{share:g} % of equity per position",
    "equal_weight": "equity in equal parts",
    "volatility_target": "size for {vol_target_ann:.0%} volatility a year",
    "risk_per_trade": "{risk_pct:g} % of equity at risk per trade",
    "fractional_kelly": "{kelly_fraction:g} x Kelly",
    "fixed_units": "{units:g} units per position",
}
_LEVELS: Final = (
    ("sl", "stop"),
    ("tp1", "target"),
    ("tp2", "target"),
    ("tp3", "target"),
    ("be", "break-even at"),
    ("trail_at", "trailing from"),
    ("trail_by", "trailing by"),
)
_TERMS: Final = {"weight", "priority", "every_bars", "timeframe"}  # of one strategy among others


def print_summary(terminal: Terminal, run: FinishedRun) -> None:
    """Print what ran, its metrics beside their benchmark's, its trades, warnings, and where the report is."""
    out = terminal.out
    out.print(f"[bold]{escape(title(run))}[/bold]")
    terminal.show(facts_table(_setting_rows(run)))
    out.print()
    terminal.show(_metric_table(run))
    out.print()
    if run.attribution is not None and len(run.attribution.strategies) > 1:
        terminal.show(strategies_table(run.attribution))
        out.print()
    is_grave = any(alert.severity != "info" for alert in run.alerts)
    if run.watched is not None and (is_grave or run.watched.is_telling):
        terminal.show(ran_table(run.watched.performance.strategies))
        out.print()
    if run.attribution is not None and run.attribution.by_regime is not None:
        terminal.show(regimes_table(run.attribution.by_regime, run.attribution.total))
        out.print()
    if run.cap_effects is not None:
        terminal.show(caps_table(run.cap_effects))
        out.print()
    terminal.show(facts_table(_outcome_rows(run)))


def _setting_rows(run: FinishedRun) -> list[tuple[str, Text]]:
    config, bars = run.config, run.traded
    earlier = len(run.bars.times) - len(bars.times)
    history = f", {earlier:,} bars of history before" if earlier else ""
    span = f"{format_time(int(bars.times[0]))} to {format_time(int(bars.times[-1]))}"
    account = config.account
    leverage = f", leverage {account.leverage:g}" if account.leverage != 1 else ""
    rows = [
        *_strategy_rows(run),
        (
            "data",
            f"{_symbols(bars.symbols)}, {len(bars.times):,} bars of {bars.frequency}, {span}{history}, {bars.source}",
        ),
        *(("" if number else "series", line) for number, line in enumerate(_series_lines(run))),
        ("regimes", _regimes(run)),
        ("learned", went_on_from(run)),
        ("fills", f"{run.fills_label}: {_fills(run)} (engine semantics {ENGINE_SEMANTICS})"),
        ("actions", _actions(run)),
        ("costs", costs_line(run)),
        ("account", f"{account.initial_cash:,.0f} cash{leverage}, {_sizing(run)}"),
        *(("" if number else "exits", line) for number, line in enumerate(exit_lines(run))),
        ("limits", _limits(run)),
        ("basis", run.scorecard.basis),
    ]
    return [(name, Text(value)) for name, value in rows if value]


def _regimes(run: FinishedRun) -> str:
    """Say how the regimes of the bars were named; "" where they were not."""
    labels = run.result.regimes
    if labels is None:
        return ""
    whose = "of the whole market" if labels.scope == "market" else "of each symbol"
    return "; ".join(filter(None, (f"{labels.method}, {whose}", labels.rule, *labels.notes)))


def _series_lines(run: FinishedRun) -> list[str]:
    """Say of each external series where it is from, and when its values are known."""
    return [
        f"{name}: {series.path}, a value is known {series.when_known()}"
        + ("" if series.max_age is None else f", for at most {series.max_age}")
        for name, series in run.config.data.series.items()
    ]


def _strategy_rows(run: FinishedRun) -> list[tuple[str, str]]:
    running = run.config.enabled()
    params = {name: ", ".join(_said(*each) for each in one.params.items()) for name, one in running.items()}
    changes = [
        f"from {date} {name}: {_listed(change.model_dump(exclude_none=True))}"
        for date, by_name in run.config.overrides.items()
        for name, change in by_name.items()
        if name in running
    ]
    dated = [("overrides", "; ".join(changes))]
    if len(running) == 1:
        name, one = next(iter(running.items()))
        return [("parameters", _joined(params[name] or "none", _terms(one))), *dated]
    method = method_of(run.config.combine, run.config.global_)
    how = "independent books" if method == "independent" else f"one position per symbol, by {method.replace('_', ' ')}"
    listed = [
        (name, _joined(f"{one.spec}: {params[name]}" if params[name] else one.spec, _terms(one)))
        for name, one in running.items()
    ]
    return [("combined", how), *listed, *dated]


def _said(name: str, value: object) -> str:
    return f"{name} {value}" if value != "" else f'{name} ""'


def _joined(said: str, terms: str) -> str:
    return f"{said}; {terms}" if terms else said


def _terms(settings: StrategySettings) -> str:
    """Return what a strategy may do and how much it counts, where that is not the default."""
    shown = settings.model_dump(include=_TERMS, exclude_defaults=True)
    if settings.symbols is not None:
        shown["symbols"] = " ".join(settings.symbols)
    shown |= settings.risk_budgets.model_dump(exclude_none=True)
    return _listed(shown)


def _listed(settings: Mapping[str, Any]) -> str:
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in settings.items()}
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def _outcome_rows(run: FinishedRun) -> list[tuple[str, Text]]:
    rows = [("trades", Text(_trades(run)))]
    if refused := _refusals(run):
        rows.append(("refused", Text(refused)))
    rows += [("ambiguous", Text(line)) for line in ambiguity_lines(run.ambiguity)]
    rows += [("" if at else "adaptive", Text(line)) for at, line in enumerate(adaptive_lines(run.learned))]
    if run.watched is not None and run.result.adapted is not None:
        rows.append(("replay", Text(system_line(run.watched.performance.system))))
    rows += [("fault", Text(line, style="yellow")) for line in fault_lines(run.result.faults)]
    rows += [("alert", Text(line, style="yellow")) for line in alert_lines(run.alerts)]
    rows += [("warning", Text(warning, style="yellow")) for warning in run.all_warnings]
    where = str(run.report or (run.record.folder if run.record else "not kept"))
    took = f"  ({sum(run.seconds.values()):.1f} s)"
    name = "report" if run.report else "folder"
    return [*rows, (name, Text.assemble((where, "bold"), (took, "dim")))]


def _symbols(symbols: tuple[str, ...]) -> str:
    return symbols[0] if len(symbols) == 1 else f"{len(symbols):,} symbols"


def _fills(run: FinishedRun) -> str:
    options = fill_options(run.config.execution)
    return ", ".join(words for name, value, words in _FILL_WORDS if options[name] == value)


def _actions(run: FinishedRun) -> str:
    data = run.config.data
    if data.actions_path is None or data.adjust is not None:
        return ""
    return f"splits and dividends of {data.actions_path} are booked on raw prices; signals see split-adjusted ones"


def costs_line(run: FinishedRun) -> str:
    """Return what trading cost, in words."""
    costs = run.config.costs.model_dump()
    return ", ".join(words.format(costs[name]) for name, words in _COSTS if costs[name]) or "none"


def _sizing(run: FinishedRun) -> str:
    if np.isin(run.result.fills["reason"], (REBALANCE_IN, REBALANCE_OUT)).any():
        return "sized by the strategy's target weights"
    sizing = run.config.risk.sizing
    return _SIZES[sizing.rule].format(**sizing.model_dump(), share=100 * sizing.fraction)


def exit_lines(run: FinishedRun) -> list[str]:
    """Return in words how positions are left, a line each: by what is chosen, else by the configured exit plans.

    Those of single strategies come after their names.
    """
    chosen = chosen_exits(run.config.meta_strategy)
    if chosen:
        return [chosen]
    common, own = run.config.exit_plan, run.config.enabled()
    lines = [] if common is None else [_plan(run, common)]
    lines += [f"of {name}: {_plan(run, one.exit_plan)}" for name, one in own.items() if one.exit_plan is not None]
    return lines


def _plan(run: FinishedRun, given: PlanOrName) -> str:
    plan = find_plan(given, run.config.exit_plans)
    unit = {"percent": "{:g} % of the entry price", "atr": "{:g} ATR", "distance": "{:g} in price"}[plan.risk_basis]
    levels = [f"{words} {getattr(plan, name):g} R" for name, words in _LEVELS if getattr(plan, name) is not None]
    levels += [f"time stop {plan.time_stop_bars} bars"] if plan.time_stop_bars else []
    named = f"{given}: " if isinstance(given, str) else ""
    return f"{named}{', '.join(levels) or 'no level'}; R is {unit.format(plan.risk)}"


def _limits(run: FinishedRun) -> str:
    caps, breakers = run.config.risk.caps.model_dump(), run.config.risk.breakers.model_dump()
    how = f"on breach {caps.pop('on_breach')}, at risk is the {caps.pop('risk_basis')}"
    limits = [f"{name} {value:g}" for name, value in caps.items() if value is not None]
    stops = [f"{name} {value:g}" for name, value in breakers.items() if value]
    return ", ".join([*limits, *([how] if limits else []), *stops])


def _metric_table(run: FinishedRun) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    against = run.benchmark.scorecard if run.benchmark else None
    heading = escape(run.benchmark.name.replace(", ", ",\n")) if run.benchmark else ""
    table.add_column("\n" * heading.count("\n") + "strategy", justify="right", no_wrap=True)
    if against:
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("", style="dim", overflow="fold")
    for metric in (run.scorecard[name] for name in _METRICS if name in run.scorecard):
        beside = [_shown(against[metric.name]) if metric.name in against else ""] if against else []
        table.add_row(metric.label, _shown(metric), *beside, _note(metric, run))
        for line in sharpe_notes(run.evidence)[1:] if metric.name == "sharpe" else ():
            table.add_row("", "", *([""] if against else []), line)
    return table


def _shown(metric: Metric) -> str:
    shown = in_unit(metric.value, metric.unit, signed=metric.name in _SIGNED)
    return f"{shown} bars" if metric.unit == "bars" and shown != MISSING else shown


def _note(metric: Metric, run: FinishedRun) -> str:
    if not math.isfinite(metric.value):
        return metric.reason
    interval = interval_text(metric)
    notes = [f"95% interval {interval}" if interval else ""]
    if metric.name == "sharpe":
        notes += [sharpe_notes(run.evidence)[0], "optimistic" if run.optimistic else ""]
        notes += override_labels(run.config.execution)
    return ", ".join(note for note in notes if note)


def _trades(run: FinishedRun) -> str:
    trades = run.result.trades
    still_open = int((trades["exit_bar"] < 0).sum())
    parts = [f"{len(trades) - still_open:,} closed" + (f", {still_open:,} open" if still_open else "")]
    for name in _TRADE_METRICS:
        if name in run.scorecard and (shown := _shown(run.scorecard[name])) != MISSING:
            label = run.scorecard[name].label
            parts.append(f"{label[:1].lower()}{label[1:]} {shown}")
    return ", ".join(parts)


def _refusals(run: FinishedRun) -> str:
    decisions = run.result.decisions
    rules = decisions["rule"][decisions["outcome"] == REFUSED].tolist()
    counts = sorted(((rules.count(rule), RULES[rule]) for rule in set(rules)), reverse=True)
    return ", ".join(f"{count:,} {rule}" for count, rule in counts)
