"""`ExitPlan`: how a position is left, expressed in R, the initial risk of one unit; and the profiles, plans by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from stratkit.errors import UsageError, did_you_mean

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


def percent_plan(stop_loss_pct: float | None, take_profit_pct: float | None) -> ExitPlan | None:
    """Return the plan of a stop, a target or both in percent of the entry price, None for neither.

    >>> plan = percent_plan(5.0, 10.0)
    >>> plan.risk_basis, plan.risk, plan.sl, plan.tp1
    ('percent', 5.0, 1.0, 2.0)
    """
    if stop_loss_pct is not None:
        target = None if take_profit_pct is None else take_profit_pct / stop_loss_pct
        return ExitPlan(risk_basis="percent", risk=stop_loss_pct, sl=1.0, tp1=target, f1=1.0)
    if take_profit_pct is not None:
        return ExitPlan(risk_basis="percent", risk=take_profit_pct, tp1=1.0, f1=1.0)
    return None


def _kind(value: object) -> str:
    return "name" if isinstance(value, str) else "plan"


# a plan, or the name of a profile or of one of the configuration's `exit_plans`
PlanOrName: TypeAlias = Annotated[Annotated[ExitPlan, Tag("plan")] | Annotated[str, Tag("name")], Discriminator(_kind)]
Suits = Literal["T", "R", "H", "L"]


@dataclass(frozen=True)
class ExitProfile:
    """A plan with the markets it suits: T trending, R ranging, H high and L low volatility.

    `min_confidence` is that of the opinions it is meant for, which a selector of profiles looks at.
    """

    name: str
    plan: ExitPlan
    min_confidence: float
    suits: tuple[Suits, ...]


def _profiles() -> Iterator[ExitProfile]:
    rows: tuple[tuple[str, tuple[float, ...], tuple[Suits, ...]], ...] = (
        # sl, tp1-3, be, f1-3, trail_at, trail_by, risk_multiplier, min_confidence
        ("defensive", (1.0, 1.5, 2.5, 4.0, 1.0, 0.5, 0.3, 0.2, 2.5, 0.8, 0.8, 0.45), ("T", "R", "L")),
        ("moderate", (1.0, 2.0, 3.5, 5.5, 1.2, 0.5, 0.3, 0.2, 3.0, 1.0, 1.0, 0.48), ("T", "R", "H", "L")),
        ("moderate_aggressive", (1.0, 2.5, 4.0, 6.0, 1.5, 0.5, 0.3, 0.2, 3.5, 1.0, 1.1, 0.50), ("T", "H")),
        ("balanced_aggressive", (1.5, 4.0, 6.0, 10.0, 2.0, 0.5, 0.3, 0.2, 5.0, 1.2, 1.2, 0.52), ("T", "H")),
        ("ultra_aggressive", (1.0, 3.0, 5.0, 8.0, 1.5, 0.5, 0.3, 0.2, 4.0, 1.0, 1.0, 0.53), ("T", "H")),
        ("scalp", (0.8, 1.2, 1.8, 2.5, 0.6, 0.6, 0.3, 0.1, 1.5, 0.6, 0.7, 0.55), ("R", "L")),
        ("trend_rider", (2.0, 5.0, 8.0, 12.0, 2.5, 0.3, 0.3, 0.4, 6.0, 1.5, 1.3, 0.60), ("T", "H")),
    )
    names = ("sl", "tp1", "tp2", "tp3", "be", "f1", "f2", "f3", "trail_at", "trail_by", "risk_multiplier")
    for name, (*values, min_confidence), suits in rows:
        plan = ExitPlan.model_validate({"risk_basis": "atr", "risk": 1.0, "atr_bars": 14, **dict(zip(names, values))})
        yield ExitProfile(name, plan, min_confidence, suits)
    # risk off: no entry has a size
    yield ExitProfile("none", ExitPlan(risk_multiplier=0.0), 1.0, ())


PROFILES: Final[Mapping[str, ExitProfile]] = {profile.name: profile for profile in _profiles()}


def find_plan(given: PlanOrName, own: Mapping[str, ExitPlan]) -> ExitPlan:
    """Return the plan that a setting gives or names: one of `own`, by its name, else a profile.

    >>> find_plan("scalp", {}).tp1
    1.2
    """
    if isinstance(given, ExitPlan):
        return given
    if given in own:
        return own[given]
    if given in PROFILES:
        return PROFILES[given].plan
    raise UsageError(f"unknown exit plan {given!r}; {did_you_mean(given, [*own, *PROFILES])}")
