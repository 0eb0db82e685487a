"""`StrategySettings`: one strategy of a configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from stratkit.strategies.parameters import ParameterValue


class StrategySettings(BaseModel):
    """Which strategy to run, with which parameters, on which symbols; off until enabled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(False, description="whether the strategy takes part")
    type: str = Field(min_length=1, description="name of a built-in strategy, or path/to/file.py:Class")
    description: str = Field("", description="what it is for, in your own words")
    params: dict[str, ParameterValue] = Field(
        default_factory=dict, description="parameters by name; what is not given keeps its default"
    )
    symbols: tuple[str, ...] | None = Field(None, description="symbols it may trade; None = all")
