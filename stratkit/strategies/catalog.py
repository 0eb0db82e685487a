"""The catalog: a strategy from its name, from a user's file or from a module.

A strategy is named in one of four ways: the name of a built-in one or of one that an installed
package adds (entry-point group ``stratkit.strategies``); ``path/to/file.py:Class``;
``path/to/file.py`` where the file defines exactly one; or ``package.module:Class``.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeGuard

from stratkit.errors import StrategyError, UsageError, did_you_mean
from stratkit.registry import Registry
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.user_code import calling
from stratkit.strategies.user_files import imported_packages, run_user_file, source_files
from stratkit.strategies.user_modules import import_user_module

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
        "formula": f"{_LIBRARY}.formula:FormulaStrategy",
        "rules_engine": f"{_LIBRARY}.rules_engine:RulesEngine",
        "mean_reversion": f"{_LIBRARY}.mean_reversion:MeanReversion",
        "volume_breakout": f"{_LIBRARY}.volume_breakout:VolumeBreakout",
        "adaptive_trend": f"{_LIBRARY}.adaptive_trend:AdaptiveTrend",
        "momentum_ignition": f"{_LIBRARY}.momentum_ignition:MomentumIgnition",
        "time_series_momentum": f"{_LIBRARY}.time_series_momentum:TimeSeriesMomentum",
        "bollinger_rsi": f"{_LIBRARY}.bollinger_rsi:BollingerRsi",
        "support_resistance": f"{_LIBRARY}.support_resistance:SupportResistance",
        "volatility_breakout": f"{_LIBRARY}.volatility_breakout:VolatilityBreakout",
        "low_volatility_range": f"{_LIBRARY}.low_volatility_range:LowVolatilityRange",
        "volume_profile_reversion": f"{_LIBRARY}.volume_profile_reversion:VolumeProfileReversion",
        "order_flow": f"{_LIBRARY}.order_flow:OrderFlow",
        "large_prints": f"{_LIBRARY}.large_prints:LargePrints",
        "cross_sectional_momentum": f"{_LIBRARY}.cross_sectional_momentum:CrossSectionalMomentum",
        "pairs": f"{_LIBRARY}.pairs:Pairs",
        "lead_lag": f"{_LIBRARY}.lead_lag:LeadLag",
        "currency_strength": f"{_LIBRARY}.currency_strength:CurrencyStrength",
        "safe_haven": f"{_LIBRARY}.safe_haven:SafeHaven",
        "volatility_risk_premium": f"{_LIBRARY}.volatility_risk_premium:VolatilityRiskPremium",
        "contrarian_sentiment": f"{_LIBRARY}.contrarian_sentiment:ContrarianSentiment",
        "sentiment_divergence": f"{_LIBRARY}.sentiment_divergence:SentimentDivergence",
        "news_momentum": f"{_LIBRARY}.news_momentum:NewsMomentum",
    },
    group="stratkit.strategies",
)


def find_strategy(spec: str) -> type[Strategy]:
    """Return the strategy class that `spec` names.

    Raises `UsageError` for an unknown name, file, module or class, `StrategyError` with file and
    line for a file or module that cannot be run.

    >>> find_strategy("sma_cross").family
    'trend'
    """
    file = re.fullmatch(r"(?P<path>.+\.py)(?::(?P<name>\w+))?", spec)
    if file is not None:
        return _from_file(Path(file["path"]).expanduser(), file["name"])
    module = re.fullmatch(r"(?P<module>\w+(?:\.\w+)*):(?P<name>\w+)", spec)
    if module is not None:
        return _named(import_user_module(module["module"]), module["name"], f"module {module['module']}")
    if spec not in STRATEGIES:
        raise UsageError(
            f"unknown strategy {spec!r} (one of your own is named path/to/file.py:Class or package.module:Class); "
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
    return build_one(find_strategy(spec), params)


def build_one(strategy_class: type[Strategy], params: Mapping[str, Any] | None = None) -> Strategy:
    """Return a strategy of a class that has been found, with `params` in the place of its defaults."""
    with calling(f"strategy {strategy_class.name!r} cannot be built", strategy_class):
        return strategy_class(**dict(params or {}))


def source_digest(strategy: Strategy) -> str | None:
    """Return the sha256 of the source of a strategy, None when it was typed in a session.

    Alone, that is the digest of its file; with modules beside it that it imports, the digest of all
    of them with their names, so that a change in any of them shows.
    """
    sources = source_digests(strategy)
    if len(sources) < 2:
        return next(iter(sources.values()), None)
    return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in sources.items()).encode()).hexdigest()


def source_digests(strategy: Strategy) -> dict[str, str]:
    """Return the sha256 of each file that a strategy is made of, by its path as seen from the first, its own."""
    files = _sources(strategy)
    return {_seen_from(files[0], file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def source_packages(strategy: Strategy) -> list[str]:
    """Return the top-level names of the installed packages that a strategy of a user's own imports."""
    is_builtin = type(strategy).__module__.startswith("stratkit.")
    files = [] if is_builtin else _sources(strategy)
    return imported_packages(files) if files else []


def _sources(strategy: Strategy) -> list[Path]:
    try:
        file = inspect.getsourcefile(type(strategy))
    except TypeError:  # a class of a module without a file
        return []
    if file is None or not Path(file).is_file():
        return []
    return source_files(Path(file).resolve(), type(strategy).__module__)


def _seen_from(first: Path, file: Path) -> str:
    folder = next(folder for folder in first.parents if file.is_relative_to(folder))
    up = "../" * first.parents.index(folder)
    return up + file.relative_to(folder).as_posix()


def _from_file(path: Path, name: str | None) -> type[Strategy]:
    if not path.is_file():
        raise UsageError(f"a strategy file must exist; found none at {path}: check the path")
    module = run_user_file(path.resolve())
    if name is not None:
        return _named(module, name, str(path))
    own = _own(module)
    if len(own) != 1:
        listed = ", ".join(own) if own else "none"
        raise UsageError(f"{path} must define exactly one strategy; found {listed}: name one as {path}:Class")
    return _named(module, own[0], str(path))


def _named(module: ModuleType, name: str, where: str) -> type[Strategy]:
    with calling(f"{where} cannot hand out {name}", file=module.__file__):
        found = getattr(module, name, None)  # which a package may make only when it is asked for
    if _is_strategy(found):
        return found
    must = f"{where} must define the strategy {name}, which"
    if _is_unfinished(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise UsageError(f"{must} has no method {missing}: write it")
    what = "is not in it" if found is None else "is not a subclass of stratkit.strategies.Strategy"
    raise UsageError(f"{must} {what}; {did_you_mean(name, _own(module))}")


def _own(module: ModuleType) -> list[str]:
    """Return the names of the strategies that a module defines itself; those without all methods when no other is."""
    classes = {key: value for key, value in vars(module).items() if inspect.isclass(value)}
    own = {key: value for key, value in classes.items() if value.__module__ == module.__name__}
    finished = [key for key, value in own.items() if _is_strategy(value)]
    return finished or [key for key, value in own.items() if _is_unfinished(value)]


def _is_strategy(value: object) -> TypeGuard[type[Strategy]]:
    return inspect.isclass(value) and issubclass(value, Strategy) and not inspect.isabstract(value)


def _is_unfinished(value: object) -> TypeGuard[type[Strategy]]:
    return inspect.isclass(value) and issubclass(value, Strategy) and inspect.isabstract(value)
