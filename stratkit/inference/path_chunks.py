"""`in_chunks`: many independent paths played chunk by chunk, on one thread or several, with the progress told.

What a path comes to depends on its own key alone, so neither the chunks nor the threads change a byte. Between two
chunks an interrupt ends the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

Told = Callable[[int, int], None]  # paths done, paths in all

_STEPS_AT_ONCE: Final = 1 << 21  # some 5 ms of work: short enough to be interrupted, long enough to be worth a call


def in_chunks(
    play: Callable[[int, int], None], paths: int, steps: int, *, workers: int = 1, told: Told | None = None
) -> None:
    """Call ``play(first, stop)`` until all `paths` of `steps` steps each are played; it writes its own rows only.

    `play` must release the lock of the interpreter (kernels do) for `workers` to help. `told` is called by the calling
    thread after each chunk, in order.

    >>> in_chunks(lambda first, stop: print(first, stop), 5, 1 << 20)
    0 2
    2 4
    4 5
    """
    chunks = list(_chunks(paths, max(1, _STEPS_AT_ONCE // max(steps, 1))))
    if workers == 1 or len(chunks) == 1:
        for first, stop in chunks:
            play(first, stop)
            if told is not None:
                told(stop, paths)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        waiting = [pool.submit(play, first, stop) for first, stop in chunks]
        for (_, stop), one in zip(chunks, waiting, strict=True):
            one.result()
            if told is not None:
                told(stop, paths)
    finally:
        pool.shutdown(cancel_futures=True)


def _chunks(paths: int, size: int) -> Iterator[tuple[int, int]]:
    for first in range(0, paths, size):
        yield first, min(first + size, paths)
