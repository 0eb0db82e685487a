"""`WriterLock`: a locked file that says its process still lives; the system lets go of it however that process ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# file systems without locks: the writer goes on, and nobody may think it dead
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_BUSY: Final = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


@dataclass
class WriterLock:
    """A file held by this process; `certain` is False where the file system knows no locks."""

    path: Path
    descriptor: int
    certain: bool

    def release(self) -> None:
        """Remove the file and let go of it."""
        if sys.platform == "win32":  # an open file cannot be removed there
            self.let_go()
            self.path.unlink(missing_ok=True)
        else:  # removed before it is free: nobody can lock a file that is about to go
            self.path.unlink(missing_ok=True)
            self.let_go()

    def let_go(self) -> None:
        """Let go of the file and leave it; a second time does nothing."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def take_lock(path: Path, *, create: bool = True) -> WriterLock | None:
    """Lock the file at `path` and return the lock; None when another process holds it.

    Raises `FileNotFoundError` when there is no such file and `create` is off, or its folder is gone,
    and `OSError` when the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o644)
    try:
        certain = _locked(descriptor)
        if certain is not None and _is_at(descriptor, path):
            return WriterLock(path, descriptor, certain)
    except BaseException:  # Ctrl-C included: nobody else knows the descriptor
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _locked(descriptor: int) -> bool | None:
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        if error.errno in _BUSY:
            return None
        raise
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    # between opening and locking, its last owner may have removed it
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
