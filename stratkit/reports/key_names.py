"""`short_keys`: dotted keys of a configuration as short as they can be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.analytics.scorecard import Unit
from stratkit.reports.wording import in_unit, number
from stratkit.strategies.parameters import ParameterValue

_NAMES: Final = ("Sharpe", "Sortino", "Calmar", "Kelly", "Treynor", "Jensen's", "Ulcer", "Martin", "Omega")


def short_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return each key's last parts, as many as tell it from the others; ``params`` says nothing.

    >>> list(short_keys(["strategies.a.params.fast", "strategies.b.params.fast", "risk.cap"]).values())
    ['a.fast', 'b.fast', 'cap']
    """
    parts = {key: [part for part in key.split(".") if part != "params"] for key in keys}
    names = {}
    for key in keys:
        for length in range(1, len(parts[key]) + 1):
            name = ".".join(parts[key][-length:])
            if Counter(".".join(other[-length:]) for other in parts.values())[name] == 1:
                break
        names[key] = name
    return names


def value_words(value: ParameterValue | None) -> str:
    """Return a value as in YAML, numbers with at most 5 digits.

    >>> value_words(None), value_words(True), value_words(0.123456), value_words(1000)
    ('null', 'true', '0.12346', '1000')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def metric_label(metric: str) -> str:
    """Return the name of a metric in words.

    >>> metric_label("sharpe"), metric_label("own_metric")
    ('Sharpe ratio', 'own metric')
    """
    return DEFINITIONS[metric].label if metric in DEFINITIONS else metric.replace("_", " ")


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence.

    >>> in_sentence("Maximum drawdown"), in_sentence("CAGR"), in_sentence("Sharpe ratio")
    ('maximum drawdown', 'CAGR', 'Sharpe ratio')
    """
    first = label.split(" ", maxsplit=1)[0]
    return label if first in _NAMES or first.isupper() else label[:1].lower() + label[1:]


def metric_words(metric: str, value: float, signed: bool = False) -> str:
    """Return a metric's value in the words of its unit; more digits for a ratio, so that trials can be told apart.

    >>> metric_words("sharpe", 0.51234), metric_words("total_return", 0.5)
    ('0.512', '50.00%')
    """
    unit: Unit = DEFINITIONS[metric].unit if metric in DEFINITIONS else "ratio"
    return number(value, 3, signed) if unit == "ratio" else in_unit(value, unit, signed)


def is_fraction(metric: str) -> bool:
    """Whether a metric is shown in percent."""
    return metric in DEFINITIONS and DEFINITIONS[metric].unit == "fraction"
