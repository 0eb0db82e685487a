"""`StrategySettings`: one strategy of a configuration."""

from __future__ import annotations

import warnings
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stratkit.plans import PlanOrName
from stratkit.strategies.parameters import ParameterValue

PRIORITY_WORDS: Final = {"LOW": 1, "MEDIUM": 2, "HIGH": 3}


class RiskBudgets(BaseModel):
    """What one strategy may use of the account; none = off. Held to before the caps of the whole account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_at_risk_pct: float | None = Field(None, gt=0, description="all positions of the strategy [% of equity]")
    max_trades_per_cycle: int | None = Field(
        None, ge=1, description="new opinions to enter per bar; the most confident stay"
    )

    @model_validator(mode="after")
    def _percent_not_fraction(self) -> RiskBudgets:
        warn_if_fraction("max_at_risk_pct", self.max_at_risk_pct)
        return self


class StrategySettings(BaseModel):
    """Which strategy to run, with which parameters, budgets and voice; off until enabled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(False, description="whether the strategy takes part")
    type: str | None = Field(
        None, min_length=1, description="name of a built-in strategy, or path/to/file.py:Class; or give class_name"
    )
    module_path: str | None = Field(
        None, min_length=1, description="module or path/to/file.py of a strategy of your own, beside class_name"
    )
    class_name: str | None = Field(None, min_length=1, description="class in module_path; used in the place of type")
    description: str = Field("", description="what it is for, in your own words")
    risk_budgets: RiskBudgets = Field(default_factory=RiskBudgets, description="what it may use of the account")
    weight: float = Field(
        1.0, ge=0, description="how much its opinion counts beside others; with independent books it multiplies sizes"
    )
    priority: int | Literal["LOW", "MEDIUM", "HIGH"] = Field(
        0, description="who wins when combined by priority, the highest; LOW, MEDIUM, HIGH count as 1, 2, 3"
    )
    every_bars: int = Field(1, ge=1, description="it is asked on every n-th bar only")
    symbols: tuple[str, ...] | None = Field(None, min_length=1, description="symbols it may trade; None = all")
    timeframe: str | None = Field(
        None, description="coarser bars that it looks at, such as 1d, joined when they are complete; none = the run's"
    )
    exit_plan: PlanOrName | None = Field(
        None, description="how its positions are left: a plan, or a profile's name; none = the configuration's"
    )
    params: dict[str, ParameterValue] = Field(
        default_factory=dict, description="parameters by name; what is not given keeps its default"
    )

    @model_validator(mode="after")
    def _named(self) -> StrategySettings:
        if (self.module_path is None) != (self.class_name is None):
            raise ValueError("module_path and class_name must be given together; found one of them")
        if self.type is None and self.class_name is None:
            raise ValueError("type must be given, or module_path with class_name; found neither")
        if self.type is not None and self.class_name is not None:
            raise ValueError("type and class_name name the same thing; found both: leave one out")
        return self

    @property
    def spec(self) -> str:
        """What the catalog finds the strategy by: a name, ``path/to/file.py:Class`` or ``package.module:Class``."""
        return self.type if self.type is not None else f"{self.module_path}:{self.class_name}"

    @property
    def rank(self) -> int:
        """The priority as a number."""
        return PRIORITY_WORDS[self.priority] if isinstance(self.priority, str) else self.priority


def warn_if_fraction(name: str, percent: float | None) -> None:
    """Warn when a percentage looks like a fraction: 0.15 means 0.15 %."""
    if percent is not None and 0 < percent < 1:
        warnings.warn(f"{name}: {percent:g} means {percent:g} %, did you mean {percent * 100:g}?", stacklevel=2)
