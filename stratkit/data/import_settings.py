"""`ImportSettings`: how files of bars are read into a store. Nothing about a file is guessed."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from stratkit.data.settings import COLUMNS, known_columns, known_frequency
from stratkit.data.symbols import check_symbol
from stratkit.data.zones import known_zone
from stratkit.errors import UsageError

FIELDS_OF_FILES: Final = (*COLUMNS, "clock")


class ImportSettings(BaseModel):
    """How files are read, and where their bars go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: str = Field("bars", description="root of the store to write to")
    symbol: str | None = Field(None, description="symbol of a file that names none; none = the file's name in capitals")
    tz: str | None = Field(None, description="zone of stamps without one; for daily bars, the zone of their midnight")
    epoch: Literal["s", "ms", "us", "ns"] | None = Field(None, description="unit of stamps that count from 1970")
    stamp: Literal["start", "end"] = Field("start", description="whether a stamp is the start or the end of its bar")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="our column name -> the file's; clock = the time of day, where the date has a column of its own",
    )
    frequency: str | None = Field(None, description="frequency the bars must have; none = as measured")
    skip_rows: int = Field(0, ge=0, description="lines before the header of a text file")
    names: tuple[str, ...] | None = Field(None, description="column names of a text file without a header of its own")
    delimiter: str = Field(",", min_length=1, max_length=1, description="character between the values of a text file")
    decimal: Literal[".", ","] = Field(".", description="decimal point of a text file")
    date_format: str | None = Field(None, description="strftime format of text stamps; none = ISO 8601")
    sort: bool = Field(False, description="put rows in order of their stamps")
    duplicates: Literal["refuse", "first", "last"] = Field(
        "refuse", description="which row stays where a stamp repeats, counted in the order of the file"
    )
    overwrite: bool = Field(False, description="replace files that are there")

    @field_validator("tz")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        return value if value is None else known_zone(value)

    @field_validator("symbol")
    @classmethod
    def _is_a_symbol(cls, value: str | None) -> str | None:
        try:
            return value if value is None else check_symbol(value)
        except UsageError as error:
            raise ValueError(str(error)) from None

    @field_validator("frequency")
    @classmethod
    def _is_a_frequency(cls, value: str | None) -> str | None:
        return value if value is None else known_frequency(value)

    @field_validator("columns")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        return known_columns(value, FIELDS_OF_FILES)
