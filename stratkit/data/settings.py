"""`DataSettings`: which bars are asked for: where they are, which symbols, which dates."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stratkit.data.findings import acceptable
from stratkit.data.series_settings import SeriesSettings
from stratkit.errors import UsageError, did_you_mean
from stratkit.frequency import frequency_word
from stratkit.panel import parse_time

COLUMNS: Final = ("timestamp", "symbol", "open", "high", "low", "close", "volume")
Adjustment = Literal["splits", "total"]
_ISO: Final = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z?)?)?)?")


class DataSettings(BaseModel):
    """Which bars to load; every filter is pushed down to the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = Field(None, description="a store, a folder or a Parquet file; none = the bundled data")
    symbols: tuple[str, ...] | None = Field(None, description="symbols to load; none = all")
    start: str | None = Field(None, description="first date or time, UTC, ISO text; none = from the first bar")
    end: str | None = Field(
        None, description="last date or time, UTC, inclusive, a bare date as a whole; none = last bar"
    )
    trade_start: str | None = Field(
        None,
        description="first date or time, UTC, on which something may trade; earlier bars are history that strategies "
        "and indicators look back on, and count in no figure; none = the first bar",
    )
    frequency: str | None = Field(None, description="folder of a store, such as 1d; none = the only one")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="our column name -> the file's (timestamp, symbol, open, high, low, close, volume); "
        'volume: "" = the file has none',
    )
    detail_path: str | None = Field(
        None,
        description="finer bars of the same symbols, through which the inside of each bar is walked; none = assumed",
    )
    actions_path: str | None = Field(
        None, description="file of splits and cash dividends (timestamp, symbol, action, value); none = none are known"
    )
    adjust: Adjustment | None = Field(
        None,
        description="prices adjusted by the file of actions for what comes later: splits, or total = dividends too; "
        "none = as stored",
    )

    accept: tuple[str, ...] = Field(
        (), description="codes of findings of severity error that a run accepts, such as non_positive"
    )
    series: dict[str, SeriesSettings] = Field(
        default_factory=dict, description="external series by the name under which strategies read them, such as vix"
    )

    @field_validator("accept")
    @classmethod
    def _acceptable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return acceptable(value)
        except UsageError as error:
            raise ValueError(str(error)) from None

    @field_validator("series")
    @classmethod
    def _have_plain_names(cls, value: dict[str, SeriesSettings]) -> dict[str, SeriesSettings]:
        for name in value:
            if re.fullmatch(r"[A-Za-z_]\w*", name) is None:
                raise ValueError(f"the name of a series must be letters, digits and _, such as vix; found {name!r}")
        return value

    @field_validator("adjust", mode="before")
    @classmethod
    def _none_switches_off(cls, value: Any) -> Any:
        return None if value == "none" else value  # a word on the command line, where null cannot be typed

    @field_validator("symbols", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        if value is None:
            return None
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            return names
        for name in names:
            if not isinstance(name, str):
                raise ValueError(f'symbols must be text; found {name!r}: quote this ticker, as in "{name}"')
        if not names:
            raise ValueError("symbols must name at least one symbol, or be left out for all of them")
        if len(set(names)) < len(names):
            raise ValueError(f"symbols must differ; found {next(n for n in names if names.count(n) > 1)!r} twice")
        return tuple(names)

    @field_validator("start", "end", "trade_start", mode="before")
    @classmethod
    def _iso_text(cls, value: Any) -> Any:
        if isinstance(value, datetime):  # YAML reads an unquoted 2015-06-30 as a date
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return moment.isoformat()
        return value.isoformat() if isinstance(value, date) else value

    @field_validator("start", "end", "trade_start")
    @classmethod
    def _is_a_time(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            if _ISO.fullmatch(value) is None:
                raise ValueError
            np.datetime64(value.removesuffix("Z"))
        except ValueError:
            raise ValueError(
                f"must be an ISO date such as 2015-06-30, or a UTC time such as 2015-06-30T14:30; found {value!r}"
            ) from None
        return value

    @field_validator("frequency")
    @classmethod
    def _is_a_frequency(cls, value: str | None) -> str | None:
        return value if value is None else known_frequency(value)

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        return known_columns(value, COLUMNS)

    @model_validator(mode="after")
    def _in_order(self) -> DataSettings:
        start, end = self.span_ns()
        if start is not None and end is not None and start > end:
            raise ValueError(f"start must not be after end; found start {self.start} and end {self.end}")
        if self.trade_start is not None:
            traded = parse_time(self.trade_start, "trade_start")
            if (start is not None and traded < start) or (end is not None and traded > end):
                raise ValueError(
                    "trade_start must lie between start and end; found "
                    f"{self.trade_start}, start {self.start} and end {self.end}"
                )
        return self

    @model_validator(mode="after")
    def _actions_are_known(self) -> DataSettings:
        if self.adjust is not None and self.actions_path is None:
            raise ValueError(f"adjust {self.adjust} needs a file of splits and dividends: name it with actions_path")
        return self

    def span_ns(self) -> tuple[int | None, int | None]:
        """Return first and last stamp asked for, both inclusive, UTC ns; None = unbounded."""
        return (
            None if self.start is None else parse_time(self.start, "start"),
            None if self.end is None else _last_ns(self.end),
        )


def known_columns(columns: dict[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """Return `columns`; raise ValueError when one of its keys is none of our names."""
    for name in columns:
        if name not in known:
            raise ValueError(f"unknown column {name!r}; {did_you_mean(name, known)}")
    return columns


def known_frequency(frequency: str) -> str:
    """Return the word for a `frequency`; raise ValueError when it is none."""
    try:
        return frequency_word(frequency)
    except UsageError as error:
        raise ValueError(str(error)) from None


def _last_ns(text: str) -> int:
    """Return the last nanosecond of a year, month or date; a time of day is itself."""
    stamp = np.datetime64(text.removesuffix("Z").replace(" ", "T"))
    if np.datetime_data(stamp.dtype)[0] in ("Y", "M", "D"):
        stamp = (stamp + 1).astype("datetime64[ns]") - np.timedelta64(1, "ns")
    return int(stamp.astype("datetime64[ns]").astype(np.int64))
