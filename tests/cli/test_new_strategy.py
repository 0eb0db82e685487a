"""`stratkit strategies new` writes a strategy and its test, which pass and run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import COMMAND, ENVIRONMENT, Stratkit

from stratkit.cli.new_files import write_new_files
from stratkit.errors import OutputError
from stratkit.strategies.catalog import STRATEGIES, find_strategy
from stratkit.strategies.templates import strategy_files

PYTEST = (sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def ran(command: tuple[str, ...], folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("options", [(), ("--per-bar",)], ids=["vectorized", "per_bar"])
def test_in_an_empty_folder_the_new_test_passes_and_the_strategy_runs(options: tuple[str, ...], tmp_path: Path) -> None:
    ran((*COMMAND, "strategies", "new", "demo", *options), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.py", "test_demo.py"]
    assert "10 passed" in ran((*PYTEST, "test_demo.py"), tmp_path).stdout
    done = ran((*COMMAND, "backtest", "--strategy", "demo.py", "--no-report"), tmp_path)
    assert done.stdout.startswith("demo on SP500\nparameters  window 50\n")
    assert "warning     no trade" not in done.stdout


def test_the_new_test_fails_when_the_strategy_is_turned_around(tmp_path: Path) -> None:
    ran((*COMMAND, "strategies", "new", "demo"), tmp_path)
    path = tmp_path / "demo.py"
    path.write_text(path.read_text("utf-8").replace("long=close > average", "long=close < average"), "utf-8")
    assert "1 failed, 9 passed" in ran((*PYTEST, "test_demo.py"), tmp_path, code=1).stdout


def test_it_says_what_to_do_next_and_nothing_when_quiet(stratkit: Stratkit) -> None:
    done = stratkit("strategies", "new", "dip_buyer")
    assert (done.code, done.out) == (0, "wrote dip_buyer.py and test_dip_buyer.py\n")
    assert done.err == ("test it:  pytest test_dip_buyer.py\nrun it:   stratkit backtest --strategy dip_buyer.py\n")
    assert find_strategy("dip_buyer.py:DipBuyer").name == "dip_buyer"
    assert stratkit("strategies", "new", "other", "--quiet").err == ""


def test_dir_says_where_to_write_and_is_made(stratkit: Stratkit, tmp_path: Path) -> None:
    done = stratkit("strategies", "new", "dip", "--dir", "my ideas/first")
    assert done.code == 0
    folder = tmp_path / "my ideas" / "first"
    assert sorted(path.name for path in folder.iterdir()) == ["dip.py", "test_dip.py"]
    assert f"pytest '{Path('my ideas/first/test_dip.py')}'\n" in done.err
    assert f"backtest --strategy '{Path('my ideas/first/dip.py')}'\n" in done.err


def test_json_prints_the_paths(stratkit: Stratkit) -> None:
    done = stratkit("strategies", "new", "dip", "--dir", "ideas", "--json")
    assert done.json == {"strategy": str(Path("ideas/dip.py")), "test": str(Path("ideas/test_dip.py"))}
    assert done.err == ""


def test_per_bar_writes_one_that_is_asked_bar_by_bar(stratkit: Stratkit) -> None:
    stratkit("strategies", "new", "dip", "--per-bar")
    text = Path("dip.py").read_text("utf-8")
    assert "class Dip(BarStrategy):" in text
    assert "def proposals(self, context: BarContext) -> list[Proposal]:" in text
    assert "class Dip(Strategy):" in strategy_files("dip")["dip.py"]


@pytest.mark.parametrize(
    ("name", "must", "instead"),
    [
        ("My-Trend", "be in snake_case: a to z and digits, a letter first, words joined by _", "my_trend"),
        ("MyTrend", "be in snake_case", "my_trend"),
        ("trend.py", "be in snake_case", "trend"),
        ("2fast", "be in snake_case", "my_2fast"),
        ("_dip", "be in snake_case", "dip"),
        ("Tréndé", "be in snake_case", "trende"),
        ("ideas/dip", "be in snake_case", "ideas_dip"),
        ("†", "be in snake_case", "my_strategy"),
        ("Numpy", "be in snake_case", "my_numpy"),
        ("class", "not be a keyword of Python", "my_class"),
        ("sma_cross", "not be that of a strategy that is there", "my_sma_cross"),
        ("random", "not hide a module that can be imported", "my_random"),
        ("numpy", "not hide a module that can be imported", "my_numpy"),
        ("stratkit", "not hide a module that can be imported", "my_stratkit"),
        ("strategy", "not make its class Strategy, which stratkit has already", "my_strategy"),
        ("bar_context", "not make its class BarContext, which stratkit has already", "my_bar_context"),
        ("testing_dip", "not be one that pytest takes for its own", "my_testing_dip"),
        ("conftest", "not be one that pytest takes for its own", "my_conftest"),
    ],
)
def test_a_name_that_would_be_in_the_way_is_refused_with_the_nearest_that_is_not(
    stratkit: Stratkit, tmp_path: Path, name: str, must: str, instead: str
) -> None:
    done = stratkit("strategies", "new", name)
    assert done.code == 2
    assert done.err.startswith(f"error: the name of a new strategy must {must}")
    assert done.err.endswith(f"; found {name!r}: try {instead!r}\n")
    assert not list(tmp_path.iterdir())
    assert stratkit("strategies", "new", instead).code == 0


def test_a_suggestion_is_not_taken_either(stratkit: Stratkit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES.builtin, "my_random", "anything")
    assert stratkit("strategies", "new", "random").err.endswith("try 'my_random_2'\n")


def test_files_that_are_there_are_replaced_only_when_forced(
    stratkit: Stratkit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)  # as with `python -m stratkit`: what is there already can be imported
    test = tmp_path / "test_dip.py"
    test.write_text("mine")
    refused = stratkit("strategies", "new", "dip")
    assert refused.code == 2
    assert "must not replace others; found test_dip.py: choose another name, or use --force" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["test_dip.py"]
    assert stratkit("strategies", "new", "dip", "--force").code == 0
    assert test.read_text("utf-8") == strategy_files("dip")["test_dip.py"]
    both = stratkit("strategies", "new", "dip")
    assert "found dip.py and test_dip.py:" in both.err


def test_a_folder_that_is_a_file_is_refused(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    done = stratkit("strategies", "new", "dip", "--dir", "notes")
    assert (done.code, done.err) == (2, "error: --dir must be a folder; found a file at notes: choose another\n")
    below = stratkit("strategies", "new", "dip", "--dir", "notes/deep")
    assert below.code == 4
    assert "notes/deep must be a folder that can be written (Not a directory): choose another with --dir" in below.err


@contextmanager
def without_rights() -> Iterator[None]:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)  # root may write anywhere
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no read-only folders")
def test_a_read_only_folder_is_an_output_error_of_one_sentence() -> None:
    folder = Path(tempfile.mkdtemp(prefix="stratkit-read-only-"))
    folder.chmod(0o555)
    with without_rights(), pytest.raises(OutputError) as caught:
        write_new_files(folder, {"a.py": "", "b.py": ""})
    assert caught.value.exit_code == 4
    must = "must be a folder that can be written (Permission denied): choose another with --dir"
    assert str(caught.value) == f"{folder.resolve()} {must}"
    assert not list(folder.iterdir())
    folder.rmdir()


def test_a_full_disk_leaves_the_folder_as_it_was(
    stratkit: Stratkit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dip.py").write_text("mine")
    write = Path.write_text

    def until_full(path: Path, text: str, **how: str) -> int:
        write(path, text[:10], **how)
        if "test_" in path.name:
            raise OSError(28, "No space left on device")
        return 10

    monkeypatch.setattr(Path, "write_text", until_full)
    done = stratkit("strategies", "new", "dip", "--force")
    assert done.code == 4
    assert "(No space left on device)" in done.err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("dip.py", "mine")]


@pytest.mark.parametrize("before", ["mine", None])
def test_of_two_files_never_only_one_is_replaced(stratkit: Stratkit, tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "dip.py"
    if before is not None:
        path.write_text(before)
    (tmp_path / "test_dip.py").mkdir()  # no file can take its place
    done = stratkit("strategies", "new", "dip", "--force")
    assert done.code == 4
    assert (path.read_text() if path.exists() else None) == before
    assert {each.name for each in tmp_path.iterdir()} <= {"dip.py", "test_dip.py"}
