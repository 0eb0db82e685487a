"""Settings of the risk room: how much is asked for, and what may not be exceeded."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stratkit.strategies.settings import warn_if_fraction

SizingRule = Literal[
    "fixed_fraction", "equal_weight", "volatility_target", "risk_per_trade", "fractional_kelly", "fixed_units"
]


class SizingSettings(BaseModel):
    """How a position's size is asked for; the strategy's own `size` replaces the number, not the rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: SizingRule = Field("fixed_fraction", description="how `size` becomes a quantity")
    fraction: float = Field(1.0, gt=0, description="of equity per position (fixed_fraction)")
    positions: int | None = Field(
        None, ge=1, description="equity is divided by this many (equal_weight); none = number of symbols"
    )
    vol_target_ann: float = Field(0.10, gt=0, description="yearly volatility asked for (volatility_target)")
    vol_bars: int = Field(20, ge=2, description="bars of the volatility estimate (volatility_target)")
    bars_per_year: float | None = Field(
        None, gt=0, description="annualises that estimate; none = 252 daily, 52 weekly, 12 monthly, needed for others"
    )
    max_fraction: float = Field(2.0, gt=0, description="largest fraction of equity (volatility_target)")
    risk_pct: float = Field(1.0, gt=0, description="percent of equity lost at the stop (risk_per_trade)")
    kelly_fraction: float = Field(0.5, gt=0, le=1, description="share of full Kelly (fractional_kelly)")
    kelly_min_trades: int = Field(20, ge=1, description="closed trades before Kelly is estimated")
    kelly_start: float = Field(0.10, gt=0, description="Kelly fraction until then")
    units: float = Field(1.0, gt=0, description="units per position (fixed_units)")
    scale_by_confidence: bool = Field(False, description="multiply the size by the confidence")


class CapSettings(BaseModel):
    """Global caps on entries, in percent of equity; none = off. Exits are never refused by a cap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk_basis: Literal["exposure", "stop"] = Field(
        "exposure", description="at risk is the position value, or the distance to its stop"
    )
    on_breach: Literal["reject", "scale"] = Field("reject", description="refuse what does not fit, or cut it")
    max_total_at_risk_pct: float | None = Field(None, gt=0, description="all positions [% of equity]")
    max_open_positions: int | None = Field(None, ge=1, description="positions open at once")
    max_symbol_pct: float | None = Field(None, gt=0, description="one symbol [% of equity]")
    max_gross_leverage: float | None = Field(None, gt=0, description="gross exposure [x equity]")
    max_net_pct: float | None = Field(None, ge=0, description="long minus short [% of equity]")

    @model_validator(mode="after")
    def _percent_not_fraction(self) -> CapSettings:
        for name in ("max_total_at_risk_pct", "max_symbol_pct", "max_net_pct"):
            warn_if_fraction(name, getattr(self, name))
        return self


class BreakerSettings(BaseModel):
    """Circuit breakers, evaluated at each close; while one is closed no entry is made. None = off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_drawdown_pct: float | None = Field(None, gt=0, lt=100, description="drawdown from the peak [%]")
    max_daily_loss_pct: float | None = Field(None, gt=0, lt=100, description="loss within one session day [%]")
    max_consecutive_losses: int | None = Field(None, ge=1, description="losing trades in a row")
    reopen_after_bars: int | None = Field(
        None, ge=1, description="bars until the drawdown and losses breakers reopen; none = never"
    )
    cooldown_bars: int = Field(0, ge=0, description="bars without an entry in a slot after its stop")

    @model_validator(mode="after")
    def _percent_not_fraction(self) -> BreakerSettings:
        for name in ("max_drawdown_pct", "max_daily_loss_pct"):
            warn_if_fraction(name, getattr(self, name))
        return self


class RiskSettings(BaseModel):
    """Sizing, caps and breakers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizing: SizingSettings = Field(default_factory=SizingSettings, description="how much is asked for")
    caps: CapSettings = Field(default_factory=CapSettings, description="what entries may not exceed")
    breakers: BreakerSettings = Field(default_factory=BreakerSettings, description="when to stop entering")
