"""What dead processes left is taken away; a draft whose writer lives is never touched."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import ENVIRONMENT

from stratkit.runs import writer_lock
from stratkit.runs.folder import WRITER, new_run
from stratkit.runs.sweep import hidden_runs, sweep
from stratkit.runs.writer_lock import take_lock

_HOLD = """
import sys, time
from pathlib import Path
from stratkit.runs.folder import new_run
with new_run(Path(sys.argv[1]), "r") as draft:
    print("writing", flush=True)
    time.sleep(20)
"""


def aged(path: Path, seconds: float = 7200.0) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_a_draft_of_a_living_process_stays_and_goes_once_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        aged(tmp_path / ".r.partial")
        assert sweep(tmp_path) == []
        assert hidden_runs(tmp_path, ".partial") == ["r"]
        writer.kill()
        writer.wait()
        assert sweep(tmp_path) == ["r"]
        assert list(tmp_path.iterdir()) == []


def test_a_draft_of_this_process_stays(tmp_path: Path) -> None:
    with new_run(tmp_path, "r") as draft:
        assert sweep(tmp_path) == []
        draft.write_text("a", "1")
    assert (tmp_path / "r" / "a").exists()


def test_a_kept_run_has_no_lock_in_it(tmp_path: Path) -> None:
    with new_run(tmp_path, "r") as draft:
        assert (draft.folder / WRITER).exists()
    assert list((tmp_path / "r").iterdir()) == []
    assert draft.record is not None
    assert draft.record.files == ()


def test_a_draft_without_a_lock_is_left_until_it_is_old(tmp_path: Path) -> None:
    (tmp_path / ".r.partial").mkdir()
    assert sweep(tmp_path) == []
    aged(tmp_path / ".r.partial")
    assert sweep(tmp_path) == ["r"]
    assert list(tmp_path.iterdir()) == []


def test_a_removal_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    (tmp_path / ".r.removed").mkdir()
    (tmp_path / ".r.removed" / "a").touch()
    assert sweep(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_hidden_folders_of_others_stay(tmp_path: Path) -> None:
    for name in (".git", "r.partial", ".gitignore"):
        (tmp_path / name).mkdir()
        aged(tmp_path / name)
    assert sweep(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_is_not_there_is_swept(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nowhere") == []


def test_a_lock_is_held_by_one_and_free_again_after(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "lock")
    assert lock is not None
    assert take_lock(tmp_path / "lock") is None
    lock.release()
    assert not (tmp_path / "lock").exists()
    again = take_lock(tmp_path / "lock")
    assert again is not None
    again.release()
    again.release()


def test_a_lock_that_is_not_to_be_made_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        take_lock(tmp_path / "lock", create=False)


def test_a_lock_whose_file_was_removed_before_it_was_taken_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writer_lock._lock

    def removed_meanwhile(descriptor: int) -> None:
        (tmp_path / "lock").unlink()
        real(descriptor)

    monkeypatch.setattr(writer_lock, "_lock", removed_meanwhile)
    assert take_lock(tmp_path / "lock") is None


def test_where_there_are_no_locks_writers_write_and_only_old_drafts_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(writer_lock, "_lock", unsupported)
    with new_run(tmp_path, "r"):
        assert sweep(tmp_path) == []
        aged(tmp_path / ".r.partial")
        assert sweep(tmp_path) == ["r"]
        (tmp_path / ".r.partial").mkdir()
    assert (tmp_path / "r").is_dir()


def test_another_failure_of_a_lock_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(writer_lock, "_lock", broken)
    with pytest.raises(OSError, match="Input/output error"):
        take_lock(tmp_path / "lock")
