"""Settings of the analytics room: what a run is measured against."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator


class AnalyticsSettings(BaseModel):
    """Benchmark, yearly rates and confidence of the scorecard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str | None = Field(
        default="equal_weight",
        description="buy and hold of this symbol of the bars, or of all of them (equal_weight); none = no benchmark",
    )
    risk_free_ann: float = Field(default=0.0, gt=-1, lt=10, description="risk-free rate a year [fraction]")
    mar_ann: float = Field(default=0.0, gt=-1, lt=10, description="minimum acceptable return a year [fraction]")
    periods_per_year: float | None = Field(
        default=None, gt=0, description="return periods a year; none = counted from the bars"
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="confidence of VaR and CVaR [fraction]")

    @field_validator("benchmark")
    @classmethod
    def _none_switches_off(cls, name: str | None) -> str | None:
        return None if name == "none" else name  # a word on the command line, where null cannot be typed


def per_period(rate_ann: float, per_year: float) -> float:
    """Return the compound rate per period of a yearly rate: ``(1 + rate)^(1/P) - 1``.

    >>> round(per_period(0.21, 2.0), 12)
    0.1
    """
    return float((1.0 + rate_ann) ** (1.0 / per_year) - 1.0)
