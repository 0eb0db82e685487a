"""What is no formula is refused before anything runs: with a column, what is allowed, and exit code 2."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.features.formula import parse_formula
from stratkit.features.formula_parsing import parse_term
from stratkit.features.formula_terms import Term, parts
from stratkit.features.formula_text import MAX_CHARACTERS, MAX_DEPTH, MAX_PARTS, FormulaText
from stratkit.features.source import IndicatorSource
from stratkit.testing import sample_bars

ATTACKS = {
    "attribute of a price": "close.__class__",
    "dunder of a number": "(1).__class__",
    "chain to all classes": "().__class__.__bases__[0].__subclasses__()",
    "globals of an indicator": "sma.__globals__",
    "globals behind a call": "sma(20).__globals__",
    "attribute behind an output": "macd().line.base",
    "dunder output": "macd().__class__",
    "import": "__import__('os').system('true')",
    "builtins": "__builtins__",
    "eval": "eval('1')",
    "open a file": "open('/etc/passwd')",
    "getattr": "getattr(close, 'base')",
    "type": "type(close)",
    "lambda": "(lambda: close)()",
    "list comprehension": "[x for x in close]",
    "generator": "sum(x for x in close)",
    "set": "{close}",
    "dict": "{'a': close}",
    "walrus": "(x := close)",
    "f-string": "f'{close}'",
    "f-string in a timeframe": "rsi(14, timeframe=f'{1}d')",
    "string": "'close'",
    "bytes": "b'close'",
    "string as a parameter": "rsi('14')",
    "string times a number": "'a' * 1000000000",
    "joined strings": "sma(20, timeframe='1' + 'd')",
    "subscript": "close[-1]",
    "slice": "close[0:3]",
    "conditional": "close if close > 1 else open",
    "await": "await close",
    "yield": "(yield close)",
    "assignment": "close = 1",
    "two statements": "close; open",
    "two lines": "close\nopen",
    "decorated": "@close",
    "del": "del close",
    "star": "sma(*close)",
    "double star": "sma(**close)",
    "call of a call": "sma(20)(20)",
    "call of a method": "close.mean()",
    "none": "None",
    "true": "True",
    "ellipsis": "...",
    "complex number": "1j",
    "infinity": "1e999",
    "huge power": "9 ** 9 ** 9",
    "huge power of prices": "sma(9 ** 9 ** 9)",
    "huge power, signed": "-(9.0 ** 9 ** 9 ** 9)",
    "huge number": "9" * 1900,
    "huge hexadecimal number": "0x" + "f" * 1900,
    "shift": "1 << 1000000000",
    "bitwise and": "(close > 1) & (open > 1)",
    "inversion": "~close",
    "remainder": "close % 2",
    "floor": "close // 2",
    "matrix product": "close @ close",
    "is": "close is open",
    "in": "close in open",
    "wide letters that Python reads as close": "ｃｌｏｓｅ",
    "mathematical letters that Python reads as close": "𝒸𝓁ℴ𝓈ℯ",
    "cyrillic letters that look like close": "сlоsе",
    "wide underscores": "close.＿＿class＿＿",
    "text that runs backwards": "close \u202e> 1",
    "zero-width": "cl\u200bose",
    "digits of another alphabet": "sma(٢٠)",
    "no-break space": "close\u00a0> 1",
    "null": "close\0",
    "escape": "close\x1b[31m",
    "comment": "close # > 1",
    "continued line": "close \\\n> 1",
    "too many brackets for Python": "(" * 900 + "close" + ")" * 900,
    "open brackets": "(" * 1900,
    "many signs": "-" * 1900 + "1",
    "many nots": "not " * 400 + "close > 1",
    "nested calls": "abs(" * 120 + "close" + ")" * 120,
    "long sum": "+".join(["close"] * 300),
    "wide call": f"max({', '.join(['1'] * 600)})",
    "very long text": "close + " * 100_000 + "close",
    "nothing": "",
    "blank": " \n\t ",
    "half a formula": "close >",
    "unclosed": "sma(20",
    "no operator": "close open",
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_is_not_named_in_the_language_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_formula(text)
    assert caught.value.exit_code == 2
    message = str(caught.value)
    assert message.startswith("a formula ")
    assert len(message) < 2_000  # with all known names where none is near, but never with all of the text
    if text.strip():
        assert re.search(r"; found .* at column \d+ of ", message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "close > smaa(200)",
            "a formula must call known names; found smaa at column 9 of 'close > smaa(200)': did you mean 'sma'?",
        ),
        (
            "cloze > 3",
            "a formula must use known names; found cloze at column 1 of 'cloze > 3': did you mean 'close'?",
        ),
        ("3 > sentimnet", "found sentimnet at column 5 of '3 > sentimnet': did you mean 'sentiment'?"),
        (
            "close > sma",
            "a formula calls indicators and functions; found sma at column 9 of 'close > sma': write sma(...)",
        ),
        ("close(1) > 3", "write close without brackets; lag(close, 1) is its value one bar ago"),
        (
            "rsi(window=14)",
            "a formula must give an indicator the parameters that it has; found rsi(window=14) at column 1 of "
            "'rsi(window=14)': indicator 'rsi' takes window_bars; found: got an unexpected keyword argument 'window'",
        ),
        (
            "macd(12, 26, 9, 4).line",
            "indicator 'macd' takes fast_bars, slow_bars, signal_bars; found: too many positional",
        ),
        ("sma()", "indicator 'sma' takes window_bars; found: missing a required argument: 'window_bars'"),
        ("sma(20, window_bars=30)", "indicator 'sma' takes window_bars; found: multiple values for argument"),
        ("1 + sma(2.5)", "must give window_bars as a whole number up to 100000; found 2.5 at column 9"),
        ("sma(100001)", "must give window_bars as a whole number up to 100000; found 100001 at column 5"),
        ("sma(0)", "window_bars must be a whole number of bars from 1 up; found 0"),
        ("macd(26, 12).line", "fast_bars must be below slow_bars; found 26 and 12"),
        ("bollinger(20, -1).mid", "deviations must be above 0; found -1.0"),
        ("sma(close)", "must give the parameters of an indicator as numbers; found close at column 5"),
        (
            "macd() > 0",
            "a formula must say which output of an indicator it reads; found macd() at column 1 of 'macd() > 0': "
            "write one of macd(...).line, macd(...).signal, macd(...).histogram",
        ),
        ("macd().histogramm", "must name an output that there is; found macd().histogramm at column 1 of "),
        ("macd().histogramm", ": did you mean 'histogram'?"),
        ("rsi(14).value", "takes rsi as it is, for it has one output; found rsi(14).value at column 1 of "),
        ("sma(20, on=(close, open))", "gives sma what it is computed of; found 2 at column 1 of "),
        ("atr(20, on=close)", "found 1 at column 1 of 'atr(20, on=close)': give on= 3: as a rule high, low, close"),
        (
            "rsi(14, timeframe=1)",
            "gives a timeframe as text; found 1 at column 19 of 'rsi(14, timeframe=1)': write it as",
        ),
        (
            "rsi(14, timeframe='day')",
            "a frequency must be a count and one of s, min, h, d, w, mo, such as 5min; found 'day'",
        ),
        (
            "sma(9, on=sentiment, timeframe='1w')",
            "has a given name on the bars of the run only; found sma(9, on=sentiment",
        ),
        (
            "lag(close, -1)",
            "a formula must give lag a number of bars that have been; found -1 at column 12 of 'lag(close, -1)': "
            "write a whole number from 0 to 10000000: it may not look ahead",
        ),
        ("change(close, 0 - 3)", "must give change a number of bars that have been; found 0 - 3 at column 15"),
        ("lag(close, 1e300)", "must give lag a number of bars that have been; found 1e300"),
        ("lag(close, 1.5)", "must give lag a number of bars that have been; found 1.5"),
        ("lag(close, sma(2))", "must give lag a number of bars that have been; found sma(2)"),
        ("lag(close)", "gives lag a value and a number of bars; found lag(close) at column 1 of"),
        ("abs(close, 1)", "gives abs 1 operands; found 2 at column 1 of 'abs(close, 1)'"),
        ("max(close)", "gives max 2 or more operands; found 1"),
        (
            "where(close, 1, 2)",
            "takes conditions for where; found close at column 7 of 'where(close, 1, 2)': compare it",
        ),
        ("close > 3 and open", "takes conditions for and; found open at column 15 of 'close > 3 and open': compare it"),
        ("not rsi(14)", "takes conditions for not; found rsi(14) at column 5"),
        ("abs(x=close)", "gives abs its operands in their order; found x=close at column 5"),
        ("close % 2", "may calculate with + - * / **; found close % 2 at column 1 of 'close % 2': use those"),
        ("(close > 1) & (open > 1)", "may calculate with + - * / **; found (close > 1) & (open > 1) at column 1"),
        ("close is open", "may compare with < <= > >= == !=; found close is open at column 1"),
        ("close[-1]", ": lag(close, 1) is the close one bar ago"),
        ("close if open > 1 else 2", ": write where(condition, a, b)"),
        ("1 / 0", "must be made of finite numbers; found 1 / 0 at column 1"),
        ("log(0) < close", "must be made of finite numbers; found log(0) at column 1"),
        ("(-8) ** 0.5", "must be made of finite numbers"),
        ("close > \u200b3", "a formula is plain ASCII; found '\\u200b' at column 9 of "),
        ("", "a formula must hold something, such as 'close > sma(200)'; found ''"),
    ],
)
def test_a_refusal_says_where_what_and_what_instead(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_formula(text, names=["sentiment"])
    assert message in str(caught.value)


TOKENS = [
    *(
        "close",
        "volume",
        "sma",
        "macd",
        "rsi",
        "where",
        "lag",
        "crosses_above",
        "line",
        "on",
        "timeframe",
        "x",
        "lambda",
    ),
    *(
        "if",
        "else",
        "for",
        "in",
        "is",
        "not",
        "and",
        "or",
        "await",
        "yield",
        "None",
        "True",
        "__class__",
        "import",
        "print",
    ),
    *(
        "1",
        "2.5",
        "20",
        "1e9",
        "0x1f",
        "1j",
        "9**9**9",
        "'1d'",
        "'",
        '"',
        "f'{",
        "}",
        "b''",
        "(",
        ")",
        "(",
        ")",
        "[",
        "]",
    ),
    *("{", ",", ".", "=", "==", "<", ">", "+", "-", "*", "**", "/", "//", "%", "@", "&", "|", "~", ":=", ":", ";", "#"),
    *("\\", "\n", "\t", " ", " ", "é", "\0", "...", "_"),
]


@given(text=st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TOKENS), max_size=30).map("".join)))
@settings(max_examples=400)
def test_any_text_is_a_formula_or_refused_in_words(text: str) -> None:
    try:
        formula = parse_formula(text, names=["x"])
    except UsageError as error:
        assert str(error).startswith("a formula ")  # noqa: PT017  any other exception is the failure that is looked for
    else:
        assert formula.text == text


def size(term: Term) -> int:
    return 1 + sum(map(size, parts(term)))


@pytest.mark.parametrize(
    ("before", "behind"),
    [("change(", ", 1)"), ("(1 < ", " < 2)"), ("lag(", ", 1)"), ("where(close > 1, ", ", 2)"), ("max(1, ", ")")],
)
def test_a_formula_is_no_larger_than_its_text(before: str, behind: str) -> None:
    """Nesting doubles nothing: at 40 levels that would be a billion terms."""
    few, many = (parse_term(FormulaText(before * levels + "close" + behind * levels), ()) for levels in (5, 10))
    assert size(many) - size(few) == size(few) - 1
    text = before * 40 + "close" + behind * 40
    source = IndicatorSource(sample_bars(60))
    assert parse_formula(text).compute(source).shape == source.bars.shape


def nested(levels: int) -> str:
    """A formula whose tree is that many levels deep: calls, then the price and what says that it is read."""
    return "abs(" * (levels - 2) + "close" + ")" * (levels - 2)


def test_the_limits_are_where_they_say() -> None:
    parse_formula("close".ljust(MAX_CHARACTERS))
    with pytest.raises(
        UsageError, match=f"may have {MAX_CHARACTERS} characters; found {MAX_CHARACTERS + 1} at column 1"
    ):
        parse_formula("close".ljust(MAX_CHARACTERS + 1))
    parse_formula(nested(MAX_DEPTH))
    with pytest.raises(UsageError, match=f"may be {MAX_DEPTH} levels deep; found more at column 1"):
        parse_formula(nested(MAX_DEPTH + 1))
    numbers = MAX_PARTS - 3  # the call, its name, and that it is read
    parse_formula(f"max({','.join(['1'] * numbers)})")
    with pytest.raises(UsageError, match=f"may have {MAX_PARTS} parts; found more at column 1"):
        parse_formula(f"max({','.join(['1'] * (numbers + 1))})")
