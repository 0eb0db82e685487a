"""`ArmToken`: what an arm of an A/B test is, from the one word that was typed for it.

A word is a configuration file, a run, a strategy with parameters, or a file of returns. One that could be two of these
is refused: nobody can see from a verdict which of them was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from stratkit.data.return_file import RETURN_FILES
from stratkit.errors import UsageError, did_you_mean
from stratkit.runs.find import LATEST, half_written, missing_files, run_names
from stratkit.strategies.catalog import STRATEGIES

TokenKind = Literal["configuration", "run", "strategy", "file"]

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CONFIGS: Final = (".yaml", ".yml")
_NAMED: Final = re.compile(r"(?P<name>[A-Za-z][\w \-]*)=(?P<rest>.+)", re.DOTALL)
# FILE.py, FILE.py:Class, package.module:Class or a name; then parameters, which hold an equals sign
_STRATEGY: Final = re.compile(
    r"(?P<spec>.+?\.py(?::[A-Za-z_]\w*(?=:|$))?|[\w.]+:[A-Za-z_]\w*(?=:|$)|[^:=]+)(?::(?P<params>.*))?", re.DOTALL
)
_PARAMETER: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
_KINDS: Final = {
    "configuration": "a configuration file",
    "run": "a run",
    "strategy": "a strategy",
    "file": "a file of returns",
}


@dataclass(frozen=True)
class ArmToken:
    """An arm as it was typed: `typed` all of it, `name` what it is to be called, empty when nobody said.

    `target` is the path, the run or the strategy, `params` the parameters as ``name=value`` texts.
    """

    typed: str
    name: str
    kind: TokenKind
    target: str
    params: tuple[str, ...] = ()


def arm_token(typed: str, runs: Path) -> ArmToken:
    """Return what a word names, with `runs` as the folder of runs; raise `UsageError` for nothing and for two things.

    >>> arm_token("sma_cross:fast=10,slow=50", Path("reports")).params
    ('fast=10', 'slow=50')
    >>> arm_token("slow one=buy_and_hold", Path("reports")).name
    'slow one'
    """
    if not typed.strip():
        raise UsageError(f"an arm must be named; found an empty text; {_WAYS}")
    named = _NAMED.fullmatch(typed)
    if named is None:
        return _one(typed, "", typed, _meanings(typed, runs), runs)
    if Path(typed).exists():
        raise UsageError(
            f"{typed!r} must mean one thing; it is a file, and an arm called {named['name']!r}: write ./{typed} for "
            "the file, or rename it"
        )
    return _one(typed, named["name"].strip(), named["rest"], _meanings(named["rest"], runs), runs)


def arm_letters(count: int) -> tuple[str, ...]:
    """Return A, B, C ... for so many arms; raise `UsageError` for one, and for more than there are letters."""
    if not 2 <= count <= len(LETTERS):
        raise UsageError(
            f"an A/B test must have 2 to {len(LETTERS)} arms; found {count}: name each, or none to see an example"
        )
    return tuple(LETTERS[:count])


_WAYS: Final = (
    "an arm is CONFIG.yaml, a run id, a run's folder, latest, a strategy (sma_cross:fast=10,slow=50 or FILE.py:Class), "
    "or a .csv or .parquet file of returns, equity or trades"
)


def _one(typed: str, name: str, target: str, found: list[ArmToken], runs: Path) -> ArmToken:
    if len(found) == 1:
        one = found[0]
        return ArmToken(typed, name, one.kind, one.target, one.params)
    if found:
        kinds = " and ".join(_KINDS[one.kind] for one in found)
        raise UsageError(
            f"{target!r} must mean one thing; it is {kinds}: write {target}: with a colon behind it for the strategy, "
            f"./{target} for what lies here, or {runs / target} for the run"
        )
    if missing := half_written(target, runs):
        raise UsageError(missing)
    is_path = Path(target).suffix.lower() in (*_CONFIGS, *RETURN_FILES) or ".py" in target or "/" in target
    if is_path:
        raise UsageError(f"an arm must exist; found no {target}: check the path; {_WAYS}")
    known = [*STRATEGIES.names(), *run_names(runs), LATEST]
    raise UsageError(f"{target!r} names no arm: {_WAYS}; {did_you_mean(target.partition(':')[0], known)}")


def _meanings(target: str, runs: Path) -> list[ArmToken]:
    return [ArmToken("", "", kind, found, params) for kind, found, params in _all_meanings(target, runs)]


def _all_meanings(target: str, runs: Path) -> Iterator[tuple[TokenKind, str, tuple[str, ...]]]:
    path = Path(target).expanduser()
    if path.is_file() and path.suffix.lower() != ".py":
        yield _file(path), target, ()
    elif path.is_dir():
        _check_folder(path)
        yield "run", target, ()
    elif target == LATEST or target in _runs_meant(target, run_names(runs)):
        yield "run", target, ()
    name, _, rest = target.partition(":")
    strategy = _STRATEGY.fullmatch(target)
    if name in STRATEGIES:
        yield "strategy", name, _parameters(rest, target)
    elif strategy is not None and _is_own_strategy(strategy["spec"]):
        yield "strategy", strategy["spec"], _parameters(strategy["params"] or "", target)


def _file(path: Path) -> TokenKind:
    suffix = path.suffix.lower()
    if suffix in _CONFIGS:
        return "configuration"
    if suffix in RETURN_FILES:
        return "file"
    raise UsageError(
        f"a file must end in {', '.join((*_CONFIGS, *RETURN_FILES))} or .py, which says what it is; found {path}: "
        "rename it"
    )


def _check_folder(path: Path) -> None:
    if missing := missing_files(path):
        raise UsageError(
            f"a folder must be that of a run; {path} has no {', '.join(missing)}: name a run, or one file in it"
        )


def _runs_meant(target: str, names: Iterable[str]) -> set[str]:
    """Return the word itself where it is or begins a run, or begins the last part of one."""
    is_run = any(name.startswith(target) or f"-{target}" in name[15:] for name in names)
    return {target} if is_run else set()


def _is_own_strategy(spec: str) -> bool:
    """Whether a name is that of a user's strategy: a file that is there, or package.module:Class."""
    if ".py" in spec:
        return Path(spec.partition(".py")[0] + ".py").expanduser().is_file()
    return re.fullmatch(r"\w+(\.\w+)*:[A-Za-z_]\w*", spec) is not None


def _parameters(text: str, target: str) -> tuple[str, ...]:
    """Return the parameters of a strategy; commas within brackets belong to a value."""
    parts = [part.strip() for part in re.split(r",(?![^\[\(\{]*[\]\)\}])", text) if part.strip()]
    for part in parts:
        if _PARAMETER.fullmatch(part) is None:
            raise UsageError(
                f"parameters of a strategy must be name=value, divided by commas, as in sma_cross:fast=10,slow=50; "
                f"found {part!r} in {target!r}"
            )
    return tuple(parts)
