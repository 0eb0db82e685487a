"""`AdaptiveArms`: which configurations are replayed to judge what adapts: base, parts, the whole, and the references.

The base has everything adaptive off. Each part then stands alone on it, and all parts as they are configured. Against
them stand references of the bandit literature: every fixed profile (the best of them, by hindsight, is the comparator
of static regret), a choice at random, and with several strategies an equal weight for each. Nothing is remembered from
another run: the state file is neither read nor written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from stratkit.adaptive.settings import OptimizationSettings, SelectorSettings
from stratkit.backtest import RunConfig
from stratkit.regimes.settings import RegimeSettings

ArmRole = Literal["base", "part", "all", "fixed", "random", "equal"]

BASE: Final = "base"
ALL: Final = "all parts"
SELECTOR: Final = "meta selector"
RANDOM: Final = "random choice"
EQUAL: Final = "equal weights"
# a part by its name, and the switch that has it on
PARTS: Final[Mapping[str, str]] = {
    "quality filter": "enable_quality_filtering",
    "size multiplier": "enable_size_multiplier",
    "adaptive weights": "enable_adaptive_weighting",
    "retirement": "enable_retirement_management",
    "cooldown": "cooldown",
}
_NOTHING: Final[Mapping[str, Any]] = {"cooldown": None} | {name: False for name in PARTS.values() if name != "cooldown"}
_Block = TypeVar("_Block", OptimizationSettings, SelectorSettings)
_PACE: Final = 1000  # bars between two updates of what learns nothing; more would only fill the memory with draws


@dataclass(frozen=True)
class AdaptiveArm:
    """One configuration to replay; `is_seeded` where its choices hang on the seed, `note` what the table says of it."""

    name: str
    role: ArmRole
    config: RunConfig
    is_seeded: bool = False
    note: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether it is the layer or a part of it, and no reference."""
        return self.role in ("part", "all")


@dataclass(frozen=True)
class AdaptiveArms:
    """All arms, the base first, and `notes` on what was assumed; `fixed_noun` is what the fixed arms are."""

    arms: tuple[AdaptiveArm, ...]
    notes: tuple[str, ...]
    fixed_noun: str

    @property
    def base(self) -> AdaptiveArm:
        """The arm in which nothing adapts."""
        return self.arms[0]


def adaptive_arms(config: RunConfig) -> AdaptiveArms:
    """Return the arms that judge the adaptive layer of a configuration.

    Where it enables nothing, the layer is judged as it comes with everything on; where it labels no regimes, by rules.
    """
    notes = list(_notes(config))
    everything = not config.adapts
    optimization = _judged(config.optimization or OptimizationSettings(), everything)
    selector = _judged(config.meta_strategy or SelectorSettings(), everything)
    base = config.model_copy(
        update={"optimization": None, "meta_strategy": None, "regimes": config.regimes or RegimeSettings()}
    )
    chooses = selector.over == "profiles" or len(base.enabled()) > 1
    if not chooses:
        notes.append("there is one strategy, so that nothing can be chosen between strategies: no selector is judged")
        selector = selector.model_copy(update={"enabled": False})
    arms = [AdaptiveArm(BASE, "base", base, note="nothing adapts")]
    arms += _parts(base, optimization, selector, chooses)
    arms += _references(base, selector, chooses)
    return AdaptiveArms(tuple(arms), tuple(notes), "profile" if selector.over == "profiles" else "strategy")


def _notes(config: RunConfig) -> Iterator[str]:
    if not config.adapts:
        yield "the configuration enables nothing adaptive: judged is the layer as it comes, with everything on"
    if config.regimes is None:
        yield "the configuration labels no regimes: they are labelled by rules here (regimes: {method: rules})"
    if any(block is not None and block.state_path for block in (config.optimization, config.meta_strategy)):
        yield "every arm starts with nothing learned: the state file is neither read nor written"


def _judged(block: _Block, everything: bool) -> _Block:
    """Return a block that remembers nothing, switched on where everything is."""
    return block.model_copy(update={"state_path": None, **({"enabled": True} if everything else {})})


def _parts(
    base: RunConfig, optimization: OptimizationSettings, selector: SelectorSettings, chooses: bool
) -> Iterator[AdaptiveArm]:
    for name, switch in PARTS.items():
        if switch == "cooldown" and optimization.cooldown is None:
            continue
        on: Any = optimization.cooldown if switch == "cooldown" else True
        alone = optimization.model_copy(update={"enabled": True, **_NOTHING, switch: on})
        is_on = optimization.enabled and bool(getattr(optimization, switch))
        yield AdaptiveArm(name, "part", base.model_copy(update={"optimization": alone}), note=_note(is_on))
    draws = is_drawn(selector)
    if chooses:
        chooser = selector.model_copy(update={"enabled": True})
        changed = base.model_copy(update={"meta_strategy": chooser, "optimization": _off(optimization)})
        yield AdaptiveArm(SELECTOR, "part", changed, draws, _note(selector.enabled))
    whole = base.model_copy(update={"optimization": optimization, "meta_strategy": selector})
    yield AdaptiveArm(ALL, "all", whole, draws and selector.enabled, "as configured")


def _note(is_on: bool) -> str:
    return "alone" if is_on else "alone; off in the configuration"


def _off(optimization: OptimizationSettings) -> OptimizationSettings:
    """Return settings of which only the pace of updates is left, which holds for a selector as well."""
    return optimization.model_copy(update={"enabled": False})


def _references(base: RunConfig, selector: SelectorSettings, chooses: bool) -> Iterator[AdaptiveArm]:
    if len(base.enabled()) > 1:
        equal = {name: one.model_copy(update={"weight": 1.0}) for name, one in base.strategies.items()}
        yield AdaptiveArm(EQUAL, "equal", base.model_copy(update={"strategies": equal}), note="each strategy counts 1")
    if not chooses:
        return
    blind = {"enabled": True, "policy": "epsilon_greedy", "epsilon": 1.0, "epsilon_decay": 1.0, "cold_start_trades": 0}
    changed = {
        "meta_strategy": selector.model_copy(update=blind),
        "optimization": OptimizationSettings(update_every_bars=_PACE),
    }
    yield AdaptiveArm(RANDOM, "random", base.model_copy(update=changed), True, f"any {selector.over[:-1]} that suits")
    yield from _fixed(base, selector)


def _fixed(base: RunConfig, selector: SelectorSettings) -> Iterator[AdaptiveArm]:
    if selector.over == "profiles":
        bare = {name: one.model_copy(update={"exit_plan": None}) for name, one in base.strategies.items()}
        for name in selector.profiles:
            yield AdaptiveArm(
                f"fixed {name}", "fixed", base.model_copy(update={"exit_plan": name, "strategies": bare}),
                note=f"exit_plan: {name}",
            )  # fmt: skip
        return
    for name in base.enabled():
        one = {other: block.model_copy(update={"enabled": other == name}) for other, block in base.strategies.items()}
        yield AdaptiveArm(f"fixed {name}", "fixed", base.model_copy(update={"strategies": one}), note=f"--only {name}")


def is_drawn(selector: SelectorSettings) -> bool:
    """Whether the choices of a selector hang on random numbers.

    >>> is_drawn(SelectorSettings()), is_drawn(SelectorSettings(policy="ucb1"))
    (True, False)
    """
    return selector.policy == "thompson" or (selector.policy == "epsilon_greedy" and selector.epsilon > 0)
