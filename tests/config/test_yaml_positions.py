"""A YAML value knows its place, and YAML's traps are answered the same way each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratkit.errors import ConfigError
from stratkit.yaml_positions import Placed, from_option, load_yaml, merge, parse_setting, parse_yaml


def parsed(text: str) -> Placed:
    root = parse_yaml(text, "run.yaml")
    assert root is not None
    return root


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("ON", "ON"),
        ("off", "off"),
        ("yes", "yes"),
        ("TRUE", True),
        ("true", True),
        ("False", False),
        ("1e5", 100_000.0),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("+3", 3),
        ("010", 10),
        ("1_000", 1000),
        ("0x10", 16),
        ("2015-01-02", "2015-01-02"),
        ("2015-01-02 14:30", "2015-01-02 14:30"),
        ("12:30:00", "12:30:00"),
        ("~", None),
        ("null", None),
        ("'1'", "1"),
        ("^GSPC", "^GSPC"),
        ("=", "="),
    ],
)
def test_a_scalar_reads_as_yaml_1_2_has_it_and_a_date_stays_text(written: str, value: object) -> None:
    found = parsed(f"key: {written}").plain()["key"]
    assert (type(found), found) == (type(value), value)


def test_every_value_carries_line_and_column() -> None:
    root = parsed("a:\n  b: [1, TRUE]\n  c: x\n")
    item, whole = root.find(("a", "b", 1))
    assert (item.place, item.text, whole) == ("run.yaml:2:10", "TRUE", True)
    assert root.find(("a", "c"))[0].key_place == "run.yaml:3:3"


def test_finding_stops_at_the_deepest_value_there_is() -> None:
    item, whole = parsed("a:\n  b: 1\n").find(("a", "x", "y"))
    assert (item.place, whole) == ("run.yaml:2:3", False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 1", "run.yaml:2:1: YAML indents with spaces; found a tab"),
        ("a:\n  b: 1\n\t- c", "run.yaml:3:1: YAML indents with spaces; found a tab"),
        ("a: [1,", "run.yaml:1:7: this is not YAML: expected the node content"),
        ("a: 1\n b: 2", "run.yaml:2:3: this is not YAML: mapping values are not allowed here; check the indentation"),
        ("a: 'x", "run.yaml:1:6: this is not YAML"),
        ("a: *x", "run.yaml:1:4: this is not YAML: found undefined alias"),
        ("a: &b [*b]", "an alias must not contain itself"),
        ("a: !!python/object x", "run.yaml:1:4: a value must be plain YAML; found the tag !!python/object"),
        ("a: !x {q: 1}", "found the tag !x"),
        ("a: 1\n---\nb: 2", "one document only"),
        ("a: \x01", r"run.yaml:1:4: YAML allows no control characters; found '\\x01'"),
        ("a: .inf", "run.yaml:1:4: a number must be finite; found .inf"),
        ("a: .NaN", "run.yaml:1:4: a number must be finite; found .NaN"),
        ("b: 0\na: 1\na: 2", "run.yaml:3:1: a key must be given once; found 'a' again, first at run.yaml:2:1"),
        ("700: 2", 'run.yaml:1:1: a key must be text; found 700; quote this key: "700"'),
        ("TRUE: 2", 'quote this key: "TRUE"'),
        ("<<: 3", "'<<' must be followed by a mapping; found 3"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match="(?s)" + message.replace("[", r"\[").replace("(", r"\(").replace("*", r"\*")):
        parse_yaml(text, "run.yaml")


def test_aliases_and_merge_keys_are_followed_and_own_keys_win() -> None:
    assert parsed("x: &x {q: 1, w: 2}\ny:\n  <<: *x\n  q: 5\n").plain()["y"] == {"q": 5, "w": 2}


def test_a_later_file_wins_key_by_key_and_replaces_lists_whole() -> None:
    below = parsed("a: {x: 1, y: [1, 2]}\nb: 1")
    above = parse_yaml("a: {y: [3]}\nc: {z: 1}", "later.yaml")
    assert above is not None
    merged = merge(below, above)
    assert merged.plain() == {"a": {"x": 1, "y": [3]}, "b": 1, "c": {"z": 1}}
    assert merged.find(("a", "y"))[0].place == "later.yaml:1:8"
    assert merged.find(("a", "x"))[0].place == "run.yaml:1:8"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("a.b=5", {"a": {"b": 5}}),
        ("a=[SPX, NO]", {"a": ["SPX", "NO"]}),
        ("a={b: 1}", {"a": {"b": 1}}),
        ("a=null", {"a": None}),
        ("a=x=y", {"a": "x=y"}),
    ],
)
def test_a_setting_is_parsed_as_yaml(setting: str, value: object) -> None:
    assert parse_setting(setting).plain() == value


@pytest.mark.parametrize("setting", ["a", "=3", "a..b=1", ".a=1", "a.=1"])
def test_a_setting_without_key_or_value_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match="--set needs KEY=VALUE"):
        parse_setting(setting)


@pytest.mark.parametrize("setting", ["a=", "a= ", "a=# no"])
def test_a_setting_without_a_value_says_how_to_switch_off(setting: str) -> None:
    with pytest.raises(ConfigError, match="--set a: a value must follow the '='; found nothing; null switches"):
        parse_setting(setting)


def test_a_setting_that_is_no_yaml_names_itself() -> None:
    with pytest.raises(ConfigError, match="--set a: this is not YAML"):
        parse_setting("a=[1")


def test_an_option_stands_where_it_was_given() -> None:
    root = from_option("data.symbols", ["A"], "--symbols")
    assert root.plain() == {"data": {"symbols": ["A"]}}
    assert root.find(("data", "symbols"))[0].place == "--symbols"


def write(folder: Path, content: bytes) -> Path:
    path = folder / "run.yaml"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty; `stratkit config init`"),
        (b"# only a comment\n", "the file is empty"),
        (b"- a\n", "run.yaml:1:1: a configuration must hold `key: value` lines; found a list"),
        (b"hello\n", "must hold `key: value` lines; found 'hello'"),
        (b"a: 1\nb: caf\xe9\n", "run.yaml:2:7: a configuration must be UTF-8 text; found the byte 0xe9"),
        ("a: 1".encode("utf-16"), "run.yaml:1:1: a configuration must be UTF-8 text; found the byte 0xff"),
    ],
)
def test_a_file_that_is_no_configuration_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_yaml(write(tmp_path, content))
    assert message in str(caught.value)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    assert load_yaml(write(tmp_path, b"\xef\xbb\xbfa: 1\n")).plain() == {"a": 1}


def test_a_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, b"a: 1")
    with pytest.raises(ConfigError, match=r"must exist; found none; did you mean '.*run.yaml'\?"):
        load_yaml(tmp_path / "run.yml")


def test_a_missing_file_in_an_empty_folder_is_just_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must exist; found none$"):
        load_yaml(tmp_path / "run.yaml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a file; found a folder"):
        load_yaml(tmp_path)


def test_an_unreadable_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything, so the mode is no test
    with pytest.raises(ConfigError, match="must be readable; Permission denied"):
        load_yaml(write(tmp_path, b"a: 1"))
