"""`BreakEven`: at which cost of trading nothing would have been earned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stratkit.backtest import RunConfig
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import CostSettings

_MOST_BPS: Final = 2_000.0  # dearer than this nobody trades
MOST_REPLAYS: Final = 26
_WITHIN: Final = 0.01  # of the answer, or so many bps where it is below 1
_TRADING: Final = (
    "commission_bps", "commission_per_share", "commission_per_order", "commission_minimum", "half_spread_bps",
    "slippage_bps", "slippage_volatility", "impact_bps",
)  # fmt: skip
HOLDING: Final = ("borrow_ann", "margin_rate_ann")


@dataclass(frozen=True)
class BreakEven:
    """The cost per traded notional [bps] at which the total return is 0, NaN with its `reason` when there is none.

    `paid_bps` is what the run paid on average, slippage included, NaN without a fill; `replays` were made.
    """

    bps: float
    paid_bps: float
    replays: int
    reason: str = ""


def break_even(config: RunConfig, result: BacktestResult, total_return: Callable[[RunConfig], float]) -> BreakEven:
    """Search for the cost at which `total_return` of a real replay is 0, by halving.

    All costs of trading are replaced by one commission in bps of notional; costs of holding stay. `result` is the run
    with its own costs.
    """
    paid = _paid_bps(result)
    if not len(result.fills):
        return BreakEven(float("nan"), paid, 0, "nothing was traded")
    replays = 1
    if total_return(_under(config, 0.0)) <= 0:
        return BreakEven(float("nan"), paid, replays, "it loses without any cost of trading")
    low, high = 0.0, max(8.0, 2 * paid)
    while True:
        replays += 1
        if total_return(_under(config, high)) <= 0:
            break
        if high >= _MOST_BPS:
            return BreakEven(float("nan"), paid, replays, f"it still gains at {_MOST_BPS:,.0f} bps")
        low, high = high, min(2 * high, _MOST_BPS)
    while high - low > _WITHIN * max(low, 1.0) and replays < MOST_REPLAYS:
        middle = (low + high) / 2
        replays += 1
        low, high = (low, middle) if total_return(_under(config, middle)) <= 0 else (middle, high)
    return BreakEven((low + high) / 2, paid, replays)


def costs_times(costs: CostSettings, factor: float) -> CostSettings:
    """Return all costs times a factor, but for funding, which comes from a file."""
    dearer = {name: getattr(costs, name) * factor for name in (*_TRADING, *HOLDING)}
    return costs.model_copy(update=dearer)


def has_costs(costs: CostSettings) -> bool:
    """Whether there is a cost that `costs_times` makes dearer."""
    return any(getattr(costs, name) > 0 for name in (*_TRADING, *HOLDING))


def _under(config: RunConfig, bps: float) -> RunConfig:
    flat = {**dict.fromkeys(_TRADING, 0.0), "commission_bps": bps}
    return config.model_copy(update={"costs": config.costs.model_copy(update=flat)})


def _paid_bps(result: BacktestResult) -> float:
    traded = float((result.fills["quantity"] * result.fills["price"]).sum())
    paid = float((result.fills["commission"] + result.fills["slippage"]).sum())
    return 1e4 * paid / traded if traded > 0 else float("nan")
