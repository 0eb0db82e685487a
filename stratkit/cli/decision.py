"""`show_decision`: one sentence for everything that a run decided on a symbol at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from stratkit.combine.sentences import Dealing, Voice, explain
from stratkit.combine.settings import CombineSettings, GlobalSettings, Method, method_of
from stratkit.panel import format_time
from stratkit.runs.decision_rows import DecisionRows, Row, read_decision

if TYPE_CHECKING:
    from stratkit.cli.terminal import Terminal
    from stratkit.runs.facts import RunFacts

_SIDES: Final = {"long": 1, "short": -1, "exit": 2, "": 0}


def show_decision(terminal: Terminal, facts: RunFacts, when: str, symbol: str) -> None:
    """Print what was decided on `symbol` at `when` and why, one sentence each, or where the nearest decisions are."""
    rows = read_decision(facts.record, when, symbol)
    found = list(explained(rows, _method(facts.config)))
    if terminal.as_json:
        terminal.emit({"run_id": facts.record.run_id, "symbol": symbol, "when": when, "decisions": found})
        return
    for entry in found:
        terminal.out.print(entry["sentence"], markup=False, soft_wrap=True)
        for remark in entry["remarks"]:
            terminal.out.print(f"  {remark}", markup=False, soft_wrap=True, style="dim")
    if not found:
        near = [format_time(stamp) for stamp in (rows.before, rows.after) if stamp is not None]
        nearest = "the nearest decisions are" if len(near) > 1 else "the nearest decision is"
        terminal.out.print(
            f"nothing was decided on {symbol} at {when}; {nearest} at {' and '.join(near)}",
            markup=False, soft_wrap=True,
        )  # fmt: skip


def explained(rows: DecisionRows, method: Method) -> Iterator[dict[str, Any]]:
    """Yield each decision of the rows: its bar, sentence, remarks of strategies, and the rows it stands on."""
    for bar, stamp in rows.times.items():
        voices = [row for row in rows.opinions if row["bar"] == bar]
        dealings = [row for row in rows.decisions if row["bar"] == bar]
        for group, dealt in _groups(voices, dealings, method):
            yield {
                "time": format_time(stamp),
                "sentence": _sentence(rows.symbol, format_time(stamp), method, group, dealt),
                "remarks": [f"{row['strategy']}: {row['remark']}" for row in group if row.get("remark")],
                "opinions": [{**row, "time": format_time(stamp)} for row in group],
                "decision": None if dealt is None else {**dealt, "time": format_time(stamp)},
            }


def _groups(voices: list[Row], dealings: list[Row], method: Method) -> Iterator[tuple[list[Row], Row | None]]:
    """Yield what belongs together: all voices with each dealing; in books of their own each strategy's."""
    if method != "independent":
        if voices and not dealings:
            yield voices, None
        for dealt in dealings:
            yield voices, dealt
        return
    for name in dict.fromkeys(row["strategy"] for row in (*voices, *dealings)):
        own = [row for row in voices if row["strategy"] == name]
        its = [row for row in dealings if row["strategy"] == name]
        if not its:
            yield own, None
        for dealt in its:
            yield own, dealt


def _sentence(symbol: str, time: str, method: Method, rows: list[Row], dealt: Row | None) -> str:
    dealing = None if dealt is None else _dealing(dealt)
    if not rows:  # a strategy that was heard as it is
        assert dealt is not None  # one of the two is there
        side = _SIDES[dealt["side"]]
        voice = Voice(dealt["strategy"], side, _number(dealt["confidence"]), 1.0, "lead")
        return explain("independent", symbol, time, side, "alone", voice.name, [voice], dealing=dealing)
    first = rows[0]
    voices = [
        Voice(row["strategy"], _SIDES[row["side"]], _number(row["confidence"]), row["weight"], row["verdict"])
        for row in rows
    ]
    target = first["decided_target"]
    return explain(
        method, symbol, time, _SIDES[first["decided"]], first["reason"], first["lead"] or None, voices,
        weight=target, dealing=dealing,
    )  # fmt: skip


def _dealing(row: Row) -> Dealing:
    side = _SIDES[row["side"]]
    return Dealing(row["outcome"], row["rule"], _number(row["requested"]), _number(row["granted"]), side)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _method(config: Mapping[str, Any]) -> Method:
    """Return how the run combined opinions; one that says nothing about it had one strategy, heard as it is."""
    if "combine" not in config:
        return "independent"
    return method_of(
        CombineSettings.model_validate(config["combine"]), GlobalSettings.model_validate(config.get("global", {}))
    )
