"""`from_environment`: the environment variables of the selector and of regimes as keys of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, Final, NamedTuple

from stratkit.errors import ConfigError

SELECTOR: Final = "meta_strategy"
REGIMES: Final = "regimes"
_ENABLED: Final = "META_STRATEGY_ENABLED"
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


class FromVariable(NamedTuple):
    """A dotted key of a configuration, the value that a variable gives it, and that variable."""

    key: str
    value: str | float
    variable: str


def from_environment(variables: Mapping[str, str], blocks: Container[str]) -> tuple[FromVariable, ...]:
    """Return what variables say of a configuration that has these `blocks`; an empty variable says nothing.

    `META_STRATEGY_ENABLED`, `META_STRATEGY_EPSILON`, `META_STRATEGY_ALPHA`, `DEFAULT_STRATEGY` (a profile) go to
    `meta_strategy`; `REGIME_TREND_ADX_THRESHOLD` and `REGIME_HIGH_VOL_ATR_PCT`, a fraction of price (0.04 is 4 %) from
    which a range is a wild one, to `regimes.rules`; high volatility then begins at 1.5 times that, as 6 % to 4 %.
    A figure switches nothing on: those of a block that is not there are left out, and only `META_STRATEGY_ENABLED`
    makes one. Raises `ConfigError` for a value that is none.

    >>> from_environment({"META_STRATEGY_EPSILON": "0.05", "HOME": "x"}, ("meta_strategy",))
    (FromVariable(key='meta_strategy.epsilon', value=0.05, variable='META_STRATEGY_EPSILON'),)
    >>> from_environment({"META_STRATEGY_EPSILON": "0.05"}, ())
    ()
    """
    given = {name: variables[name].strip() for name in VARIABLES if variables.get(name, "").strip()}
    there = {SELECTOR: SELECTOR in blocks or _switch(_ENABLED, given.get(_ENABLED, "no")), REGIMES: REGIMES in blocks}
    return tuple(
        FromVariable(key, _scaled(read(name, given[name]), factor), name)
        for name, (keys, read) in VARIABLES.items()
        for key, factor in keys.items()
        if name in given and there[key.partition(".")[0]]
    )


def variables_in(plain: Mapping[str, Any], variables: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that hold in a whole configuration, given as plain values."""
    blocks = [name for name in (SELECTOR, REGIMES) if plain.get(name) is not None]
    said: dict[str, bool] = {}
    for key, value, variable in from_environment(variables, blocks):
        said[variable] = said.get(variable, True) and _at(plain, key) == value
    return [variable for variable, holds in said.items() if holds]


def _at(plain: Any, key: str) -> Any:
    for step in key.split("."):
        plain = plain.get(step) if isinstance(plain, Mapping) else None
    return plain


def _scaled(value: str | float, factor: float) -> str | float:
    return value if isinstance(value, str | bool) else value * factor


def _switch(variable: str, text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ConfigError(f"{variable}: must be true or false; found {text!r}: set it to one of them, or unset it")
    return _WORDS[text.lower()]


def _number(variable: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{variable}: must be a number; found {text!r}: set it to one, or unset it") from None


def _fraction(variable: str, text: str) -> float:
    value = _number(variable, text)
    if not 0 < value < 1:
        raise ConfigError(f"{variable}: must be a fraction of price between 0 and 1, such as 0.04; found {text!r}")
    return value


def _name(_variable: str, text: str) -> str:
    return text


# the keys of a variable with what its number is multiplied by there, and how it is read
VARIABLES: Final[Mapping[str, tuple[Mapping[str, float], Callable[[str, str], str | float]]]] = {
    _ENABLED: ({f"{SELECTOR}.enabled": 1.0}, _switch),
    "META_STRATEGY_EPSILON": ({f"{SELECTOR}.epsilon": 1.0}, _number),
    "META_STRATEGY_ALPHA": ({f"{SELECTOR}.alpha": 1.0}, _number),
    "DEFAULT_STRATEGY": ({f"{SELECTOR}.default": 1.0}, _name),
    "REGIME_TREND_ADX_THRESHOLD": ({f"{REGIMES}.rules.trend_adx": 1.0}, _number),
    "REGIME_HIGH_VOL_ATR_PCT": (
        {
            f"{REGIMES}.rules.range_vol_atr_pct": _PERCENT,
            f"{REGIMES}.rules.high_vol_atr_pct": _PERCENT * _WILD_OVER_HIGH,
        },
        _fraction,
    ),
}
