"""Settings of the engine room: the account, its costs, and how orders are filled."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FillProfile = Literal["conservative", "close", "tradingview", "vectorbt", "freqtrade"]


class AccountSettings(BaseModel):
    """One cash account; money in account currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    initial_cash: float = Field(100_000.0, gt=0, description="cash before the first bar [account currency]")
    leverage: float = Field(1.0, gt=0, description="buying power = equity x leverage - gross exposure")
    maintenance_margin_pct: float = Field(
        0.0, ge=0, lt=100, description="equity below this share of gross exposure liquidates [%]; 0 = off"
    )
    margin_mode: Literal["cross", "isolated"] = Field(
        "cross", description="margin tested on the account at each close, or per position inside the bar"
    )
    allow_short: bool = Field(True, description="whether positions may be sold short")
    lot_size: float | None = Field(None, gt=0, description="quantities are multiples of this; none = any")
    tick_size: float | None = Field(None, gt=0, description="prices are multiples of this; none = any")
    min_notional: float = Field(0.0, ge=0, description="smallest entry [account currency]")
    min_trade_weight: float = Field(0.0, ge=0, lt=1, description="smallest change of a target weight")
    max_adds: int = Field(0, ge=0, description="entries that may be added to an open position")
    reenter: Literal["next_signal", "new_edge"] = Field(
        "next_signal", description="after an exit: enter on any later signal, or only on a fresh one"
    )
    close_at_end: Literal["off", "open", "close"] = Field(
        "off", description="close positions at the last bar's open or close, or leave them marked"
    )
    stale_after_bars: int | None = Field(
        None, ge=1, description="bars without a price before a symbol counts as delisted; none = 5 daily, 24 h else"
    )
    delisting_return: float = Field(0.0, ge=-1, description="return on a delisted symbol's last close [fraction]")


class CostSettings(BaseModel):
    """What trading and holding cost; bps of traded notional, yearly rates as fractions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commission_bps: float = Field(0.0, ge=0, description="commission [bps of notional]")
    commission_per_share: float = Field(0.0, ge=0, description="commission [account currency per unit]")
    commission_per_order: float = Field(0.0, ge=0, description="commission [account currency per fill]")
    commission_minimum: float = Field(0.0, ge=0, description="least commission of a fill [account currency]")
    half_spread_bps: float = Field(0.0, ge=0, lt=5_000, description="half the bid-ask spread [bps of price]")
    slippage_bps: float = Field(0.0, ge=0, lt=5_000, description="fixed slippage [bps of price]")
    slippage_volatility: float = Field(0.0, ge=0, description="slippage as a multiple of the volatility of one bar")
    slippage_volatility_bars: int = Field(20, ge=2, description="bars of that volatility")
    impact_bps: float = Field(
        0.0, ge=0, lt=5_000, description="slippage of an order as large as the bar's volume [bps]; grows with its root"
    )
    borrow_ann: float = Field(0.0, ge=0, description="yearly rate on the value of shorts [fraction]")
    margin_rate_ann: float = Field(0.0, ge=0, description="yearly rate on negative cash [fraction]")
    funding_path: str | None = Field(
        None, description="Parquet or CSV of funding rates: timestamp, symbol, funding_rate (longs pay when positive)"
    )


class ExecutionSettings(BaseModel):
    """The fill profile and the limits of the market."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: FillProfile = Field("conservative", description="the named bundle of the fill options below")
    intents_fill_at: Literal["next_open", "this_close"] | None = Field(
        None, description="when intents trade; none = as the profile says, here and in the options that follow"
    )
    gapped_stop: Literal["open", "level"] | None = Field(
        None, description="a stop that the open has passed: at the open, or at its level if the bar comes back to it"
    )
    gapped_target: Literal["open", "level"] | None = Field(
        None, description="a target that the open has passed: at the better open, or at its level held inside the bar"
    )
    same_bar: Literal["stop_first", "target_first", "path", "trailing_last"] | None = Field(
        None, description="what comes first in a bar that holds both stop and target"
    )
    entry_bar_exits: bool | None = Field(None, description="whether stop and targets are tested in the entry bar")
    trailing_moves: Literal["next_bar", "before_test"] | None = Field(
        None, description="whether a bar's own extreme moves break-even and trailing before the bar tests them"
    )
    opposite_in_bar: bool | None = Field(
        None, description="whether a resting entry of the other side may fill after an exit inside the same bar"
    )
    slippage_on_stops: bool | None = Field(None, description="whether stop exits pay slippage")
    max_volume_share_pct: float | None = Field(
        None, gt=0, le=100, description="a bar's fills take at most this share of its volume [%]; none = no limit"
    )
    partial: Literal["wait", "cancel"] = Field(
        "wait", description="what becomes of the part of an entry that volume did not allow"
    )
