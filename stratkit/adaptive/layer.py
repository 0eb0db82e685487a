"""`Layer`: what adapts during one replay: it stands between strategies and account, and learns between stretches.

Whatever fails in it stops it, and it alone: the replay warns, and goes on with the controls that it had.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from stratkit.adaptive.adaptation import Adaptation, adapt, controls_of, strategy_factors
from stratkit.adaptive.asked import choose_plans, choose_strategies, scale_sizes
from stratkit.adaptive.closed import ClosedTrades
from stratkit.adaptive.health import SUSPENDED as IS_SUSPENDED
from stratkit.adaptive.heard import Heard
from stratkit.adaptive.noted import Noted, fresh_notes
from stratkit.adaptive.packages import package_any, package_means, package_numbers
from stratkit.adaptive.quality import passes, signal_quality
from stratkit.adaptive.terms import Terms
from stratkit.combine.sieve import LET, LOW_QUALITY, NOT_CHOSEN, RESTING, SUSPENDED, FateArray
from stratkit.controls import Controls
from stratkit.engine.deciding import Ahead
from stratkit.engine.simulate import Stage
from stratkit.panel import BoolArray, FloatArray, IntArray, SideArray
from stratkit.plans import ExitPlan
from stratkit.regimes.labels import LabelArray
from stratkit.strategies.signals import Signals


@dataclass
class Layer:
    """What adapts in one replay by `terms`; `adaptation` is what is known so far.

    `label` (T, N) are codes of regimes, -1 everywhere where none are made. `heard` is None where every opinion is
    heard as it is, `shadow` where nothing is kept from the account; `fault` says why nothing adapts any more.
    `packaged` (S,) says who trades packages of legs, and `higher` (H, T, N) where higher timeframes point, None where
    none is asked. `updates` counts how often it learned, which took `update_seconds`.
    """

    terms: Terms
    seed: int
    label: LabelArray
    adaptation: Adaptation
    heard: Heard | None
    packaged: BoolArray
    higher: SideArray | None = None
    bars_before: int = field(init=False)
    account: Stage = field(init=False)
    shadow: Stage | None = field(init=False, default=None)
    noted: Noted = field(init=False)
    fault: str = ""
    bases: list[tuple[int, Controls]] = field(default_factory=list)  # from which bar on the configuration gave which
    held: list[tuple[int, Controls]] = field(default_factory=list)  # from which bar on which controls hold
    updates: int = 0
    update_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.bars_before = self.adaptation.bars_seen
        judges = self.heard is not None and self.terms.optimization.enabled
        self.noted = fresh_notes(
            (*self.label.shape, len(self.terms.strategies)), judges=judges, sifts=self.heard is not None
        )
        self._last: tuple[Controls, Controls] | None = None  # what the configuration gave, and what adapt made of it

    def signals(self, said: Sequence[Signals]) -> Sequence[Signals]:
        """Return what is combined of what strategies say."""
        return said if self.heard is None else self.heard.signals

    def stand_between(self, account: Stage, shadow: Stage | None) -> None:
        """Watch what is played in the account, and play what is kept from it in the shadow book."""
        self.account, self.shadow = account, shadow
        arms = len(self.terms.arms) if self.chooses_plans else 0
        self._closed = ClosedTrades(account, shadow, self.label, arms, self.bars_before)

    @property
    def chooses_plans(self) -> bool:
        """Whether exit profiles are chosen entry by entry."""
        return self.terms.selector.enabled and not self.terms.chooses_strategies

    @property
    def scales_sizes(self) -> bool:
        """Whether sizes are multiplied entry by entry; the strategies' multipliers are part of that."""
        return self.terms.optimization.enabled and self.terms.optimization.enable_size_multiplier

    # ---- between stretches

    def parts(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return bars [start, stop) in parts that end where an update is due."""
        pace = self.terms.update_bars
        first = start + pace - (self.bars_before + start) % pace
        return list(pairwise([start, *range(first, stop, pace), stop]))

    def controls(self, base: Controls, start: int) -> Controls:
        """Return what holds for the decisions from bar `start` on where the configuration gives `base`."""
        held = self.held[-1][1] if self.held else base
        if not self.bases or self.bases[-1][1] is not base:
            self.bases.append((start, base))

        def learned() -> None:
            nonlocal held
            if self._last is not None and self._last[0] is base:
                held = self._last[1]
            else:
                held = controls_of(self.terms, self.adaptation, base)
            self._factor = strategy_factors(self.terms, self.adaptation, base)

        self._try(learned)
        self.held.append((start, held))
        if self.scales_sizes and not self.fault:
            return replace(held, multiplier=np.ones(len(held.multiplier)))
        return held

    def update(self, base: Controls, stop: int) -> None:
        """Learn from what has closed before bar `stop`, where an update is due or the bars end."""
        if (self.bars_before + stop) % self.terms.update_bars and stop < len(self.account.bars.times):
            return

        def learn() -> None:
            if self.shadow is not None and self.heard is not None and self.heard.is_shadowing:
                self.shadow.play_to(self.account.playing.bar)
            outcomes = self._closed.until(stop - 1)
            bar = self.bars_before + stop - 1
            self.adaptation, controls = adapt(self.terms, self.adaptation, outcomes, base, bar)
            self._last = base, controls

        begun = time.perf_counter()
        if self._try(learn):
            self.updates += 1
            self.update_seconds += time.perf_counter() - begun

    # ---- inside a stretch, rows [start, stop) at a time

    def ahead(self, base: Controls) -> Ahead:
        """Return what is done with the rows of a stretch for which the configuration gives `base`."""
        return Ahead(partial(self.before_blend, base), self.after_fill, self.learn)

    def learn(self, strategy: int, plans: Sequence[ExitPlan]) -> None:
        """Write down the plans of single entries that a strategy has come to use."""
        self.account.sheet.table.learn(strategy, plans)
        if self.shadow is not None:
            self.shadow.sheet.table.learn(strategy, plans)

    def before_blend(self, base: Controls, start: int, stop: int) -> None:
        """Decide what is heard of the opinions on rows that are known now."""
        if self.heard is None:
            return
        heard = self.heard

        def sift() -> None:
            said, sure = heard.sides(start, stop), heard.confidences(start, stop)
            self._quality = self._judged(base, said, sure, start, stop)
            fate = self._fates(base, said, start)
            heard.fill(start, said, sure, fate)
            self._note(start, stop, fate)

        if not self._try(sift):
            heard.copy(start, stop)

    def after_fill(self, start: int, stop: int) -> None:
        """Write plans and sizes of what rows of targets ask for, and the rows of the shadow book."""

        def ask() -> None:
            if self.shadow is not None and self.heard is not None and self.heard.is_shadowing:
                self.shadow.sheet.fill(start, stop)
            if self.chooses_plans:
                books = [self.account] if self.shadow is None else [self.account, self.shadow]
                choose_plans(
                    self.terms, self.adaptation.table, books, self.label, start, stop, seed=self.seed,
                    bars_before=self.bars_before, packaged=self.packaged, noted=self.noted,
                )  # fmt: skip
            if self.scales_sizes:
                scale_sizes(self.terms, self.account, self.label, self._quality, self._factor, start, stop)

        self._try(ask)

    def _judged(
        self, base: Controls, said: SideArray, sure: npt.NDArray[np.float32], start: int, stop: int
    ) -> FloatArray:  # fmt: skip
        """Return (R, N, S) the quality of what those who may trade say."""
        may = base.enabled & self.adaptation.health.may_trade
        side = np.where(may[:, None, None], said, 0).transpose(1, 2, 0)
        higher = None if self.higher is None else self.higher[:, start:stop]
        label, rates = self.label[start:stop], self.adaptation.rates
        quality = signal_quality(self.terms, rates, side, sure.transpose(1, 2, 0), label, higher)
        for strategy, number in self._packages(start, stop):
            quality[:, :, strategy] = package_means(quality[:, :, strategy], number)
        return quality

    def _packages(self, start: int, stop: int) -> Iterator[tuple[int, IntArray]]:
        """Yield each strategy that trades packages, and the numbers (R, N) of those on rows [start, stop)."""
        for strategy, one in enumerate(() if self.heard is None else self.heard.said):
            if one.legs is not None:
                yield strategy, package_numbers(one.legs[start:stop])

    def _fates(self, base: Controls, said: SideArray, start: int) -> FateArray:
        optimization, health = self.terms.optimization, self.adaptation.health
        fate, entering = np.full(said.shape, LET), np.abs(said) == 1
        if optimization.enabled and optimization.enable_quality_filtering:
            fate[~passes(self.terms, self._quality).transpose(2, 0, 1)] = LOW_QUALITY
        if optimization.enabled and optimization.cooldown is not None:
            for row in range(said.shape[1]):
                fate[:, row][self.adaptation.cooldowns.resting(self.bars_before + start + row)] = RESTING
            for strategy, number in self._packages(start, start + said.shape[1]):
                fate[strategy][package_any((fate[strategy] == RESTING) & entering[strategy], number)] = RESTING
        fate[health.state == IS_SUSPENDED] = SUSPENDED
        if self.terms.chooses_strategies:
            may = base.enabled & health.may_trade
            wants = (fate == LET) & entering & (may & ~self.packaged)[:, None, None]
            passed = choose_strategies(
                self.terms, self.adaptation.table, wants, self.label, start, seed=self.seed,
                bars_before=self.bars_before, noted=self.noted,
            )  # fmt: skip
            fate[passed] = NOT_CHOSEN
        # what nobody learns of, the retired and the disabled, is kept away by whoever combines
        fate[(health.state > IS_SUSPENDED) | ~base.enabled] = LET
        return fate

    def _note(self, start: int, stop: int, fate: FateArray) -> None:
        if self.noted.quality is not None:
            self.noted.quality[start:stop] = self._quality
        if self.noted.fate is not None:
            self.noted.fate[:, start:stop] = fate

    def _try(self, step: Callable[[], None]) -> bool:
        """Take a step, unless one has failed before; return whether it was taken."""
        if self.fault:
            return False
        try:
            step()
        except Exception as error:  # whatever fails here is beside the run, which goes on and says so
            self.fault = f"{type(error).__name__}: {error}"
            warnings.warn(
                f"what adapts stopped on the way, and the run goes on with the controls that it had: {self.fault}",
                stacklevel=2,
            )
            return False
        return True


def voices(held: Sequence[tuple[int, Controls]], bars: int) -> FloatArray:
    """Return (T, S) how much each strategy's opinion counted on each bar, by the controls from each bar on."""
    starts = np.array([start for start, _ in held])
    weights = np.array([controls.weight for _, controls in held])
    counted: FloatArray = weights[np.searchsorted(starts, np.arange(bars), side="right") - 1]
    return counted
