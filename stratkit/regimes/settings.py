"""`RegimeSettings`: how the state of the market is named on each bar."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

RegimeWord = Literal["bull", "bear", "chop"]
RegimeMethod = Literal["rules", "volatility", "trend", "hmm", "markov", "jump", "cusum"]


class RuleSettings(BaseModel):
    """Thresholds of the seven regimes by rule.

    Fixed figures do not fit every market and bar size: with `thresholds: quantile` those of volatility and trend are
    quantiles of what each symbol showed before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: Literal["fixed", "quantile"] = Field("fixed", description="fixed figures, or quantiles of the past")
    trend_adx: float = Field(25.0, gt=0, description="ADX from which a market trends (fixed)")
    trend_strength: float = Field(0.3, gt=0, le=1, description="size of trend strength from which it does (fixed)")
    high_vol_atr_pct: float = Field(6.0, gt=0, description="ATR/price from which volatility is high [%] (fixed)")
    range_vol_atr_pct: float = Field(4.0, gt=0, description="ATR/price from which a range is a wild one [%] (fixed)")
    high_vol_quantile: float = Field(0.95, gt=0, lt=1, description="of past ATR/price: high volatility (quantile)")
    range_vol_quantile: float = Field(0.80, gt=0, lt=1, description="of past ATR/price: a wild range (quantile)")
    trend_quantile: float = Field(0.60, gt=0, lt=1, description="of past ADX and trend strength (quantile)")
    illiquid_value: float = Field(0.3, gt=0, description="traded value over its median below which trading is thin")
    illiquid_spread_quantile: float = Field(0.9, gt=0, lt=1, description="of the past spread estimate: a wide one")
    value_bars: int = Field(50, ge=2, description="bars of the median of traded value")
    quantile_bars: int = Field(252, ge=20, description="bars of the past that quantiles are taken of")

    @model_validator(mode="after")
    def _ordered(self) -> RuleSettings:
        if self.range_vol_atr_pct > self.high_vol_atr_pct or self.range_vol_quantile > self.high_vol_quantile:
            raise ValueError("a wild range must begin below high volatility: lower range_vol_*, or raise high_vol_*")
        return self


class FitSettings(BaseModel):
    """When the parameters of a fitted method are learned, always from bars that are past."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    states: int = Field(2, ge=2, le=6, description="states of a hidden Markov, Markov-switching or jump model")
    min_bars: int = Field(252, ge=30, description="bars before the first fit; no label until then")
    refit_bars: int = Field(63, ge=1, description="bars between two fits")
    window_bars: int | None = Field(None, ge=30, description="bars that a fit looks back on; none = all")
    restarts: int = Field(3, ge=1, description="random starts of a fit, of which the likeliest is kept")
    jump_penalty: float = Field(50.0, gt=0, description="price of a change of state (jump)")
    cusum_threshold: float = Field(5.0, gt=0, description="standard deviations that add up to an alarm (cusum)")
    cusum_drift: float = Field(0.5, ge=0, description="standard deviations that are forgiven each bar (cusum)")


class RegimeSettings(BaseModel):
    """How regimes are labelled, for the report, for what adapts, and for strategies that ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: RegimeMethod = Field("rules", description="what names the state of a bar")
    scope: Literal["symbol", "market"] = Field(
        "symbol", description="labels of each symbol, or of the equally weighted market for all of them"
    )
    rules: RuleSettings = Field(default_factory=RuleSettings, description="thresholds of the seven regimes by rule")
    fit: FitSettings = Field(default_factory=FitSettings, description="how fitted methods learn")
    vol_bars: int = Field(21, ge=2, description="bars of a volatility estimate (volatility)")
    words: dict[str, RegimeWord] = Field(
        default_factory=dict, description="word for each regime that per-bar strategies are told; others by default"
    )
