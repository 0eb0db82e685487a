"""Named random generators from one run seed: the only source of randomness.

Each user of randomness asks for a generator by a name of its own, so that adding a user
never moves the numbers that another one draws, and no result depends on call order.
"""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator that belongs to `seed` and a path of names.

    >>> a = generator(0, "synthetic", "SYN01").standard_normal()
    >>> a == generator(0, "synthetic", "SYN01").standard_normal()
    True
    >>> a == generator(0, "synthetic", "SYN02").standard_normal()
    False
    """
    digest = hashlib.sha256("/".join(str(name) for name in names).encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words.tolist()])))
