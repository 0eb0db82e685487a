"""What an arm is, from one word: each kind, a name before it, and words that could mean two things."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratkit.errors import UsageError
from stratkit.research.ab_arms import ArmToken, arm_letters, arm_token
from stratkit.runs.find import ESSENTIAL

RUN = "20260102-030405-abc123"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a configuration, files, a strategy file and one run."""
    monkeypatch.chdir(tmp_path)
    for name in ("one.yaml", "two.yml", "r.csv", "r.parquet", "own.py", "notes.txt"):
        Path(name).write_text("")
    Path("reports", RUN).mkdir(parents=True)
    for name in ESSENTIAL:
        Path("reports", RUN, name).write_text("{}")
    return tmp_path


CASES = {
    "one.yaml": ("configuration", "one.yaml", ()),
    "two.yml": ("configuration", "two.yml", ()),
    "r.csv": ("file", "r.csv", ()),
    "./r.parquet": ("file", "./r.parquet", ()),
    RUN: ("run", RUN, ()),
    RUN[:12]: ("run", RUN[:12], ()),
    "abc1": ("run", "abc1", ()),
    "latest": ("run", "latest", ()),
    f"reports/{RUN}": ("run", f"reports/{RUN}", ()),
    "sma_cross": ("strategy", "sma_cross", ()),
    "sma_cross:": ("strategy", "sma_cross", ()),
    "sma_cross:fast=10, slow=50": ("strategy", "sma_cross", ("fast=10", "slow=50")),
    "formula:rules=[a, b],x=1": ("strategy", "formula", ("rules=[a, b]", "x=1")),
    "own.py": ("strategy", "own.py", ()),
    "own.py:Own": ("strategy", "own.py:Own", ()),
    "own.py:Own:fast=3": ("strategy", "own.py:Own", ("fast=3",)),
    "own.py:fast=3": ("strategy", "own.py", ("fast=3",)),
    "package.module:Own": ("strategy", "package.module:Own", ()),
    "package.module:Own:fast=3": ("strategy", "package.module:Own", ("fast=3",)),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("typed", "meant"), CASES.items(), ids=CASES)
def test_a_word_means_one_thing(typed: str, meant: tuple[str, str, tuple[str, ...]]) -> None:
    token = arm_token(typed, Path("reports"))
    assert (token.kind, token.target, token.params) == meant
    assert (token.name, token.typed) == ("", typed)


@pytest.mark.usefixtures("folder")
def test_a_name_stands_before_an_equals_sign_and_parameters_hold_more() -> None:
    token = arm_token("slow one=sma_cross:fast=10", Path("reports"))
    assert token == ArmToken("slow one=sma_cross:fast=10", "slow one", "strategy", "sma_cross", ("fast=10",))


def test_a_word_that_means_two_things_is_refused_with_how_to_say_which(folder: Path) -> None:
    other = folder / "sma_cross"
    other.mkdir()
    for name in ESSENTIAL:
        (other / name).write_text("{}")
    said = r"'sma_cross' must mean one thing; it is a run and a strategy: write sma_cross: with a colon"
    with pytest.raises(UsageError, match=said):
        arm_token("sma_cross", Path("reports"))
    assert arm_token("sma_cross:", Path("reports")).kind == "strategy"
    assert arm_token("./sma_cross", Path("reports")).kind == "run"


def test_a_file_with_an_equals_sign_in_its_name_is_refused_too(folder: Path) -> None:
    (folder / "x=r.csv").write_text("")
    with pytest.raises(UsageError, match=r"it is a file, and an arm called 'x': write ./x=r.csv"):
        arm_token("x=r.csv", Path("reports"))
    assert arm_token("./x=r.csv", Path("reports")).kind == "file"


REFUSED = {
    "": "an arm must be named",
    "none.csv": "an arm must exist; found no none.csv",
    "none.py:Own": "an arm must exist",
    "sma_cros": "names no arm: .* did you mean 'sma_cross'",
    "sma_cross:fast": "parameters of a strategy must be name=value.*found 'fast'",
    "sma_cross:fast=1,slow": "found 'slow'",
    "notes.txt": "a file must end in .yaml, .yml, .csv, .parquet or .py",
    "reports": "a folder must be that of a run; reports has no manifest.json",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("typed", "said"), REFUSED.items(), ids=[key or "nothing" for key in REFUSED])
def test_a_word_that_means_nothing_is_refused(typed: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        arm_token(typed, Path("reports"))


def test_a_run_that_is_being_written_is_said_to_be(folder: Path) -> None:
    (folder / "reports" / ".20270101-000000-fffff.partial").mkdir()
    with pytest.raises(UsageError, match="only half-written"):
        arm_token("20270101-000000-fffff", Path("reports"))


def test_two_arms_are_the_least() -> None:
    assert arm_letters(3) == ("A", "B", "C")
    with pytest.raises(UsageError, match="2 to 26 arms; found 1"):
        arm_letters(1)
