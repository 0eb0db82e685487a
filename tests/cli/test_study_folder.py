"""Names of searches that are under way: nobody gets one that is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratkit.cli.study_folder import StudyFolder, new_study
from stratkit.errors import OutputError


def test_a_search_begun_in_the_same_second_gets_a_name_of_its_own(tmp_path: Path) -> None:
    first = new_study(tmp_path, "20240506-070809-abcdef")
    assert first.name == "20240506-070809-abcdef"
    assert new_study(tmp_path, first.name).name == f"{first.name}-2"


def test_the_name_of_a_finished_run_is_not_given_again(tmp_path: Path) -> None:
    (tmp_path / "done").mkdir()
    found = new_study(tmp_path, "done")
    assert found.name == "done-2"
    assert not StudyFolder(tmp_path, "done").path.exists()


def test_a_folder_that_cannot_be_made_is_an_error_and_no_endless_search_for_a_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another folder with --out"):
        new_study(tmp_path / "file", "name")
