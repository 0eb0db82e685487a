"""`OptimizationSettings` and `SelectorSettings`: what may adapt to closed trades, and how; off by default."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from stratkit.data.settings import known_frequency
from stratkit.errors import UsageError, did_you_mean
from stratkit.features.completed import is_same_length
from stratkit.plans import PROFILES

RegimeKind = Literal["trending", "ranging", "volatile", "other"]
PolicyName = Literal["epsilon_greedy", "ucb1", "thompson", "discounted", "sliding_window"]
Unit = Annotated[float, Field(ge=0, le=1)]
_TRAITS: Final = r"[TRHL]*|-"

TREND: Final[dict[RegimeKind, float]] = {"trending": 0.9, "ranging": 0.4, "volatile": 0.5, "other": 0.5}
REVERSION: Final[dict[RegimeKind, float]] = {"trending": 0.4, "ranging": 0.9, "volatile": 0.5, "other": 0.5}
FACTORS: Final[dict[RegimeKind, float]] = {"trending": 1.1, "ranging": 0.8, "volatile": 0.7, "other": 1.0}


def _letters(traits: str) -> str:
    if re.fullmatch(_TRAITS, traits) is None:
        raise ValueError(f"must be letters of T R H L, '' for any, or '-' for risk off; found {traits!r}")
    return traits


Traits = Annotated[str, AfterValidator(_letters), Field(json_schema_extra={"pattern": f"^({_TRAITS})$"})]


class QualitySettings(BaseModel):
    """How good a signal must be, from 0 to 1, before it may be traded.

    Quality = (0.3 confidence + 0.3 alignment + 0.4 success rate) x (0.5 + 0.5 min(confluence / 3, 1)) x regime factor.
    Confluence counts the strategies that take the side, and the higher timeframes whose trend is on it: those whose
    last completed bar closed above its average for a long, below it for a short.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float = Field(0.7, gt=0, le=1, description="least quality of a signal that is traded")
    success_min_trades: int = Field(
        5, ge=1, description="closed trades of strategy, symbol, side and regime before their success rate replaces 0.5"
    )
    timeframes: tuple[str, ...] = Field(
        (),
        description="higher timeframes, such as 1w on daily bars, whose trend counts as a voice that agrees; none = "
        "only strategies count",
    )
    trend_window_bars: int = Field(
        20, ge=2, description="completed bars of a higher timeframe in the average that its last close is held against"
    )
    alignment: dict[str, dict[RegimeKind, Unit]] = Field(
        default_factory=lambda: {
            "trend": TREND, "momentum": TREND, "breakout": TREND, "mean_reversion": REVERSION,
        },
        description="how well a family of strategies fits a kind of regime; 0.5 where nothing is said",
    )  # fmt: skip
    regime_factor: dict[RegimeKind, Annotated[float, Field(gt=0)]] = Field(
        default_factory=lambda: dict(FACTORS), description="what quality and sizes are multiplied by in each kind"
    )

    @field_validator("timeframes")
    @classmethod
    def _differ(cls, timeframes: tuple[str, ...]) -> tuple[str, ...]:
        words = tuple(known_frequency(timeframe) for timeframe in timeframes)
        if any(is_same_length(*two) for two in combinations(words, 2)):
            raise ValueError(f"timeframes must differ in length; found {', '.join(timeframes)}")
        return words


class WeightSettings(BaseModel):
    """What scores of strategies are made of; a weight moves by 15 % at most per update and stays in 0.1 .. 2."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score_trades: int = Field(50, ge=2, description="last closed trades of a strategy that it is measured on")
    min_trades: int = Field(20, ge=1, description="closed trades before a strategy's score can differ from 1")


class HealthSettings(BaseModel):
    """When a strategy degrades, is suspended, retired, or comes back; one figure out of bounds degrades it.

    The public system waits by the clock, a day and three. On daily bars that is one bar and three, in which hardly a
    trade closes, so a step down asks for new trades as well: nobody is judged twice by the same ones. A suspended
    strategy has them in the shadow book. A retired one stays so for as long as its state is kept; `--fresh-state`, or
    another `state_path`, is its way back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_trades: int = Field(20, ge=1, description="closed trades before a strategy is judged")
    min_expectancy_r: float = Field(0.1, description="least mean of a trade [R]")
    min_profit_factor: float = Field(0.8, ge=0, description="least gains over losses")
    min_win_rate: float = Field(0.35, ge=0, le=1, description="least share of trades that earn [fraction]")
    max_drawdown_pct: float = Field(15.0, gt=0, description="largest fall of added-up P&L per trade's value [%]")
    max_losses_in_row: int = Field(10, ge=1, description="losses in a row that degrade")
    min_new_trades: int = Field(
        5, ge=0, description="trades that must have closed since the last change of state before a step down; 0 = none"
    )
    degraded_hours: float = Field(24.0, gt=0, description="hours of the calendar degraded before suspension")
    suspended_hours: float = Field(72.0, gt=0, description="hours of the calendar suspended before retirement")
    degraded_bars: int | None = Field(None, ge=1, description="bars degraded before suspension; none = by hours")
    suspended_bars: int | None = Field(None, ge=1, description="bars suspended before retirement; none = by hours")
    recovery_pct: float = Field(
        15.0, ge=0, description="rise of expectancy over that at suspension that brings a strategy back [%]"
    )


class PauseSettings(BaseModel):
    """How long a strategy leaves a symbol alone in which it keeps losing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    losses_in_row: int = Field(3, ge=1, description="losses in a row of a strategy in one symbol")
    bars: int = Field(10, ge=1, description="bars without its entries in that symbol after them")


class OptimizationSettings(BaseModel):
    """What is learned from closed trades between two stretches of bars; it never raises a cap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(False, description="whether anything below takes place")
    enable_quality_filtering: bool = Field(True, description="refuse signals whose quality is below the threshold")
    enable_size_multiplier: bool = Field(True, description="scale sizes by quality, score and regime, in 0.1 .. 2")
    enable_adaptive_weighting: bool = Field(True, description="move weights of strategies by their scores")
    enable_retirement_management: bool = Field(True, description="suspend and retire strategies that fail")
    update_interval_seconds: float | None = Field(
        None, gt=0, description="seconds of bar time between two updates; none = a day, or update_every_bars"
    )
    update_every_bars: int | None = Field(None, ge=1, description="bars between two updates; none = by seconds")
    quality: QualitySettings = Field(default_factory=QualitySettings, description="quality of signals")
    weights: WeightSettings = Field(default_factory=WeightSettings, description="scores and weights of strategies")
    health: HealthSettings = Field(default_factory=HealthSettings, description="health of strategies")
    cooldown: PauseSettings | None = Field(None, description="rest after losses in a row; none = off")
    regime_kinds: dict[str, RegimeKind] = Field(
        default_factory=dict, description="kind of a regime by its name, where it differs from the built-in table"
    )
    state_path: Path | None = Field(
        None,
        description="file that `stratkit backtest` goes on from, where it exists, and keeps what it learned in at the "
        "end; whatever replays many times leaves it alone; none = off",
    )

    @model_validator(mode="after")
    def _one_pace(self) -> OptimizationSettings:
        if self.update_interval_seconds is not None and self.update_every_bars is not None:
            raise ValueError("updates must be paced by update_interval_seconds or update_every_bars; found both")
        return self


class SelectorSettings(BaseModel):
    """How an exit profile, or a strategy, is chosen for each entry by what it earned in that symbol and regime."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(False, description="whether choices are made")
    over: Literal["profiles", "strategies"] = Field("profiles", description="what is chosen")
    policy: PolicyName = Field("epsilon_greedy", description="how trying and using are balanced")
    scope: Literal["symbol", "market"] = Field("symbol", description="learn for each symbol, or for all together")
    profiles: tuple[str, ...] = Field(
        tuple(name for name in PROFILES if name != "none"), min_length=1, description="exit profiles that compete"
    )
    default: str = Field("ultra_aggressive", description="profile that is used until something is known")
    cold_start_trades: int = Field(
        1, ge=0, description="closed trades of a symbol in a regime before there is a choice"
    )
    epsilon: Unit = Field(0.10, description="share of choices that try something at random (epsilon_greedy)")
    epsilon_decay: float = Field(
        1.0, gt=0, le=1, description="epsilon is multiplied by this per closed trade of a symbol in a regime"
    )
    epsilon_min: Unit = Field(0.01, description="to which it may fall")
    alpha: float = Field(0.20, gt=0, le=1, description="how much the last trade counts in Q")
    reward_range_r: tuple[float, float] = Field(
        (-2.0, 4.0), description="rewards are held within, all policies but epsilon_greedy [R]"
    )
    bound_width: float = Field(
        0.25,  # 1.5 R of noise in a range of 6 R; 1 is UCB1 as published, for rewards of which no more is known
        gt=0,
        description="bonus for the little tried: a reward's standard deviation over the range of rewards (ucb1, "
        "discounted, sliding_window)",
    )
    reward_sd_r: float = Field(1.5, gt=0, description="standard deviation of a reward that thompson assumes [R]")
    discount: float = Field(0.995, gt=0, lt=1, description="what older trades count per newer one (discounted)")
    window_trades: int = Field(200, ge=2, description="last trades that count (sliding_window)")
    traits: dict[str, Traits] = Field(
        default_factory=dict,
        description="what a profile must suit in a regime, of T R H L; '' = all compete, '-' = risk off",
    )
    state_path: Path | None = Field(
        None, description="like optimization.state_path, for both: one file holds all that was learned"
    )

    @model_validator(mode="after")
    def _known(self) -> SelectorSettings:
        for name in self.profiles:
            if name not in PROFILES or name == "none":
                raise ValueError(f"profiles must be exit profiles; found {name!r}; {did_you_mean(name, PROFILES)}")
        if len(set(self.profiles)) != len(self.profiles):
            raise ValueError("profiles must differ; found one twice")
        if self.default not in self.profiles:
            raise ValueError(
                f"default must be one of profiles; found {self.default!r}; {did_you_mean(self.default, self.profiles)}"
            )
        if not self.reward_range_r[0] < self.reward_range_r[1]:
            raise ValueError(f"reward_range_r must rise; found {self.reward_range_r}")
        if self.epsilon_min > self.epsilon:
            raise ValueError(f"epsilon_min must not exceed epsilon; found {self.epsilon_min} and {self.epsilon}")
        return self


def state_file(*blocks: OptimizationSettings | SelectorSettings | None) -> Path | None:
    """Return the file of what was learned, None = off; raise `UsageError` where two are named."""
    paths = {block.state_path for block in blocks if block is not None and block.enabled and block.state_path}
    if len(paths) > 1:
        raise UsageError(
            "optimization.state_path and meta_strategy.state_path must name one file, which holds both; found "
            f"{' and '.join(sorted(map(str, paths)))}: leave one of them out"
        )
    return next(iter(paths), None)
