"""`from_environment`: the environment variables of the selector as keys of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stratkit.errors import ConfigError

_WORDS: Final = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
_PERCENT: Final = 100.0
_WILD_OVER_HIGH: Final = 1.5  # 6 % and 4 %: the two thresholds of ATR/price keep their ratio


def from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the part of a configuration that variables set; empty where none of them is there.

    `META_STRATEGY_ENABLED`, `META_STRATEGY_EPSILON`, `META_STRATEGY_ALPHA`, `DEFAULT_STRATEGY` (a profile) go to
    `meta_strategy`; `REGIME_TREND_ADX_THRESHOLD` and `REGIME_HIGH_VOL_ATR_PCT`, a fraction of price (0.04 is 4 %) from
    which a range is a wild one, to `regimes.rules`; high volatility then begins at 1.5 times that, as 6 % to 4 %.
    Raises `ConfigError` for a value that is none.

    >>> from_environment({"META_STRATEGY_EPSILON": "0.05", "REGIME_HIGH_VOL_ATR_PCT": "0.02", "HOME": "x"})
    {'meta_strategy': {'epsilon': 0.05}, 'regimes': {'rules': {'range_vol_atr_pct': 2.0, 'high_vol_atr_pct': 3.0}}}
    """
    selector: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    for variable, (key, read) in _SELECTOR.items():
        if variables.get(variable, "").strip():
            selector[key] = read(variable, variables[variable].strip())
    for variable, keys in _RULES.items():
        if variables.get(variable, "").strip():
            value = _number(variable, variables[variable].strip())
            rules |= {key: value * factor for key, factor in keys.items()}
    found: dict[str, Any] = {"meta_strategy": selector} if selector else {}
    return found | ({"regimes": {"rules": rules}} if rules else {})


def _switch(variable: str, text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ConfigError(f"{variable} must be true or false; found {text!r}: set it to one of them, or unset it")
    return _WORDS[text.lower()]


def _number(variable: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{variable} must be a number; found {text!r}: set it to one, or unset it") from None


def _name(variable: str, text: str) -> str:
    return text


_SELECTOR: Final[Mapping[str, tuple[str, Callable[[str, str], Any]]]] = {
    "META_STRATEGY_ENABLED": ("enabled", _switch),
    "META_STRATEGY_EPSILON": ("epsilon", _number),
    "META_STRATEGY_ALPHA": ("alpha", _number),
    "DEFAULT_STRATEGY": ("default", _name),
}
_RULES: Final[Mapping[str, Mapping[str, float]]] = {
    "REGIME_TREND_ADX_THRESHOLD": {"trend_adx": 1.0},
    "REGIME_HIGH_VOL_ATR_PCT": {"range_vol_atr_pct": _PERCENT, "high_vol_atr_pct": _PERCENT * _WILD_OVER_HIGH},
}
