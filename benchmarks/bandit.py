"""Does the selector of exit profiles learn? Regret of every policy where one profile is best in each regime.

python benchmarks/bandit.py                       # 20 seeds, 2,000 trades each
python benchmarks/bandit.py --trades 500 --delay 20

Regimes come and go (a mean stay of 40 trades); in each another profile earns 0.6 R a trade, the others from -0.2 to
0.2 R, all with a standard deviation of 1.5 R, and what a trade earned is known `delay` trades later. Regret is what the
best profile of each regime would have earned more, in expectation. It is printed after a quarter, half and all of the
trades. Growth is that of the last half over that of the first: 1 for a choice that learns nothing.
"""

from __future__ import annotations

import argparse
from typing import Final, get_args

import numpy as np

from stratkit.adaptive.bandit import bar_uniforms, choose, empty_table, learn
from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.settings import PolicyName, SelectorSettings
from stratkit.panel import FloatArray, IntArray
from stratkit.seeds import generator

REGIMES: Final = 4
BEST_R, NOISE_R, STAY = 0.6, 1.5, 40
PROFILES: Final = SelectorSettings().profiles
BEST: Final = (1, 6, 5, 0)  # the best profile of each regime
DEFAULT: Final = PROFILES.index(SelectorSettings().default)


def means() -> FloatArray:
    """(regimes, profiles) what a trade earns [R]."""
    earned = np.tile(np.linspace(0.2, -0.2, len(PROFILES)), (REGIMES, 1))
    earned[np.arange(REGIMES), BEST] = BEST_R
    return earned


def markets(seeds: int, trades: int) -> tuple[IntArray, FloatArray]:
    """(trades, seeds) regimes, and (trades, seeds, profiles) what each profile would earn."""
    regimes = np.zeros((trades, seeds), np.int64)
    noise = np.zeros((trades, seeds, len(PROFILES)))
    for seed in range(seeds):
        draw = generator(seed, "market")
        regime = int(draw.integers(REGIMES))
        for trade in range(trades):
            regime = int(draw.integers(REGIMES)) if draw.random() < 1 / STAY else regime
            regimes[trade, seed] = regime
        noise[:, seed] = draw.standard_normal((trades, len(PROFILES)))
    return regimes, means()[regimes] + NOISE_R * noise


def regret_of(settings: SelectorSettings, seeds: int, trades: int, delay: int) -> FloatArray:
    """(trades, seeds) regret so far [R] of a policy; each seed is a symbol of one table, so that none sees another."""
    regimes, earned = markets(seeds, trades)
    table = empty_table(seeds, REGIMES, len(PROFILES), settings)
    every, all_suit = np.arange(seeds), np.ones((seeds, len(PROFILES)), np.bool_)
    chosen = np.zeros((trades, seeds), np.int64)
    for trade in range(trades):
        uniform = bar_uniforms(0, trade, seeds, len(PROFILES))
        chosen[trade] = choose(table, settings, every, regimes[trade], all_suit, uniform, DEFAULT).arm
        known = trade - delay
        if known >= 0:
            rewards = earned[known, every, chosen[known]]
            table = learn(table, settings, _closed(regimes[known], chosen[known], rewards, known, trade))
    return regret(regimes, chosen)


def regret(regimes: IntArray, chosen: IntArray) -> FloatArray:
    """(trades, seeds) what the best profile of each regime would have earned more until then, in expectation [R]."""
    lost: FloatArray = np.cumsum(BEST_R - means()[regimes, chosen], axis=0)
    return lost


def beside(seeds: int, trades: int) -> dict[str, FloatArray]:
    """Regret of choices that learn nothing: at random, the default always, and the best fixed profile by hindsight."""
    regimes, _ = markets(seeds, trades)
    random = generator(0, "random").integers(0, len(PROFILES), regimes.shape)
    fixed = [regret(regimes, np.full_like(regimes, profile)) for profile in range(len(PROFILES))]
    best = min(fixed, key=lambda lost: float(lost[-1].mean()))
    return {"random": regret(regimes, random), f"fixed: {PROFILES[DEFAULT]}": fixed[DEFAULT], "best fixed": best}


def growth(lost: FloatArray) -> float:
    """Regret of the last half over that of the first, means of all seeds."""
    half, whole = float(lost[len(lost) // 2 - 1].mean()), float(lost[-1].mean())
    return (whole - half) / half


def _closed(regime: IntArray, profile: IntArray, rewards: FloatArray, decided: int, known: int) -> Outcomes:
    count = len(regime)
    same = np.zeros(count, np.int64)
    return Outcomes(
        same, np.arange(count), same + 1, regime, profile, same + decided, same + known, rewards, rewards / 100.0,
        np.zeros(count, np.bool_),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trades", type=int, default=2_000)
    parser.add_argument("--delay", type=int, default=5)
    given = parser.parse_args()
    rows = beside(given.seeds, given.trades)
    for policy in get_args(PolicyName):
        rows[policy] = regret_of(SelectorSettings(policy=policy), given.seeds, given.trades, given.delay)
    decayed = SelectorSettings(epsilon=0.5, epsilon_decay=0.995, alpha=0.05)
    rows["epsilon .5 x .995, alpha .05"] = regret_of(decayed, given.seeds, given.trades, given.delay)
    print(
        f"{given.seeds} seeds, {given.trades} trades, known {given.delay} trades later; regret [R], mean and its error"
    )
    print(f"{'choice':32s}{'quarter':>10}{'half':>10}{'all':>10}{'+-':>7}{'growth':>9}")
    for name, lost in rows.items():
        at = [float(lost[int(given.trades * share) - 1].mean()) for share in (0.25, 0.5, 1.0)]
        error = float(lost[-1].std(ddof=1)) / np.sqrt(given.seeds)
        print(f"{name:32s}{at[0]:10.1f}{at[1]:10.1f}{at[2]:10.1f}{error:7.1f}{growth(lost):9.2f}")


if __name__ == "__main__":
    main()
