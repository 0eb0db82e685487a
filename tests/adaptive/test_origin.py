"""What a state says it was learned under, and what of it is told when a run differs."""

from __future__ import annotations

from typing import Any

import pytest

from stratkit.adaptive.origin import origin_doubt, origin_of
from stratkit.regimes.settings import RegimeSettings
from stratkit.strategies.settings import StrategySettings

DIP: dict[str, Any] = {"type": "rsi_reversion", "params": {"window": 14, "buy_below": 30.0}}


def _origin(regimes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    chosen = RegimeSettings(**({"method": "rules"} if regimes is None else regimes))
    return origin_of({"dip": StrategySettings(**{**DIP, **changes})}, chosen)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (_origin(params={"window": 10, "buy_below": 30.0}), "with dip window 14, this run has 10"),
        (_origin(type="sma_cross", params={"fast": 5}), "with dip type rsi_reversion, this run has sma_cross"),
        (_origin(timeframe="1w"), "with dip timeframe none, this run has 1w"),
        (_origin({"method": "volatility"}), "with regimes method rules, this run has volatility"),
        (
            _origin({"rules": {"trend_adx": 20}}, every_bars=2),
            "with dip every_bars 1, this run has 2; with regimes rules.trend_adx 25, this run has 20",
        ),
    ],
)
def test_what_differs_is_named_and_only_that(now: dict[str, Any], said: str) -> None:
    assert origin_doubt({"state": {"origin": _origin()}}, now) == (
        f"the adaptive state was learned {said}: what was learned may not fit; --fresh-state begins anew"
    )


def test_what_changes_no_opinion_and_no_label_is_not_told() -> None:
    now = _origin({"fit": {"refit_bars": 5}, "vol_bars": 9}, weight=2.0, enabled=True, description="other")
    records: list[object] = [{"state": {"origin": _origin()}}, None, [], {"state": {}}, {"state": {"origin": 3}}]
    for learned in records:
        assert origin_doubt(learned, now) == ""
