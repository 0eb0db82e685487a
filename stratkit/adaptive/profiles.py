"""`suitable_profiles`: which exit profiles compete for an entry, by its regime and the confidence of the opinion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stratkit.adaptive.terms import Terms
from stratkit.panel import BoolArray, IntArray
from stratkit.plans import PROFILES

_NOTHING_SUITS = "-"


def profiles_by_regime(terms: Terms) -> BoolArray:
    """Return (R + 1, A) which profiles suit all that a regime is, T R H L; the last row, not known, suits all."""
    rows = [[_suits(name, terms.traits(regime)) for name in terms.selector.profiles] for regime in terms.regimes]
    return np.array([*rows, [True] * len(terms.selector.profiles)], np.bool_)


def suitable_profiles(terms: Terms, regime: IntArray, confidence: npt.NDArray[np.floating]) -> BoolArray:
    """Return (K, A) which profiles compete for each of K entries; where none does, the entry is risk off.

    A profile must suit the regime of the decision bar (code, -1 = not known), and the opinion must be as confident as
    the profile asks.
    """
    least = np.array([PROFILES[name].min_confidence for name in terms.selector.profiles], np.float32)
    # compared as float32, which confidence is kept in: 0.55 stays as confident as a profile that asks for 0.55
    confident = np.asarray(confidence, np.float32)[:, None] >= least
    suits: BoolArray = profiles_by_regime(terms)[regime] & confident
    return suits


def default_profile(terms: Terms) -> int:
    """Return the place of the default profile among those that compete."""
    return terms.selector.profiles.index(terms.selector.default)


def _suits(profile: str, traits: str) -> bool:
    return traits != _NOTHING_SUITS and set(traits) <= set(PROFILES[profile].suits)
