"""What is written as YAML reads back as the same values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stratkit.yaml_positions import parse_yaml
from stratkit.yaml_text import yaml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.sampled_from(
    [
        "NO",
        "on",
        "null",
        "~",
        "1e5",
        "0700",
        "2015-01-01",
        "a: b",
        "- a",
        "#x",
        "x #y",
        "TRUE",
        "",
        "\u2028x",
        "\x85",
        "\ufeff",
        "a\nb",
        " a ",
        "\x7f",
    ]
)
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | WORDS
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | WORDS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_written_values_read_back_the_same(values: dict[str, object]) -> None:
    root = parse_yaml(yaml_text(values), "out.yaml")
    assert root is not None
    assert root.plain() == values


def test_a_comment_stands_beside_a_key_and_above_a_block_or_a_long_line() -> None:
    remarks = {("a",): "the block", ("a", "b"): "short", ("a", "c"): "long " * 20}
    lines = yaml_text({"a": {"b": 1, "c": 2}}, lambda path: remarks.get(path, "").strip()).splitlines()
    assert lines[:3] == ["# the block", "a:", "  b: 1                                  # short"]
    assert lines[-1] == "  c: 2"
    assert all(len(line) <= 110 for line in lines)


def test_comments_do_not_change_what_is_read() -> None:
    values = {"a": {"b": [1, "x"], "c": None}, "d": {}}
    root = parse_yaml(yaml_text(values, lambda path: "# remark: " + ".".join(path)), "out.yaml")
    assert root is not None
    assert root.plain() == values
