"""`WalkForwardSettings`: how `stratkit walkforward` divides the bars, and what happens where parameters change."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stratkit.errors import UsageError
from stratkit.research.lengths import Length, length_of

LengthText = int | str


class WalkForwardSettings(BaseModel):
    """Settings of a walk-forward; how each fold searches stands under ``search``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["rolling", "anchored", "combinatorial"] = Field(
        "rolling",
        description="training on the last bars before each test, on all bars before it, or on all but the test folds",
    )
    train: LengthText = Field(
        "5y", description="length of the training: bars, such as 1250, or a time, such as 90d, 8w, 6m, 5y"
    )
    test: LengthText = Field("1y", description="length of each test, in bars or as a time like train")
    step: LengthText | None = Field(
        None, description="from one test to the next, at most a test; none = a test, so that none overlap"
    )
    purge_bars: int = Field(
        0, ge=0, description="training bars left out before each test, and behind it where some are"
    )
    embargo_bars: int = Field(
        0, ge=0, description="training bars left out behind each test beside those; combinatorial"
    )
    folds: int = Field(6, ge=3, le=32, description="equal parts of the bars; combinatorial")
    test_folds: int = Field(2, ge=1, le=16, description="parts that each split tests on; combinatorial")
    on_switch: Literal["adopt", "keep", "close"] = Field(
        "adopt",
        description="positions at a switch: as the new parameters would hold by then, had they traded since the first "
        "bar; those of the old ones kept until the new ones say otherwise; or all left; at the next open, at its costs",
    )

    @field_validator("train", "test", "step")
    @classmethod
    def _is_a_length(cls, value: LengthText | None) -> LengthText | None:
        try:
            if value is not None:
                length_of(value)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _fits(self) -> WalkForwardSettings:
        lengths = [length_of(text) for text in (self.train, self.test, self.step) if text is not None]
        if len({one.is_time for one in lengths}) > 1:
            raise ValueError("train, test and step must all be bars, or all be times; found both")
        if self.test_folds >= self.folds:
            raise ValueError(f"test_folds must be below folds; found {self.test_folds} of {self.folds}")
        if self.embargo_bars and self.method != "combinatorial":
            raise ValueError("embargo_bars has no meaning without training behind a test: use purge_bars")
        return self

    @property
    def lengths(self) -> tuple[Length, Length, Length]:
        """Training, test and step."""
        train, test = length_of(self.train), length_of(self.test)
        return train, test, test if self.step is None else length_of(self.step)
