"""The file of what was learned: whole or as it was before, and refused when it is no state."""

from __future__ import annotations

from pathlib import Path

import pytest
from closed_trades import closed, controls, terms

from stratkit.adaptive.adaptation import adapt, open_adaptation
from stratkit.adaptive.record import as_record, from_record
from stratkit.errors import DataError, OutputError
from stratkit.runs.adaptive_state import load_state, save_state


def test_what_is_saved_is_loaded_and_saved_again_as_the_same_bytes(tmp_path: Path) -> None:
    judged, path = terms(), tmp_path / "new" / "state.json"
    now, _ = adapt(judged, open_adaptation(judged, controls([1.0])), closed([0.1, -0.7, 1 / 3]), controls([1.0]), 0)
    save_state(path, as_record(judged, now))
    written = path.read_bytes()
    save_state(path, as_record(judged, from_record(load_state(path), judged)))
    assert path.read_bytes() == written
    assert [file.name for file in path.parent.iterdir()] == ["state.json"]


def test_a_write_that_fails_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    save_state(path, {"bars": 1})
    old = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        save_state(path, {"bars": 2})
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b'{"format": ', b"\xff\xfe", b"[" * 200_000])
def test_a_file_that_is_no_json_is_refused_and_offers_to_start_fresh(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"must be JSON.*start fresh"):
        load_state(path)


def test_a_file_cut_short_or_changed_by_one_digit_is_refused(tmp_path: Path) -> None:
    judged, path = terms(), tmp_path / "state.json"
    save_state(path, as_record(judged, open_adaptation(judged, controls([1.0]))))
    text = path.read_text()
    path.write_text(text.replace('"bars_seen": 0', '"bars_seen": 1'))
    with pytest.raises(DataError, match="start fresh"):
        from_record(load_state(path), judged)
    path.write_text(text[:-10])
    with pytest.raises(DataError, match="start fresh"):
        load_state(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must be readable.*No such file"):
        load_state(tmp_path / "none.json")
