"""Fill profiles: named bundles of the fill options, each of which may be set alone."""

from __future__ import annotations

from typing import Any, Final, get_args

from stratkit.engine.layout import (
    ALONG_PATH,
    GAP_AT_LEVEL,
    GAP_AT_OPEN,
    NEXT_OPEN,
    STOP_FIRST,
    TARGET_FIRST,
    THIS_CLOSE,
    TRAILING_LAST,
)
from stratkit.engine.settings import ExecutionSettings, FillProfile

PROFILE_NAMES: Final[tuple[FillProfile, ...]] = get_args(FillProfile)

_CONSERVATIVE: Final[dict[str, Any]] = {
    "intents_fill_at": "next_open",
    "gapped_stop": "open",
    "gapped_target": "open",
    "same_bar": "stop_first",
    "entry_bar_exits": True,
    "trailing_moves": "next_bar",
    "opposite_in_bar": False,
    "slippage_on_stops": True,
}
OPTIONS: Final = tuple(_CONSERVATIVE)

PROFILES: Final[dict[str, dict[str, Any]]] = {
    "conservative": _CONSERVATIVE,
    "close": {**_CONSERVATIVE, "intents_fill_at": "this_close", "opposite_in_bar": True},
    "tradingview": {**_CONSERVATIVE, "same_bar": "path", "opposite_in_bar": True},
    "vectorbt": {
        **_CONSERVATIVE,
        "intents_fill_at": "this_close",
        "entry_bar_exits": False,
        "opposite_in_bar": True,
        "slippage_on_stops": False,
    },
    "freqtrade": {
        **_CONSERVATIVE,
        "gapped_stop": "level",
        "gapped_target": "level",
        "same_bar": "trailing_last",
        "trailing_moves": "before_test",
        "opposite_in_bar": True,
        "slippage_on_stops": False,
    },
}

_CODES: Final[dict[str, dict[Any, int]]] = {
    "intents_fill_at": {"next_open": NEXT_OPEN, "this_close": THIS_CLOSE},
    "gapped_stop": {"open": GAP_AT_OPEN, "level": GAP_AT_LEVEL},
    "gapped_target": {"open": GAP_AT_OPEN, "level": GAP_AT_LEVEL},
    "same_bar": {
        "stop_first": STOP_FIRST,
        "target_first": TARGET_FIRST,
        "path": ALONG_PATH,
        "trailing_last": TRAILING_LAST,
    },
    "entry_bar_exits": {False: 0, True: 1},
    "trailing_moves": {"next_bar": 0, "before_test": 1},
    "opposite_in_bar": {False: 0, True: 1},
    "slippage_on_stops": {False: 0, True: 1},
}


def fill_options(execution: ExecutionSettings) -> dict[str, Any]:
    """Return every fill option of a run: the profile's, or the one that was set alone.

    >>> fill_options(ExecutionSettings(profile="close", same_bar="path"))["same_bar"]
    'path'
    """
    profile = PROFILES[execution.profile]
    given = {name: getattr(execution, name) for name in OPTIONS}
    return {name: profile[name] if given[name] is None else given[name] for name in OPTIONS}


def overrides(execution: ExecutionSettings) -> dict[str, Any]:
    """Return the options in which a run differs from its profile.

    >>> overrides(ExecutionSettings(profile="close", same_bar="path", slippage_on_stops=True))
    {'same_bar': 'path'}
    """
    profile = PROFILES[execution.profile]
    return {name: value for name, value in fill_options(execution).items() if value != profile[name]}


def profile_label(execution: ExecutionSettings) -> str:
    """Return the name that stands beside every result: the profile, and what differs from it.

    >>> profile_label(ExecutionSettings(profile="close", same_bar="path"))
    'close, same_bar=path'
    """
    return ", ".join([execution.profile, *override_labels(execution)])


def override_labels(execution: ExecutionSettings) -> tuple[str, ...]:
    """Return what differs from the profile, each as `option=value`.

    >>> override_labels(ExecutionSettings(entry_bar_exits=False))
    ('entry_bar_exits=no',)
    """
    return tuple(_label(name, value) for name, value in overrides(execution).items())


def given_labels(execution: ExecutionSettings) -> tuple[str, ...]:
    """Return the options that were set alone, which hold whatever the profile is, each as `option=value`.

    >>> given_labels(ExecutionSettings(gapped_stop="open"))
    ('gapped_stop=open',)
    """
    given = {name: getattr(execution, name) for name in OPTIONS}
    return tuple(_label(name, value) for name, value in given.items() if value is not None)


def trades_at_next_open(execution: ExecutionSettings) -> bool:
    """Return whether intents fill at the open of the bar after the one that decided them."""
    return bool(fill_options(execution)["intents_fill_at"] == "next_open")


def is_optimistic(execution: ExecutionSettings) -> bool:
    """Return whether intents fill at the close that decided them, which nobody could have traded."""
    return not trades_at_next_open(execution)


def fill_codes(execution: ExecutionSettings) -> dict[str, int]:
    """Return the fill options under the names of `RULES_DTYPE`, as the codes that the kernel reads."""
    codes = {name: _CODES[name][value] for name, value in fill_options(execution).items()}
    codes["trailing_first"] = codes.pop("trailing_moves")
    return codes


def _label(name: str, value: Any) -> str:
    word = ("yes" if value else "no") if isinstance(value, bool) else value
    return f"{name}={word}"
