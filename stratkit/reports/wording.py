"""Figures as a reader sees them: percent, money, ratios; ``n/a`` where there is no number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stratkit.analytics.scorecard import Metric, Unit
from stratkit.inference.figure_words import MINUS, NO_FIGURE, plain_number

MISSING = NO_FIGURE
NO_SHARES = "no shares: the total is no profit"
_LEAST_P = 0.001  # a smaller p value is said to be below it


def percent(fraction: float, digits: int = 2, signed: bool = False) -> str:
    """Return a fraction as percent.

    >>> percent(-0.12345), percent(0.5, 0, signed=True), percent(float("nan"))
    ('−12.35%', '+50%', 'n/a')
    """
    return plain_number(fraction * 100, digits, signed, "%")


def money(amount: float, signed: bool = False) -> str:
    """Return an amount: cents below 1,000, whole units above, millions and billions shortened.

    >>> money(1234.5), money(-3.14159), money(12_345_678)
    ('1,234', '−3.14', '12.35M')
    """
    for size, suffix in ((1e12, "T"), (1e9, "B"), (1e7, "M")):
        if math.isfinite(amount) and abs(amount) >= size:
            return plain_number(amount / (1e6 if suffix == "M" else size), 2, signed, suffix)
    return plain_number(amount, 2 if abs(amount) < 1000 else 0, signed)


def cents(amount: int, signed: bool = False) -> str:
    """Return whole cents as an amount, never shortened: what a sum is checked with.

    >>> cents(-123456), cents(5, signed=True)
    ('−1,234.56', '+0.05')
    """
    whole, rest = divmod(abs(int(amount)), 100)
    return (MINUS if amount < 0 else "+" if signed and amount > 0 else "") + f"{whole:,}.{rest:02d}"


def number(value: float, digits: int = 2, signed: bool = False) -> str:
    """Return a plain figure.

    >>> number(1.005, 1), number(float("inf"))
    ('1.0', 'n/a')
    """
    return plain_number(value, digits, signed)


def capital(text: str) -> str:
    """Return text that begins with a capital letter.

    >>> capital("p value of A"), capital("")
    ('P value of A', '')
    """
    return text[:1].upper() + text[1:]


def sentence_of(text: str) -> str:
    """Return text as a sentence, with a capital letter and one full stop.

    >>> sentence_of("few periods carry the result"), sentence_of("Done.")
    ('Few periods carry the result.', 'Done.')
    """
    return capital(text).rstrip(".") + "."


def first_names(names: Sequence[str], most: int) -> str:
    """Return the first names and how many more there are.

    >>> first_names(("A", "B", "C"), 1), first_names(("A", "B"), 2)
    ('A and 2 more', 'A, B')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def p_words(p_value: float) -> str:
    """Return a p value: three decimals, never 0.

    >>> p_words(0.1824), p_words(0.0002), p_words(float("nan"))
    ('0.182', '< 0.001', 'n/a')
    """
    return "< 0.001" if p_value < _LEAST_P else number(p_value, 3)


def p_error_words(p_error: float) -> str:
    """Return the Monte Carlo error of a p value, empty where the p value is computed and not drawn.

    >>> p_error_words(0.00546), p_error_words(0.0)
    ('± 0.005', '')
    """
    if not p_error > 0:
        return ""
    return f"\N{PLUS-MINUS SIGN} {number(p_error, 3 if p_error >= _LEAST_P else 4)}"


def in_unit(value: float, unit: Unit, signed: bool = False) -> str:
    """Return a metric's value in the words of its unit.

    >>> in_unit(0.25, "fraction"), in_unit(12.0, "bars"), in_unit(1.5, "R", signed=True)
    ('25.00%', '12', '+1.50 R')
    """
    if not math.isfinite(value):
        return MISSING
    if unit == "fraction":
        return percent(value, 2 if abs(value) < 10 else 0, signed)
    if unit == "money":
        return money(value, signed)
    if unit in ("count", "bars"):
        return number(value, 0 if float(value).is_integer() else 1, signed)
    if unit == "days":
        return number(value, 0 if abs(value) >= 10 else 1, signed)
    if unit == "R":
        return number(value, 2, signed) + " R"
    return number(value, 3 if unit == "probability" else 2, signed)


def interval_text(metric: Metric) -> str:
    """Return a metric's 95 % interval, empty when it has none.

    >>> interval_text(Metric("s", "S", 1.0, "ratio", "higher", "f", 9, "g", (0.5, 1.5)))
    '0.50 to 1.50'
    """
    if metric.interval is None or not all(math.isfinite(end) for end in metric.interval):
        return ""
    low, high = metric.interval
    return f"{in_unit(low, metric.unit)} to {in_unit(high, metric.unit)}"
