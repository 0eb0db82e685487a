"""`SeriesSettings`: where an external series is, what its columns mean, and when its values become known."""

from __future__ import annotations

import re
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stratkit.data.zones import known_zone
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, NS_PER_SECOND

_UNIT_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_SECOND,
    "min": 60 * NS_PER_SECOND,
    "h": 3600 * NS_PER_SECOND,
    "d": NS_PER_DAY,
    "w": 7 * NS_PER_DAY,
}


class SeriesSettings(BaseModel):
    """One external series: a file of dated values, and when each of them became known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1, description="a Parquet or CSV file; bundled:VIX and others ship with stratkit")
    timestamp: str = Field("timestamp", description="column of what each value is about: a date or a time")
    value: str = Field("value", description="column of the values")
    symbol: str | None = Field(None, description="column of symbols; none = one value for the whole market")
    published: str | None = Field(
        None,
        description="column of the times at which values were published; of several for one timestamp the one "
        "published last, and known by then, counts; none = publication_lag tells",
    )
    publication_lag: str | None = Field(
        None,
        description="how long after its timestamp (with published: after that) a value becomes known, such as 1d; "
        "it must be given unless published is, 0s = at once",
    )
    max_age: str | None = Field(
        None, description="a value counts this long from when it became known, such as 10d; none = until the next one"
    )
    time_zone: str | None = Field(
        None, description="zone of stamps that have none, such as UTC; none = stamps must have their own"
    )

    @field_validator("publication_lag")
    @classmethod
    def _is_a_duration(cls, value: str | None) -> str | None:
        if value is not None:
            _checked(value)
        return value

    @field_validator("max_age")
    @classmethod
    def _is_long_enough(cls, value: str | None) -> str | None:
        if value is not None and _checked(value) == 0:
            raise ValueError(f"max_age must be above 0; found {value!r}: leave it out to let values count for ever")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        return value if value is None else known_zone(value)

    @model_validator(mode="after")
    def _says_when_it_is_known(self) -> SeriesSettings:
        if self.publication_lag is None and self.published is None:
            raise ValueError(
                "a series must say when its values become known, which is never guessed: give publication_lag, such as "
                "1d (0s = at their timestamp), or published, the column of publication times"
            )
        return self

    def when_known(self) -> str:
        """Say when a value is known, in words.

        >>> SeriesSettings(path="mood.csv", publication_lag="1d").when_known()
        '1d after its timestamp'
        """
        moment = "timestamp" if self.published is None else "publication"
        return f"{self.publication_lag} after its {moment}" if self.lag_ns else f"at its {moment}"

    @property
    def lag_ns(self) -> int:
        """The publication lag in ns; 0 where only publication times are given."""
        return 0 if self.publication_lag is None else duration_ns(self.publication_lag)

    @property
    def max_age_ns(self) -> int | None:
        """How long a value counts, in ns; None = for ever."""
        return None if self.max_age is None else duration_ns(self.max_age)


def duration_ns(text: str) -> int:
    """Return a duration such as ``36h`` in nanoseconds; raise `UsageError` for any other text.

    >>> duration_ns("1d"), duration_ns("0s")
    (86400000000000, 0)
    """
    match = re.fullmatch(r"(\d{1,9})(ns|us|ms|s|min|h|d|w)", text)
    if match is None:
        raise UsageError(
            f"a duration must be a whole number and one of {', '.join(_UNIT_NS)}, such as 1d, 90min or 0s; "
            f"found {text!r}"
        )
    return int(match[1]) * _UNIT_NS[match[2]]


def _checked(text: str) -> int:
    try:
        found = duration_ns(text)
    except UsageError as error:
        raise ValueError(str(error)) from None
    if found > 36_500 * NS_PER_DAY:  # stamps of ns reach three centuries
        raise ValueError(f"a duration must be at most 36500d; found {text!r}")
    return found
