"""The card of the report that shows what hangs on bars whose inside nobody knows."""

from __future__ import annotations

import re

from sample_runs import sample_bars, sample_content

from stratkit.reports.page import render_page
from stratkit.reports.settings import ReportSettings
from stratkit.research.ambiguity import Ambiguity

LOW = {"total_return": -0.035, "sharpe": -0.87, "max_drawdown": -0.0434}
HIGH = {"total_return": 0.0248, "sharpe": 0.58, "max_drawdown": -0.0409}
SPREAD = {"total_return": 0.0598, "sharpe": 1.45, "max_drawdown": 0.0025}


def card_of(ambiguity: Ambiguity | None) -> list[str]:
    """The words of the card, none without one."""
    content = sample_content(sample_bars(200), ambiguity=ambiguity)
    page = render_page(content, ReportSettings()).partition('id="ambiguity"')[2].partition("</figure>")[0]
    return re.sub(r"<[^>]+>", "\n", page.partition(">")[2]).split("\n")


def test_both_orders_stand_side_by_side_and_are_said_to_be_no_bound() -> None:
    words = [word.strip() for word in card_of(Ambiguity(3, 2, LOW, HIGH, SPREAD)) if word.strip()]
    assert words[1].startswith("3 bars in 2 trades held two levels")
    for row in (["Return", "−3.50%", "+2.48%", "5.98%"], ["Sharpe", "−0.87", "0.58", "1.45"],
                ["Drawdown", "−4.34%", "−4.09%", "0.25%"]):  # fmt: skip
        place = words.index(row[0])
        assert words[place : place + 4] == row
    assert words[-1].startswith("The spread is not a bound: ")


def test_a_run_without_an_ambiguous_bar_has_no_card() -> None:
    same = dict.fromkeys(LOW, 0.0)
    assert card_of(Ambiguity(0, 0, same, same, same)) == card_of(None) == [""]


def test_an_option_set_beside_the_profile_stands_under_the_sharpe_ratio() -> None:
    page = render_page(sample_content(sample_bars(200), overrides=("same_bar=path",)), ReportSettings())
    card = page.partition("<h2>Sharpe ratio")[2].partition("<h2>")[0]
    assert "same_bar=path" in card
