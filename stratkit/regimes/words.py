"""`words_of`: bull, bear or chop: the one word for the whole market that per-bar strategies are told on each bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import numpy as np

from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings, RegimeWord

_WORDS: Final[tuple[RegimeWord, ...]] = get_args(RegimeWord)
_CHOP: Final = _WORDS.index("chop")
DEFAULT_WORDS: Final[Mapping[str, RegimeWord]] = {
    "trend_up": "bull", "trend_down": "bear", "bull": "bull", "bear": "bear", "drift_up": "bull", "drift_down": "bear",
}  # fmt: skip


def words_of(labels: RegimeLabels, settings: RegimeSettings) -> list[RegimeWord]:
    """Return a word for each of T bars: that of most symbols whose regime is known, chop where two have as many.

    Regimes that neither `settings.words` nor `DEFAULT_WORDS` names are chop, and so is a bar of which nothing is known.
    Raises `UsageError` for labels that know the future.

    >>> found = np.array([[0, 0], [0, 1], [-1, 1]], dtype=np.int8)
    >>> labels = RegimeLabels("rules", ("trend_up", "trend_down"), found, np.ones((3, 2)), causal=True)
    >>> words_of(labels, RegimeSettings())
    ['bull', 'chop', 'bear']
    """
    labels.for_trading()
    words = {**DEFAULT_WORDS, **settings.words}
    word_of = np.array([_WORDS.index(words.get(name, "chop")) for name in labels.names] + [-1])
    said = word_of[labels.label]
    votes = np.stack([(said == word).sum(axis=1) for word in range(len(_WORDS))], axis=1)
    most = votes.max(axis=1)
    decided = (votes == most[:, None]).sum(axis=1) == 1
    return [_WORDS[word] for word in np.where(decided, votes.argmax(axis=1), _CHOP)]
