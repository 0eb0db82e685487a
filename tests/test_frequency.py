"""Frequencies as words: minutes may be written m, and are kept as min everywhere; months are mo."""

from __future__ import annotations

import pytest

from stratkit.data.import_settings import ImportSettings
from stratkit.data.resample import resample_bars
from stratkit.data.settings import DataSettings
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import UsageError
from stratkit.frequency import frequency_ns, frequency_word

TRADED = ("1m", "3m", "5m", "15m", "30m", "1h", "4h", "6h", "12h", "1d", "3d", "1w")
MINUTES = (1, 3, 5, 15, 30, 60, 240, 360, 720, 1440, 4320, 10080)


def test_the_timeframes_that_traders_name_have_their_length() -> None:
    assert [frequency_ns(word) for word in TRADED] == [minutes * 60 * 10**9 for minutes in MINUTES]


@pytest.mark.parametrize(
    ("given", "word"), [("1m", "1min"), ("05m", "5min"), ("15min", "15min"), ("1mo", "1mo"), ("1d", "1d")]
)
def test_a_frequency_has_one_word(given: str, word: str) -> None:
    assert frequency_word(given) == word


@pytest.mark.parametrize("given", ["", "m", "0m", "1M", "1 m", "1mon", "m1", "-1m", "1.5m", "٥m", "5m\n"])
def test_anything_else_is_refused(given: str) -> None:
    with pytest.raises(
        UsageError, match=r"a frequency must be a count and one of s, min, h, d, w, mo, such as 5min; found"
    ):
        frequency_word(given)


def test_bars_never_carry_the_short_word() -> None:
    minutes = synthetic_universe(1, 60, "1m").bars
    assert minutes.frequency == "1min"
    assert resample_bars(minutes, "5m").frequency == "5min"
    assert resample_bars(minutes, "5m").digest == resample_bars(minutes, "5min").digest
    assert DataSettings(frequency="5m").frequency == "5min"
    assert ImportSettings(frequency="5m").frequency == "5min"
