"""`rule_record`: settings of account, costs, execution and risk as the one record that the kernel reads."""

from __future__ import annotations

import numpy as np

from stratkit.engine.layout import (
    BY_EXPOSURE,
    BY_STOP,
    CANCEL,
    END_AT_CLOSE,
    END_AT_OPEN,
    NEW_EDGE,
    NEXT_OPEN,
    NEXT_SIGNAL,
    REJECT,
    RULES_DTYPE,
    SCALE,
    STAY_OPEN,
    WAIT,
    Records,
)
from stratkit.engine.profiles import fill_codes
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.errors import UsageError
from stratkit.frequency import frequency_ns, is_intraday
from stratkit.panel import NS_PER_DAY
from stratkit.risk.settings import BreakerSettings, CapSettings, RiskSettings, SizingSettings

BPS = 1e-4
PERCENT = 1e-2


STALE_DAILY_BARS = 5


def rule_record(
    frequency: str,
    account: AccountSettings,
    costs: CostSettings,
    execution: ExecutionSettings,
    risk: RiskSettings,
) -> Records:
    """Return a (1,) record of `RULES_DTYPE`: fractions instead of percent and bps, 0 for what is off.

    Raises `UsageError` where settings contradict each other.
    """
    _check(account)
    record = np.zeros(1, dtype=RULES_DTYPE).view(np.recarray)
    values = {
        **_account(account, frequency),
        **_costs(costs),
        **_execution(execution),
        **_sizing(risk.sizing),
        **_caps(risk.caps),
        **_breakers(risk.breakers),
    }
    for name in RULES_DTYPE.names or ():
        record[name] = values[name]
    return record


def _check(account: AccountSettings) -> None:
    if account.margin_mode == "isolated" and account.maintenance_margin_pct / 100.0 >= 1.0 / account.leverage:
        raise UsageError(
            f"account.maintenance_margin_pct must stay below the initial margin, {100.0 / account.leverage:g} % at "
            f"leverage {account.leverage:g}; found {account.maintenance_margin_pct:g} %"
        )


def _account(account: AccountSettings, frequency: str) -> dict[str, float]:
    stale = account.stale_after_bars
    if stale is None:
        stale = max(1, NS_PER_DAY // frequency_ns(frequency)) if is_intraday(frequency) else STALE_DAILY_BARS
    ends = {"off": STAY_OPEN, "open": END_AT_OPEN, "close": END_AT_CLOSE}
    return {
        "initial_cash": account.initial_cash,
        "leverage": account.leverage,
        "maintenance_margin": account.maintenance_margin_pct * PERCENT,
        "isolated": int(account.margin_mode == "isolated"),
        "allow_short": int(account.allow_short),
        "lot_size": account.lot_size or 0.0,
        "tick_size": account.tick_size or 0.0,
        "min_notional": account.min_notional,
        "min_trade_weight": account.min_trade_weight,
        "max_adds": account.max_adds,
        "reenter": NEW_EDGE if account.reenter == "new_edge" else NEXT_SIGNAL,
        "close_at_end": ends[account.close_at_end],
        "stale_after_bars": stale,
        "delisting_return": account.delisting_return,
    }


def _costs(costs: CostSettings) -> dict[str, float]:
    return {
        "commission_frac": costs.commission_bps * BPS,
        "commission_per_share": costs.commission_per_share,
        "commission_per_order": costs.commission_per_order,
        "commission_minimum": costs.commission_minimum,
        "spread_frac": (costs.half_spread_bps + costs.slippage_bps) * BPS,
        "volatility_multiple": costs.slippage_volatility,
        "impact_frac": costs.impact_bps * BPS,
        "borrow_ann": costs.borrow_ann,
        "margin_rate_ann": costs.margin_rate_ann,
    }


def _execution(execution: ExecutionSettings) -> dict[str, float]:
    return {
        "max_volume_share": (execution.max_volume_share_pct or 0.0) * PERCENT,
        "partial": CANCEL if execution.partial == "cancel" else WAIT,
        **fill_codes(execution),
    }


def _sizing(sizing: SizingSettings) -> dict[str, float]:
    return {
        "scale_by_confidence": int(sizing.scale_by_confidence),
        "kelly_min_trades": sizing.kelly_min_trades,
        "kelly_start": sizing.kelly_start,
    }


def _caps(caps: CapSettings) -> dict[str, float]:
    return {
        "risk_basis": BY_STOP if caps.risk_basis == "stop" else BY_EXPOSURE,
        "on_breach": SCALE if caps.on_breach == "scale" else REJECT,
        "max_total_at_risk": (caps.max_total_at_risk_pct or 0.0) * PERCENT,
        "max_open_positions": caps.max_open_positions or 0,
        "max_symbol": (caps.max_symbol_pct or 0.0) * PERCENT,
        "max_gross_leverage": caps.max_gross_leverage or 0.0,
        "max_net": -1.0 if caps.max_net_pct is None else caps.max_net_pct * PERCENT,
    }


def _breakers(breakers: BreakerSettings) -> dict[str, float]:
    return {
        "max_drawdown": (breakers.max_drawdown_pct or 0.0) * PERCENT,
        "max_daily_loss": (breakers.max_daily_loss_pct or 0.0) * PERCENT,
        "max_consecutive_losses": breakers.max_consecutive_losses or 0,
        "reopen_after_bars": breakers.reopen_after_bars or 0,
        "cooldown_bars": breakers.cooldown_bars,
    }


def next_open_of(rules: Records) -> bool:
    """Return whether a market order fills at the open behind its decision."""
    return bool(rules[0].intents_fill_at == NEXT_OPEN)
