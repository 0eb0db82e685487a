"""`SplitMix64` inside kernels: a stream of uniform numbers for each path, told from its key and a counter alone.

A number depends on its path's key and on its place in the path, never on which thread asked, or when. Keys come from a
generator of `stratkit.seeds`, so that one run seed still decides everything. Source: G. L. Steele, D. Lea, C. H. Flood,
Fast Splittable Pseudorandom Number Generators, OOPSLA 2014, figure 16, with the mixing constants of S. Vigna's public
domain `splitmix64.c`. Chosen for speed, by measurement: Philox takes several times as long a number.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.compiled import compiled, inlined, inner
from stratkit.panel import FloatArray

KeyArray = npt.NDArray[np.uint64]

# the odd integer nearest to 2^64 / golden ratio, and the multipliers of the mixing steps, as published
_GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT: Final = 2.0**-53  # a double holds 53 bits: the 11 lowest of 64 are dropped


def path_keys(draw: np.random.Generator, paths: int) -> KeyArray:
    """Return (paths,) keys, one for each path's own stream.

    >>> bool((path_keys(np.random.default_rng(1), 5)[:3] == path_keys(np.random.default_rng(1), 3)).all())
    True
    """
    return draw.integers(0, 2**64, paths, dtype=np.uint64)


@inlined
def mixed(state: np.uint64) -> np.uint64:
    """Return the 64 bits that belong to a state of the counter."""
    state = (state ^ (state >> _S30)) * _FIRST
    state = (state ^ (state >> _S27)) * _SECOND
    return state ^ (state >> _S31)


@inner
def fill_uniforms(key: np.uint64, first: int, uniform: FloatArray) -> None:
    """Fill `uniform` with numbers of [0, 1): those of the key's stream from place `first` on."""
    begin = np.uint64(first)
    for place in range(len(uniform)):
        state = key + (begin + np.uint64(place) + np.uint64(1)) * _GAMMA
        uniform[place] = np.float64(mixed(state) >> _S11) * _UNIT


@compiled
def uniform_stream(key: np.uint64, first: int, count: int) -> FloatArray:
    """Return (count,) numbers of [0, 1) of one stream, for tests and for the plain twins of kernels."""
    uniform = np.empty(count)
    fill_uniforms(key, first, uniform)
    return uniform


@compiled
def bit_stream(key: np.uint64, count: int) -> KeyArray:
    """Return (count,) the stream's 64-bit words, which can be held against the published ones."""
    words = np.empty(count, np.uint64)
    for place in range(count):
        words[place] = mixed(key + (np.uint64(place) + np.uint64(1)) * _GAMMA)
    return words
