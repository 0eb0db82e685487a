"""The gate of a run: what it refuses, what `--accept` makes of it, and what it only mentions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from stratkit.data.acceptance import admit_rows, finding_line
from stratkit.data.bars import FIELDS
from stratkit.data.findings import CODES, Finding, acceptable
from stratkit.data.rows import Rows
from stratkit.data.settings import DataSettings
from stratkit.errors import DataError, UsageError
from stratkit.panel import NS_PER_DAY

Changes = dict[str, dict[int, float]]


def rows(changes: Changes | None = None, bars: int = 60) -> Rows:
    """Bars of one symbol that alternate by 1 %, with some values changed."""
    close = 100.0 * np.where(np.arange(bars) % 2, 1.01, 1.0)
    values = {"open": close.copy(), "high": close * 1.01, "low": close * 0.99, "close": close, "volume": close * 10}
    for name, cells in (changes or {}).items():
        for bar, value in cells.items():
            values[name][bar] = value
    return Rows(("ABC",), np.array([0, bars]), np.arange(bars) * NS_PER_DAY, **values)


def admitted(
    given: Rows, *accept: str, splits: dict[str, np.ndarray] | None = None
) -> tuple[Rows, tuple[Finding, ...]]:
    return admit_rows(given, "here", accept, splits or {}, "stratkit data check here")


def scaled(given: Rows, start: int, factor: float) -> Rows:
    after = np.where(np.arange(len(given.times)) >= start, factor, 1.0)
    return replace(given, **{name: getattr(given, name) * after for name in ("open", "high", "low", "close")})


def test_sound_rows_pass_untouched() -> None:
    given = rows()
    kept, findings = admitted(given)
    assert kept is given
    assert findings == ()


ABSENT: list[tuple[str, Changes]] = [
    ("non_positive", {"low": {7: 0.0}}),
    ("ohlc_violation", {"high": {7: 50.0}}),
    ("partial_bar", {"open": {7: np.nan}}),
]


@pytest.mark.parametrize(("code", "changes"), ABSENT)
def test_bars_that_cannot_be_are_refused_and_once_accepted_absent(code: str, changes: Changes) -> None:
    with pytest.raises(DataError) as refused:
        admitted(rows(changes))
    assert f"or run all the same with --accept {code}:\n  - {code}: these bars count as absent" in str(refused.value)
    assert "look closer with `stratkit data check here`" in str(refused.value)
    kept, (finding,) = admitted(rows(changes), code)
    assert 7 * NS_PER_DAY not in kept.times
    assert len(kept.times) == 59
    assert (finding.code, finding.count, finding.severity) == (code, 1, "error")
    assert finding_line(finding).endswith("; accepted: these bars count as absent")


def test_a_negative_volume_becomes_unknown() -> None:
    kept, _ = admitted(rows({"volume": {7: -1.0}}), "negative_volume")
    assert np.flatnonzero(np.isnan(kept.volume)).tolist() == [7]


def test_of_equal_rows_the_first_stays() -> None:
    doubled = rows()
    order = np.array([0, 1, 1, *range(2, 60)])
    doubled = Rows(
        ("ABC",), np.array([0, 61]), doubled.times[order], **{name: getattr(doubled, name)[order] for name in FIELDS}
    )
    with pytest.raises(DataError, match="--accept equal_duplicates"):
        admitted(doubled)
    kept, _ = admitted(doubled, "equal_duplicates")
    assert (np.diff(kept.times) == NS_PER_DAY).all()


def test_a_jump_by_fifty_is_refused_and_once_accepted_kept() -> None:
    far = scaled(rows(), 30, 60.0)
    with pytest.raises(DataError, match="a factor of 50 or more in one bar; found 1 change, first ABC on 1970-01-31"):
        admitted(far)
    kept, findings = admitted(far, "impossible_return")
    assert kept is far
    assert findings[0].code == "impossible_return"


def test_jumps_are_measured_between_bars_that_stay() -> None:
    kept, findings = admitted(rows({"close": {7: 0.0}, "open": {7: 0.0}, "low": {7: 0.0}}), "non_positive")
    assert [finding.code for finding in findings] == ["non_positive"]
    assert len(kept.times) == 59


FATAL: list[tuple[str, Callable[[], Rows]]] = [
    ("infinite_value", lambda: rows({"high": {7: np.inf}})),
    ("unsorted", lambda: replace(rows(), times=np.array([1, 0, *range(2, 60)]) * NS_PER_DAY)),
    ("conflicting_duplicates", lambda: replace(rows(), times=np.array([0, 0, *range(2, 60)]) * NS_PER_DAY)),
]


@pytest.mark.parametrize(("code", "broken"), FATAL)
def test_what_can_never_be_played_is_refused_whatever_is_accepted(code: str, broken: Callable[[], Rows]) -> None:
    everything = [name for name, kind in CODES.items() if kind.accepted is not None]
    with pytest.raises(DataError, match=f"no run can accept {code}"):
        admitted(broken(), *everything)
    with pytest.raises(UsageError, match=f"{code} cannot be accepted"):
        acceptable([code])


def test_all_codes_to_accept_are_named_at_once() -> None:
    far = scaled(rows({"low": {7: -1.0}, "volume": {9: -1.0}}), 30, 60.0)
    with pytest.raises(DataError) as refused:
        admitted(far)
    assert "--accept non_positive --accept negative_volume --accept impossible_return" in str(refused.value)


def test_accepting_a_whole_symbol_away_is_refused() -> None:
    with pytest.raises(DataError, match="leaves too few of ABC"):
        admitted(rows({"low": dict.fromkeys(range(60), -1.0)}), "non_positive")


def test_a_jump_like_a_split_is_mentioned_unless_it_is_known() -> None:
    split = scaled(rows(), 30, 0.5)
    (finding,) = admitted(split)[1]
    assert (finding.code, finding.count, finding.stamps) == ("split_like", 1, (30 * NS_PER_DAY,))
    assert finding_line(finding) == "data: split_like: 1 jump like a split, first ABC on 1970-01-31"
    assert admitted(split, splits={"ABC": np.array([30 * NS_PER_DAY])})[1] == ()
    assert admitted(scaled(rows(), 30, 0.58))[1] == ()  # a fall by 42 %


def test_a_long_hole_and_many_bars_without_volume_are_mentioned() -> None:
    given = rows({"volume": dict.fromkeys(range(10), 0.0)})
    holed = replace(given, times=np.where(np.arange(60) < 40, given.times, given.times + 30 * NS_PER_DAY))
    assert [finding.code for finding in admitted(holed)[1]] == ["long_gap", "zero_volume"]


def test_the_step_from_one_symbol_to_the_next_is_no_jump() -> None:
    one, other = rows(), scaled(rows(), 0, 1000.0)
    both = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in ("times", *FIELDS)}
    assert admitted(Rows(("A", "B"), np.array([0, 60, 120]), **both))[1] == ()


def test_settings_know_the_codes() -> None:
    assert DataSettings(accept=("non_positive",)).accept == ("non_positive",)
    with pytest.raises(ValidationError, match="did you mean 'non_positive'"):
        DataSettings(accept=("nonpositive",))
