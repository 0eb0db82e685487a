"""The catalog: a strategy from its name or from a user's file.

A strategy is named in one of three ways: the name of a built-in one or of one that an installed
package adds (entry-point group ``stratkit.strategies``); ``path/to/file.py:Class``; or
``path/to/file.py`` where the file defines exactly one.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeGuard

from stratkit.errors import StrategyError, UsageError, did_you_mean
from stratkit.registry import Registry
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.user_code import calling

_LIBRARY: Final = "stratkit.strategies.library"

STRATEGIES: Final[Registry[type[Strategy]]] = Registry(
    "strategy",
    {
        "buy_and_hold": f"{_LIBRARY}.buy_and_hold:BuyAndHold",
        "sma_cross": f"{_LIBRARY}.sma_cross:SmaCross",
        "macd_trend": f"{_LIBRARY}.macd_trend:MacdTrend",
        "rsi_reversion": f"{_LIBRARY}.rsi_reversion:RsiReversion",
        "bollinger_reversion": f"{_LIBRARY}.bollinger_reversion:BollingerReversion",
        "donchian_breakout": f"{_LIBRARY}.donchian_breakout:DonchianBreakout",
        "momentum_rotation": f"{_LIBRARY}.momentum_rotation:MomentumRotation",
    },
    group="stratkit.strategies",
)


def find_strategy(spec: str) -> type[Strategy]:
    """Return the strategy class that `spec` names.

    Raises `UsageError` for an unknown name, file or class, `StrategyError` with file and line for
    a file that cannot be run.

    >>> find_strategy("sma_cross").family
    'trend'
    """
    file = re.fullmatch(r"(?P<path>.+\.py)(?::(?P<name>\w+))?", spec)
    if file is not None:
        return _from_file(Path(file["path"]).expanduser(), file["name"])
    if spec not in STRATEGIES:
        raise UsageError(
            f"unknown strategy {spec!r} (one of your own is named path/to/file.py:Class); "
            f"{did_you_mean(spec, STRATEGIES.names())}"
        )
    with calling(f"strategy {spec!r} cannot be loaded"):
        found = STRATEGIES.get(spec)
    if not _is_strategy(found):
        raise StrategyError(f"strategy {spec!r} must be a subclass of stratkit.strategies.Strategy; found {found!r}")
    return found


def build_strategy(spec: str, params: Mapping[str, Any] | None = None) -> Strategy:
    """Return the strategy that `spec` names, with `params` in the place of its defaults.

    >>> build_strategy("sma_cross", {"fast": 10, "slow": 30})
    SmaCross(fast=10, slow=30, direction='both')
    """
    strategy_class = find_strategy(spec)
    with calling(f"strategy {strategy_class.name!r} cannot be built", strategy_class):
        return strategy_class(**dict(params or {}))


def source_digest(strategy: Strategy) -> str | None:
    """Return the sha256 of the file that a strategy is written in, None when it was typed in a session."""
    try:
        file = inspect.getsourcefile(type(strategy))
    except TypeError:  # a class of a module without a file
        return None
    if file is None or not Path(file).is_file():
        return None
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _from_file(path: Path, name: str | None) -> type[Strategy]:
    if not path.is_file():
        raise UsageError(f"a strategy file must exist; found none at {path}: check the path")
    module = _run_file(path.resolve())
    found = {key: value for key, value in vars(module).items() if _is_strategy(value)}
    own = {key: value for key, value in found.items() if value.__module__ == module.__name__}
    if name is not None:
        if name not in found:
            what = "is not a subclass of stratkit.strategies.Strategy" if hasattr(module, name) else "is not in it"
            raise UsageError(f"{path} must define the strategy {name}, which {what}; {did_you_mean(name, own)}")
        return found[name]
    if len(own) != 1:
        listed = ", ".join(own) if own else "none"
        raise UsageError(f"{path} must define exactly one strategy; found {listed}: name one as {path}:Class")
    return next(iter(own.values()))


def _run_file(path: Path) -> ModuleType:
    """Run a user's file as a module of its own; the same file and content is run once."""
    digest = hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:16]
    name = f"stratkit_user_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} must be a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # before it runs: pydantic and dataclasses look their module up
    try:
        with calling(f"{path} cannot be run", file=str(path)):
            spec.loader.exec_module(module)
    except StrategyError:
        del sys.modules[name]
        raise
    return module


def _is_strategy(value: object) -> TypeGuard[type[Strategy]]:
    return inspect.isclass(value) and issubclass(value, Strategy) and not inspect.isabstract(value)
