"""`Worklist`: sets of values handed out in chunks to whoever computes them, and what they came to, in their order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stratkit.research.trials import Evaluation, Unfinished

# told the place of each set in the call and what it came to, as soon as that is known, in any order
Told = Callable[[int, Evaluation], None]

CHUNK_SECONDS: Final = 1.0  # long beside what a message costs, short beside what a dead worker takes with it
_DEATHS: Final = 3  # of workers that computed nothing else, before a set counts as what kills them
WORKER_DIED: Final = Unfinished(
    "failed", "its worker process must live; found that it died each time, by a signal, a crash or a lack of memory"
)


@dataclass(frozen=True)
class Pace:
    """How many sets of values make a chunk; a measured speed changes it, never what a chunk comes to."""

    size: int = 1

    def after(self, count: int, seconds: float) -> Pace:
        """Return the pace after `count` sets took one worker `seconds`.

        It grows twofold at most: a few sets that break a rule take no time and say nothing about the others.

        >>> Pace(8).after(8, 4.0), Pace(8).after(8, 0.1)
        (Pace(size=2), Pace(size=16))
        """
        most = 2 * max(self.size, count)
        return Pace(most if seconds * most <= count * CHUNK_SECONDS else max(1, int(count / seconds * CHUNK_SECONDS)))


class Worklist:
    """What waits of `total` sets of values, which are named by their places 0 .. total - 1."""

    def __init__(self, total: int, told: Told | None = None) -> None:
        self._next, self._total = 0, total
        self._again: deque[int] = deque()  # places that a dead worker gave back
        self._deaths: Counter[int] = Counter()
        self._found: dict[int, Evaluation] = {}
        self._told = told

    @property
    def is_done(self) -> bool:
        """Whether every set has come to something."""
        return len(self._found) == self._total

    def take(self, pace: Pace, hands: int) -> tuple[int, ...]:
        """Return the places of the next chunk, none when nothing waits.

        What is left is shared out between `hands` workers. What a dead worker gave back is computed alone, so that a
        set that kills its worker takes no other with it.
        """
        if self._again:
            return (self._again.popleft(),)
        share = -((self._next - self._total) // hands)  # rounded up
        start, self._next = self._next, self._next + min(pace.size, share)
        return tuple(range(start, self._next))

    def finish(self, places: Sequence[int], evaluations: Sequence[Evaluation]) -> None:
        """Note what a chunk came to; of a place that was computed twice the first counts."""
        for place, evaluation in zip(places, evaluations, strict=True):
            if place not in self._found:
                self._found[place] = evaluation
                if self._told is not None:
                    self._told(place, evaluation)

    def give_back(self, places: Sequence[int]) -> None:
        """Let a chunk whose worker died be computed again; a set that was alone with three of them has failed."""
        if len(places) == 1:
            self._deaths[places[0]] += 1
            if self._deaths[places[0]] == _DEATHS:
                self.finish(places, [WORKER_DIED])
                return
        self._again.extend(places)

    def results(self) -> list[Evaluation]:
        """Return what each set came to, in their order."""
        return [self._found[place] for place in range(self._total)]
