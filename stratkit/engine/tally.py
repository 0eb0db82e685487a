"""`Tally`: what K replays that record nothing are summed up in: a stream each, and its returns in buckets of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.compiled import compiled
from stratkit.engine.book import Book
from stratkit.engine.kernel import advance_many
from stratkit.engine.layout import YES, Market, Records
from stratkit.engine.stream import new_stream
from stratkit.engine.sums import KEPT_BYTES, Buckets
from stratkit.inference.trial_sums import BUCKETS, bucket_counts
from stratkit.panel import BoolArray, FloatArray, IntArray, SideArray, read_only
from stratkit.risk.targets import Panels


@dataclass(frozen=True)
class Tally:
    """The sums of K replays: `stream` (K, 1) records, and returns per period in B `buckets`, their sums (K, B).

    `count` (B,) is how many periods end in each bucket, the first bar's among them, which may have no return of its
    own. With `whole` False only the head of each record is kept up, which the metrics of a sweep stand on.
    """

    stream: Records
    buckets: Buckets
    count: IntArray
    whole: bool

    def bytes_of_each(self) -> list[bytes]:
        """Return of each replay all that is kept in any case, as bytes: what the digest of a trial is made of."""
        heads = np.asarray(self.stream).view(np.uint8).reshape(len(self.stream), -1)[:, :KEPT_BYTES]
        sums = np.hstack((self.buckets.total, self.buckets.squares)).view(np.uint8)
        return [one.tobytes() for one in np.hstack((heads, sums))]


def open_tally(
    initial: float, mar: float, intraday: bool, period_end: BoolArray, *, whole: bool, trials: int = 1,
    buckets: int = BUCKETS,
) -> Tally:  # fmt: skip
    """Return the empty sums of replays that start with `initial` cash; `mar` and `intraday` as in `new_stream`."""
    count = bucket_counts(int(np.count_nonzero(period_end)), buckets)
    stream = np.tile(new_stream(initial, mar, intraday), (trials, 1)).view(np.recarray)
    totals, squares = np.zeros((trials, len(count))), np.zeros((trials, len(count)))
    return Tally(stream, Buckets(read_only(bucket_ends(read_only(period_end), count)), totals, squares), count, whole)


@compiled
def bucket_ends(period_end: BoolArray, count: IntArray) -> IntArray:
    """Return (B,) the last bar of each bucket of `count` periods."""
    ends = np.zeros(len(count), np.int64)
    place, left = 0, count[0]
    for bar in range(len(period_end)):
        if period_end[bar]:
            left -= 1
            if left == 0:
                ends[place] = bar
                place += 1
                if place == len(count):
                    break
                left = count[place]
    return ends


def tally_on(
    tally: Tally, books: Book, market: Market, panels: Panels, asked: tuple[SideArray, FloatArray], rules: Records,
    start: int, stop: int, active: BoolArray | None = None,
) -> None:  # fmt: skip
    """Play bars [start, stop) of the K `books` that are `active` (none given: all) into their sums.

    `asked` are the sides and weights of each, (K, T, M) or (K, 0, 0). The arrays of market, panels and rules are
    read-only.
    """
    chosen = np.ones(len(tally.stream), np.bool_) if active is None else active
    side, weight = read_only(asked[0]), read_only(asked[1])
    whole = YES if tally.whole else None
    advance_many(books, market, panels, side, weight, rules, tally.stream, tally.buckets, whole, chosen, start, stop)


def copies(book: Book, trials: int) -> Book:
    """Return K copies of a book, with a first axis of K."""
    arrays: dict[str, Any] = {
        name: np.repeat(array[None], trials, axis=0).view(type(array)) for name, array in book._asdict().items()
    }
    return Book(**arrays)


def alone(book: Book) -> Book:
    """Return a book as the only one of K, sharing its memory."""
    arrays: dict[str, Any] = {name: array[None] for name, array in book._asdict().items()}
    return Book(**arrays)
