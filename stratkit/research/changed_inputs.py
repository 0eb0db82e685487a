"""`InputChange`: one thing that a run was made from and that is no longer the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from stratkit.data.bars import FIELDS, Bars
from stratkit.runs.bar_marks import own_bars, what_changed
from stratkit.runs.compare import flattened

ChangeKind = Literal["data", "config", "input file", "strategy source", "engine semantics", "kernel source", "versions"]
# with one of these another run was made, whatever came out of it; the others are other means to the same end
EXPERIMENT: Final = ("data", "config", "input file")


@dataclass(frozen=True)
class InputChange:
    """What changed: `kind`, its `name` (a symbol, a key, a file, a package), and `text`, the whole in words."""

    kind: ChangeKind
    name: str
    text: str

    @property
    def is_another_run(self) -> bool:
        """Whether the run was asked for something else, and not only done by other means."""
        return self.kind in EXPERIMENT


def changed_inputs(then: Mapping[str, Any], now: Mapping[str, Any], bars: Bars) -> list[InputChange]:
    """Return what differs between two manifests in what went in, what weighs most first; `bars` are the new ones.

    What the older manifest does not tell is not compared.
    """
    return [
        *_data(then, now, bars),
        *_config(then, now),
        *_files(then, now),
        *_strategies(then, now),
        *_engine(then, now),
        *_versions(then, now),
    ]


def _data(then: Mapping[str, Any], now: Mapping[str, Any], bars: Bars) -> Iterator[InputChange]:
    before, after = then["data_digests"], now["data_digests"]
    for symbol in before:
        if symbol not in after:
            yield InputChange("data", symbol, f"data: {symbol} is missing")
    for symbol in after:
        if symbol not in before:
            yield InputChange("data", symbol, f"data: {symbol} is added")
    for symbol in before:
        if symbol in after and before[symbol] != after[symbol]:
            how = _how(then["bars"].get(symbol), bars, symbol)
            yield InputChange("data", symbol, f"data changed: {symbol}" + (f": {how}" if how else ""))


def _how(then: Mapping[str, Any] | None, bars: Bars, symbol: str) -> str:
    if then is None:
        return ""
    panels = [getattr(bars, field) for field in FIELDS]
    return what_changed(then, *own_bars(bars.times, panels, bars.symbols.index(symbol)))


def _config(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    if not then["config"]:
        return
    before, after = _flat(then["config"]), _flat(now["config"])
    for key in before:
        if key in after and before[key] != after[key]:
            yield InputChange("config", key, f"config changed: {key}: {_word(before[key])} -> {_word(after[key])}")
    # a key that is new may be a setting that this version of stratkit added; a parameter is never
    odd = [key for key in {**before, **after} if (key in before) != (key in after) and ".params" in key]
    for key in (*odd, *(key for key in before if key not in after and key not in odd)):
        there = "is gone" if key in before else "is new"
        yield InputChange("config", key, f"config changed: {key} {there}")
    if list(then["config"].get("strategies", {})) != list(now["config"].get("strategies", {})):
        yield InputChange("config", "strategies", "config changed: other strategies, or in another order")


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    return flattened({key: value for key, value in config.items() if key != "report"})


def _files(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    for role, entry in then["inputs"].items():
        found = now["inputs"].get(role)
        if found is not None and found["sha256"] != entry["sha256"]:
            yield InputChange("input file", role, f"input file changed: {role} ({entry['path']})")


def _strategies(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    for name, digest in then["strategy_digests"].items():
        after = now["strategy_digests"].get(name, digest)
        files = now["strategy_files"].get(name, {})
        # version 1 kept the digest of the first file alone
        if after == digest or (then["manifest_version"] == 1 and digest in files.values()):
            continue
        which = _changed_files(then["strategy_files"].get(name, {}), files)
        yield InputChange(
            "strategy source", name, f"strategy source changed: {name}" + (f" ({which})" if which else "")
        )


def _changed_files(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    gone = [f"{file} is gone" for file in then if file not in now]
    new = [f"{file} is new" for file in now if file not in then]
    return ", ".join([*(file for file in then if file in now and then[file] != now[file]), *gone, *new]) if then else ""


def _engine(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    before, after = then["engine_semantics"], now["engine_semantics"]
    if before != after:
        yield InputChange("engine semantics", str(after), f"engine semantics changed: {before} -> {after}")
    rooms = [room for room in _union(then["kernel_source"], now["kernel_source"]) if then["kernel_source"]]
    changed = [room for room in rooms if then["kernel_source"].get(room) != now["kernel_source"].get(room)]
    if changed:
        yield InputChange(
            "kernel source", ", ".join(changed), f"kernel source changed: stratkit's {', '.join(changed)}"
        )


def _versions(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[InputChange]:
    for name, before in then["versions"].items():
        after = now["versions"].get(name)
        if after is not None and after != before:
            yield InputChange("versions", name, f"versions changed: {name} {before} -> {after}")


def _union(*records: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(key for record in records for key in record))


def _word(value: Any) -> str:
    return "null" if value is None else str(value)
