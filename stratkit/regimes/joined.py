"""`joined_labels`: the labels of several stretches of one market, each labelled in its own way, as one record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stratkit.errors import UsageError
from stratkit.regimes.labels import RegimeLabels


def joined_labels(parts: Sequence[tuple[RegimeLabels, int, int]]) -> RegimeLabels:
    """Return the rows [start, stop) of each part, which follow each other, with the names of all.

    Probabilities are left out where parts do not name the same regimes. Raises `UsageError` without a part.

    >>> found = np.zeros((3, 1), dtype=np.int8)
    >>> calm, up = (RegimeLabels("m", (name,), found, np.ones((3, 1)), causal=True) for name in ("calm", "up"))
    >>> joined = joined_labels([(calm, 0, 1), (up, 1, 3)])
    >>> joined.names, joined.label.ravel()
    (('calm', 'up'), array([0, 1, 1], dtype=int8))
    """
    if not parts:
        raise UsageError("labels of at least one stretch must be given; found none")
    labels = [part for part, _, _ in parts]
    names = tuple(dict.fromkeys(name for part in labels for name in part.names))
    alike = all(part.names == names and part.probability is not None for part in labels)
    return RegimeLabels(
        " then ".join(dict.fromkeys(part.method for part in labels)),
        names,
        np.concatenate([_renamed(part, names)[start:stop] for part, start, stop in parts]),
        np.concatenate([part.confidence[start:stop] for part, start, stop in parts]),
        causal=all(part.causal for part in labels),
        probability=np.concatenate([np.asarray(part.probability)[start:stop] for part, start, stop in parts])
        if alike
        else None,
        scope=labels[0].scope,
        rule="; then ".join(dict.fromkeys(part.rule for part in labels)),
        refits=tuple(bar for part, start, stop in parts for bar in part.refits if start <= bar < stop),
        lookback_bars=0 if any(part.lookback_bars == 0 for part in labels) else max(p.lookback_bars for p in labels),
        notes=tuple(dict.fromkeys(note for part in labels for note in part.notes)),
    )


def _renamed(labels: RegimeLabels, names: tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    codes = np.array([*(names.index(name) for name in labels.names), -1], dtype=np.int8)
    return codes[labels.label]
