"""`CleanSettings`: what a cleaning needs to be told, because no file says it of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from stratkit.data.settings import known_frequency
from stratkit.data.zones import known_zone


class CleanSettings(BaseModel):
    """How bars are repaired; what is left out is not repaired."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repairs: tuple[str, ...] | None = Field(
        None,
        description="names of repairs or codes of findings; safe, or none = those that need no choice, or were told it",
    )
    tz: str | None = Field(None, description="zone of stamps without one")
    stamp: Literal["start", "end"] = Field("start", description="whether a stamp is the start or the end of its bar")
    frequency: str | None = Field(None, description="length of a bar, for stamps of its end; none = as measured")
    keep: Literal["first", "last", "volume"] | None = Field(
        None, description="which of several rows of one stamp stays: first, last or the one of the largest volume"
    )
    price_scale: float | None = Field(None, gt=0, description="prices are divided by this, such as 100000 for points")
    widen_bps: float = Field(
        1.0, ge=0, description="high and low are widened to hold open and close when this far off [bps of the close]"
    )
    actions_path: str | None = Field(None, description="file of splits, for stretches that are not adjusted for them")

    @field_validator("tz")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        return value if value is None else known_zone(value)

    @field_validator("frequency")
    @classmethod
    def _is_a_frequency(cls, value: str | None) -> str | None:
        return value if value is None else known_frequency(value)
