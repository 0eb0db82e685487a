"""The verdict: every branch of its rule, and what is not known is never a pass."""

from __future__ import annotations

import math

import pytest

from stratkit.inference.verdict import RULE, verdict

PASS = {"deflated": 0.97, "overfit": 0.2, "out_of_sample_low": 0.1, "superior_p": 0.01}


def test_a_pass_needs_all_four_and_names_their_figures() -> None:
    found = verdict(**PASS)
    assert found.word == "pass"
    assert found.reasons == (
        "DSR 0.97 is above 0.95",
        "PBO 0.2 is below 0.3",
        "the lower bound of the out-of-sample Sharpe ratio 0.1 is above 0",
        "SPA p 0.01 is below 0.05",
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("deflated", 0.95, "DSR 0.95 is not above 0.95"),
        ("deflated", 0.5, "DSR 0.5 is not above 0.95"),
        ("overfit", 0.3, "PBO 0.3 is not below 0.3"),
        ("overfit", 0.5, "PBO 0.5 is not below 0.3"),
        ("out_of_sample_low", 0.0, "the lower bound of the out-of-sample Sharpe ratio 0 is not above 0"),
        ("superior_p", 0.05, "SPA p 0.05 is not below 0.05"),
        ("deflated", math.nan, "DSR is not known"),
        ("overfit", math.nan, "PBO is not known"),
        ("out_of_sample_low", math.nan, "the lower bound of the out-of-sample Sharpe ratio is not known"),
        ("superior_p", math.nan, "SPA p is not known"),
    ],
)
def test_one_figure_that_misses_or_is_unknown_is_caution_and_the_only_reason(
    name: str, value: float, reason: str
) -> None:
    found = verdict(**{**PASS, name: value})
    assert (found.word, found.reasons) == ("caution", (reason,))


def test_all_unknown_is_caution_with_four_reasons() -> None:
    found = verdict(math.nan, math.nan, math.nan, math.nan)
    assert (found.word, len(found.reasons)) == ("caution", 4)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"deflated": 0.49}, ["DSR 0.49 is below 0.5"]),
        ({"overfit": 0.51}, ["PBO 0.51 is above 0.5"]),
        ({"deflated": 0.1, "overfit": 0.9}, ["DSR 0.10 is below 0.5", "PBO 0.90 is above 0.5"]),
        ({"deflated": math.nan, "overfit": 0.9}, ["PBO 0.90 is above 0.5"]),
        ({"deflated": 0.1, "overfit": math.nan, "superior_p": math.nan}, ["DSR 0.10 is below 0.5"]),
    ],
)
def test_a_low_dsr_or_a_high_pbo_fails_whatever_else_holds(change: dict[str, float], reasons: list[str]) -> None:
    found = verdict(**{**PASS, **change})
    assert found.word == "fail"
    assert [said.partition(":")[0] for said in found.reasons] == reasons


def test_the_rule_that_is_printed_has_every_limit() -> None:
    assert RULE == (
        "pass: DSR > 0.95, PBO < 0.3, the out-of-sample Sharpe interval above 0, and SPA p < 0.05; "
        "fail: DSR < 0.5, or PBO > 0.5; else caution"
    )
