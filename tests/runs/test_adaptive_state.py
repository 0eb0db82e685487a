"""The file of what was learned: whole or as it was before, and refused when it is no state."""

from __future__ import annotations

from pathlib import Path

import pytest
from closed_trades import closed, controls, terms

from stratkit.adaptive.adaptation import adapt, open_adaptation
from stratkit.adaptive.record import as_record, from_record
from stratkit.errors import DataError, OutputError
from stratkit.runs.adaptive_state import StateFile, check_writable, keep_state, read_state
from stratkit.runs.writer_lock import take_lock


def test_what_is_saved_is_loaded_and_saved_again_as_the_same_bytes(tmp_path: Path) -> None:
    judged, path = terms(), tmp_path / "new" / "state.json"
    now, _ = adapt(judged, open_adaptation(judged, controls([1.0])), closed([0.1, -0.7, 1 / 3]), controls([1.0]), 0)
    keep_state(read_state(path), as_record(judged, now))
    written = path.read_bytes()
    keep_state(read_state(path), as_record(judged, from_record(read_state(path).learned, judged)))
    assert path.read_bytes() == written
    assert [file.name for file in path.parent.iterdir()] == ["state.json"]


def test_a_write_that_fails_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    keep_state(read_state(path), {"bars": 1})
    old = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        keep_state(read_state(path), {"bars": 2})
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "cause", "advice"),
    [(13, "Permission denied", "make its folder writable"), (28, "No space left on device", "free some space")],
)
def test_what_cannot_be_saved_is_said_of_the_file_itself_and_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, cause: str, advice: str
) -> None:
    asked: list[Path] = []

    def refused(dir: Path, **_more: str) -> None:
        asked.append(dir)
        raise OSError(number, cause, f"{dir}/.draft")

    path = tmp_path / "new" / "folder" / "state.json"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    monkeypatch.setattr("tempfile.mkstemp", refused)
    said = f"^the adaptive state must be writable; {path}: {cause}: {advice}, or name another file in state_path$"
    with pytest.raises(OutputError, match=said):
        check_writable(path)
    with pytest.raises(OutputError, match=said):
        keep_state(read_state(path), {})
    assert asked == [tmp_path, path.parent]


@pytest.mark.parametrize("content", [b"", b'{"format": ', b"\xff\xfe", b"[" * 200_000])
def test_a_file_that_is_no_json_is_refused_and_offers_to_start_fresh(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"must be JSON.*start fresh"):
        assert read_state(path).learned


def test_a_file_cut_short_or_changed_by_one_digit_is_refused(tmp_path: Path) -> None:
    judged, path = terms(), tmp_path / "state.json"
    keep_state(read_state(path), as_record(judged, open_adaptation(judged, controls([1.0]))))
    text = path.read_text()
    path.write_text(text.replace('"bars_seen": 0', '"bars_seen": 1'))
    with pytest.raises(DataError, match="start fresh"):
        from_record(read_state(path).learned, judged)
    path.write_text(text[:-10])
    with pytest.raises(DataError, match="start fresh"):
        assert read_state(path).learned


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert read_state(tmp_path / "none.json") == StateFile(tmp_path / "none.json", None)
    with pytest.raises(DataError, match=r"must be readable.*directory"):
        read_state(tmp_path)


def test_a_state_that_another_run_wrote_meanwhile_stays_and_both_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    found = [read_state(path) for _ in range(4)]
    assert keep_state(found[0], {"run": 0}) == (path, "")
    for number in (1, 2):
        kept, said = keep_state(found[number], {"run": number})
        assert kept == tmp_path / f"state-{number + 1}.json"
        assert f"{path} was changed by another run" in said
        assert f"what this run learned is in {tmp_path / f'state-{number + 1}.json'}" in said
    assert keep_state(found[3], {"run": 0}) == (path, "")  # the same was learned
    assert {one.name: read_state(one).learned for one in tmp_path.iterdir()} == {
        "state.json": {"run": 0}, "state-2.json": {"run": 1}, "state-3.json": {"run": 2},
    }  # fmt: skip


def test_a_state_that_is_being_written_is_waited_for_and_then_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratkit.runs.adaptive_state._PATIENCE_S", 0.05)
    path = tmp_path / "state.json"
    found = read_state(path)
    lock = take_lock(tmp_path / ".state.json.lock")
    assert lock is not None
    assert "state-2.json" in keep_state(found, {"run": 1}).said
    lock.release()
    assert keep_state(found, {"run": 2}) == (path, "")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["state-2.json", "state.json"]


@pytest.mark.parametrize("links", [True, False])
def test_a_fresh_start_moves_the_old_file_aside_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refused(*_paths: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr("os.link", refused)
    path = tmp_path / "state.json"
    path.write_bytes(b"not a state")
    (tmp_path / "state.json.bak").write_bytes(b"older")
    found = read_state(path, is_fresh=True)
    assert found.learned is None
    assert found.inputs() == {}
    assert keep_state(found, {"run": 1}) == (path, f"the adaptive state that was in {path} is in {path}.bak2 now")
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {
        "state.json": b'{\n  "run": 1\n}\n', "state.json.bak": b"older", "state.json.bak2": b"not a state",
    }  # fmt: skip
    assert keep_state(read_state(tmp_path / "new.json", is_fresh=True), {"run": 1}).said == ""


def test_a_link_leads_on_to_the_state_that_is_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "state.json", tmp_path / "link.json"
    path.write_text("{}")
    link.symlink_to(path)
    keep_state(read_state(link), {"run": 1})
    assert link.is_symlink()
    assert read_state(path).learned == {"run": 1}
