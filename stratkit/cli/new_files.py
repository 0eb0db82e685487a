"""`write_new_files`: several files in one folder, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from stratkit.errors import OutputError, UsageError


def write_new_files(folder: Path, files: Mapping[str, str], *, force: bool = False) -> list[Path]:
    """Write text by file name into `folder`, which is made when missing, and return the paths.

    `force` replaces files that are there. Raises `UsageError` when there are some and it is not given,
    `OutputError` when the folder cannot be written: then it holds what it held before.
    """
    targets = {folder / name: text for name, text in files.items()}
    there = [str(path) for path in targets if path.exists() or path.is_symlink()]
    if there and not force:
        raise UsageError(
            f"new files must not replace others; found {' and '.join(there)}: choose another name, or use --force"
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--dir must be a folder; found a file at {folder}: choose another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(targets)
    except OSError as error:
        raise OutputError(
            f"{folder.resolve()} must be a folder that can be written ({error.strerror or error}): "
            "choose another with --dir"
        ) from error
    return list(targets)


def _write_all(targets: Mapping[Path, str]) -> None:
    before = {path: path.read_bytes() for path in targets if path.is_file()}
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in targets}
    with ExitStack() as undo:
        for path, text in targets.items():
            undo.callback(drafts[path].unlink, missing_ok=True)
            drafts[path].write_text(text, encoding="utf-8", newline="\n")
        for path, draft in drafts.items():
            draft.replace(path)
            undo.callback(_put_back, path, before.get(path))
        undo.pop_all()


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)
