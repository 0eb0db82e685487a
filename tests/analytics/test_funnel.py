"""From proposal to fill: every proposal ends at one step, and exits are none."""

from __future__ import annotations

import numpy as np
import pytest
from made_attribution import made_decisions, made_run

from stratkit.analytics.funnel import CAP_RULES, COMBINED, STEPS, funnel
from stratkit.engine.layout import (
    BREAKER_CLOSED,
    BREAKER_DRAWDOWN,
    CAP_NET,
    CAP_STRATEGY,
    CAP_SYMBOL,
    CASH,
    END_OF_DATA,
    EXPIRED,
    FILLED,
    NO_RULE,
    REDUCED,
    REFUSED,
    SKIPPED,
    TARGET_ROUNDED_TO_ZERO,
)
from stratkit.errors import UsageError

ROWS = (
    (0, 1, FILLED, NO_RULE),
    (0, -1, REDUCED, CAP_SYMBOL),  # cut by a cap, and entered all the same
    (0, 1, REFUSED, CAP_SYMBOL),
    (0, 1, REFUSED, CAP_STRATEGY),
    (0, 1, REFUSED, CASH),
    (0, 2, FILLED, NO_RULE),  # an exit
    (1, -1, EXPIRED, END_OF_DATA),
    (1, 1, SKIPPED, TARGET_ROUNDED_TO_ZERO),
    (1, 1, REFUSED, CAP_NET),
    (-1, 0, BREAKER_CLOSED, BREAKER_DRAWDOWN),
)


def test_each_proposal_ends_at_one_step() -> None:
    run = made_run(
        decisions=made_decisions(*((int(side), int(outcome), int(rule)) for _, side, outcome, rule in ROWS)),
        decision_strategy=np.array([row[0] for row in ROWS]),
        combined={"a": {"deduplicated": 7, "outvoted": 1}, "b": {"over_total_limit": 2}},
    )
    found = funnel(run)
    assert found.of("filled").tolist() == [1, 0]
    assert found.of("reduced").tolist() == [1, 0]
    assert found.approved.tolist() == [2, 0]
    assert found.of("max_symbol").tolist() == [1, 0]
    assert found.of("max_at_risk").tolist() == [1, 0]
    assert found.of("max_net").tolist() == [0, 1]
    assert found.capped.tolist() == [2, 1]
    assert found.of("refused").tolist() == [1, 1]
    assert found.of("expired").tolist() == [0, 1]
    assert found.of("deduplicated", "outvoted").tolist() == [8, 0]
    assert found.of("over_strategy_limit", "over_total_limit").tolist() == [0, 2]
    assert found.generated.tolist() == [13, 5]


def test_generated_is_the_sum_of_all_steps() -> None:
    run = made_run(combined={"b": dict.fromkeys(COMBINED, 3)})
    found = funnel(run)
    assert found.generated.tolist() == [0, 15]
    assert sum(found.of(step).sum() for step in STEPS) == found.generated.sum()


def test_the_caps_of_the_funnel_are_the_rules_of_the_decision_log() -> None:
    assert CAP_RULES == (
        "max_at_risk", "max_total_at_risk", "max_open_positions", "max_symbol", "max_gross_leverage", "max_net",
    )  # fmt: skip


@pytest.mark.parametrize("combined", [{"nobody": {"outvoted": 1}}, {"a": {"forgotten": 1}}])
def test_counts_of_an_unknown_strategy_or_kind_are_refused(combined: dict[str, dict[str, int]]) -> None:
    with pytest.raises(UsageError, match="combined must count deduplicated"):
        funnel(made_run(combined=combined))
