"""`ExitPlan`: how a position is left, expressed in R, the initial risk of one unit."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

RiskBasis = Literal["atr", "percent", "distance"]


class ExitPlan(BaseModel):
    """Stop, targets, break-even, trailing and time stop of a position; `None` means off.

    R is `risk` x ATR of the decision bar (`risk_basis: atr`), `risk` percent of the entry price
    (`percent`), or `risk` in price units (`distance`), frozen at entry. All levels are measured
    from the entry fill price, slippage included. A 5 % stop with a 10 % target is
    ``{risk_basis: percent, risk: 5, sl: 1, tp1: 2, f1: 1}``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk_basis: RiskBasis = Field("atr", description="what R is measured in")
    risk: float = Field(1.0, gt=0, description="R: ATR multiple, percent of entry, or price units")
    atr_bars: int = Field(14, ge=1, le=1000, description="bars of the ATR when risk_basis is atr")
    sl: float | None = Field(None, gt=0, description="stop distance [R]")
    tp1: float | None = Field(None, gt=0, description="first target distance [R]")
    tp2: float | None = Field(None, gt=0, description="second target distance [R]")
    tp3: float | None = Field(None, gt=0, description="third target distance [R]")
    f1: float = Field(1.0, gt=0, le=1, description="fraction of the entry quantity left at tp1")
    f2: float = Field(0.0, ge=0, le=1, description="fraction of the entry quantity left at tp2")
    f3: float = Field(0.0, ge=0, le=1, description="fraction of the entry quantity left at tp3")
    be: float | None = Field(None, ge=0, description="excursion that moves the stop to entry [R]")
    trail_at: float | None = Field(None, ge=0, description="excursion that starts trailing [R]")
    trail_by: float | None = Field(None, gt=0, description="trailing distance from the extreme [R]")
    time_stop_bars: int | None = Field(None, ge=1, description="own bars after entry, then leave")
    risk_multiplier: float = Field(1.0, ge=0, description="multiplies the requested size")

    @model_validator(mode="after")
    def _hold_together(self) -> ExitPlan:
        targets = [(self.tp1, self.f1), (self.tp2, self.f2), (self.tp3, self.f3)]
        if (self.tp3 is not None and self.tp2 is None) or (self.tp2 is not None and self.tp1 is None):
            raise ValueError("targets must be given in order: tp1, then tp2, then tp3")
        levels = [level for level, _ in targets if level is not None]
        if levels != sorted(set(levels)):
            raise ValueError(f"targets must rise: tp1 < tp2 < tp3; found {levels}")
        closed = sum(fraction for level, fraction in targets if level is not None)
        if closed > 1 + 1e-9:
            raise ValueError(f"the fractions of the targets must sum to at most 1; found {closed:g}")
        if any(level is not None and fraction == 0 for level, fraction in targets):
            raise ValueError("a target must close a fraction above 0: give f1, f2 or f3 beside it")
        if self.trail_at is not None and self.trail_by is None:
            raise ValueError("trail_at needs trail_by, the distance to trail at")
        return self

    @property
    def needs_risk_unit(self) -> bool:
        """Whether any level of the plan is expressed in R."""
        return any(level is not None for level in (self.sl, self.tp1, self.be, self.trail_by))
