"""`suitable_profiles`: which exit profiles compete for an entry, by its regime and the confidence of the opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from stratkit.adaptive.packages import trades_packages
from stratkit.adaptive.terms import Terms
from stratkit.panel import BoolArray, IntArray, read_only
from stratkit.plans import PROFILES, ExitPlan
from stratkit.strategies.signals import Signals

_NOTHING_SUITS = "-"


def profiles_by_regime(terms: Terms) -> BoolArray:
    """Return (R + 1, A) which profiles suit all that a regime is, T R H L; the last row, not known, suits all."""
    return _suits_by_traits(terms.selector.profiles, terms.all_traits)


@lru_cache(maxsize=16)  # asked for on every bar
def _suits_by_traits(profiles: tuple[str, ...], traits: tuple[str, ...]) -> BoolArray:
    rows = [[_suits(name, letters) for name in profiles] for letters in traits]
    return read_only(np.array([*rows, [True] * len(profiles)], np.bool_))


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


def with_profiles(
    terms: Terms, signals: Sequence[Signals], plans: Sequence[ExitPlan | None]
) -> tuple[list[Signals], list[ExitPlan | None], list[ExitPlan]]:
    """Return signals, the plan of each, and the plans that entries choose from, with that of risk off behind them.

    Signals say nothing then of how positions are left by price, and their plan is the default profile's: but what
    trades packages of legs keeps what it says, and its plan of `plans`.
    """
    default, apart = PROFILES[terms.selector.default].plan, trades_packages(signals)
    books = [one if alone else _without_plan(one) for one, alone in zip(signals, apart, strict=True)]
    own = [plan if alone else default for plan, alone in zip(plans, apart, strict=True)]
    return books, own, [PROFILES[name].plan for name in (*terms.selector.profiles, "none")]


def _without_plan(one: Signals) -> Signals:
    return replace(one, stop_level=None, target_level=None, risk_unit=None, plan=None, plans=(), exit_plan=None)
