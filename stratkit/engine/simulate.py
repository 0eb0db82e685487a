"""`simulate`: signals from anywhere, replayed by the engine, a `BacktestResult` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.combine.blend import Blend
from stratkit.data.bars import Bars
from stratkit.engine.detail import Detail
from stratkit.engine.layout import ENGINE_SEMANTICS, Market
from stratkit.engine.market import market_of
from stratkit.engine.playing import Playing
from stratkit.engine.profiles import fill_options, is_optimistic, overrides, trades_at_next_open
from stratkit.engine.result import BacktestResult
from stratkit.engine.rules import rule_record
from stratkit.engine.run import Progress, Replay, begin, begin_sums, finish, finish_sums, play_on
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.tally import Tally
from stratkit.errors import UsageError
from stratkit.frequency import return_periods
from stratkit.panel import FloatArray, read_only
from stratkit.plans import ExitPlan
from stratkit.risk.requests import Mandate, open_sheet
from stratkit.risk.settings import RiskSettings
from stratkit.risk.sheet import TargetSheet
from stratkit.risk.targets import Targets
from stratkit.strategies.signals import Signals


def simulate(
    bars: Bars,
    signals: Signals | Sequence[Signals],
    *,
    account: AccountSettings | None = None,
    costs: CostSettings | None = None,
    execution: ExecutionSettings | None = None,
    risk: RiskSettings | None = None,
    exit_plan: ExitPlan | None = None,
    funding: FloatArray | None = None,
    delistings: Mapping[str, int] | None = None,
    events: tuple[FloatArray, FloatArray] | None = None,
    signal_bars: Bars | None = None,
    detail: Detail | None = None,
    progress: Progress | None = None,
) -> BacktestResult:
    """Replay signals over bars under the execution contract and return what happened.

    One `Signals` record trades one position per symbol; several trade independent books, one position
    per strategy and symbol, in one cash account. Settings that are not given keep their defaults: all of equity per
    position, no costs, profile `conservative`. `funding` (T, N) are rates summed per bar gap, paid by longs when
    positive; `delistings` maps symbols to the UTC nanoseconds of their delisting; `events` are split ratios and
    dividends per share, (T, N) each, that are booked on raw prices, and `signal_bars` the adjusted bars that the
    signals, their levels and R were computed on; `detail` are the finer bars inside each bar. Raises `UsageError`
    for settings or shapes that do not fit, `DataError` for volumes that an option needs and that are unknown.

    >>> import numpy as np
    >>> from stratkit.data.bars import Bars
    >>> from stratkit.strategies.signals import Signals
    >>> price = np.array([[10.0], [11.0], [12.0]])
    >>> bars = Bars(np.arange(3) * 86_400 * 10**9, ("ABC",), price, price, price, price, price * 0, "1d")
    >>> result = simulate(bars, Signals("mine", side=np.array([[1], [0], [0]])))
    >>> round(float(result.equity[-1]), 2)  # bought at 11, marked at 12
    109090.91
    """
    books = (signals,) if isinstance(signals, Signals) else tuple(signals)
    if not books:
        raise UsageError("at least one strategy's signals must be given; found none")
    stage = set_stage(
        bars, books, [Mandate(exit_plan)] * len(books),
        account=account or AccountSettings(), costs=costs or CostSettings(),
        execution=execution or ExecutionSettings(), risk=risk or RiskSettings(),
        funding=funding, delistings=delistings, events=events, signal_bars=signal_bars, detail=detail,
    )  # fmt: skip
    stage.sheet.fill(0, len(bars.times))
    stage.play_to(len(bars.times), progress)
    return stage.result()


@dataclass
class Stage:
    """A simulation under way: fill rows of its sheet, then play the bars in which they act."""

    bars: Bars
    strategies: tuple[str, ...]
    sheet: TargetSheet
    playing: Playing
    initial_cash: float
    provenance: Mapping[str, Any]

    def play_to(self, stop: int, progress: Progress | None = None) -> None:
        """Play all bars before `stop`; `progress` is told (bars done, bars) now and then."""
        bars = len(self.bars.times)
        step = stop if progress is None else max(1, bars // 100)
        while self.playing.bar < stop:
            play_on(self.playing, min(self.playing.bar + step, stop))
            if progress is not None:
                progress(self.playing.bar, bars)

    def sums(self) -> Tally:
        """Return what a replay that is only summed up came to, once all bars are played."""
        return finish_sums(self.playing)

    def result(self) -> BacktestResult:
        """Return what happened, once all bars are played."""
        replay = finish(self.playing)
        return result_of(self.bars, self.strategies, self.sheet.targets, self.initial_cash, replay, self.provenance)


def set_stage(
    bars: Bars,
    signals: Sequence[Signals],
    mandates: Sequence[Mandate],
    *,
    account: AccountSettings,
    costs: CostSettings,
    execution: ExecutionSettings,
    risk: RiskSettings,
    blend: Blend | None = None,
    funding: FloatArray | None = None,
    delistings: Mapping[str, int] | None = None,
    events: tuple[FloatArray, FloatArray] | None = None,
    signal_bars: Bars | None = None,
    detail: Detail | None = None,
    history: Bars | None = None,
    owns_panels: bool = False,
    market: Market | None = None,
    tally: Tally | None = None,
    profiles: Sequence[ExitPlan] = (),
    scaled: bool = False,
) -> Stage:
    """Return a simulation of which no row is filled and no bar played; arguments as those of `simulate`.

    `mandates` say how each strategy's intents become targets. With `blend` the strategies share one position per
    symbol, else each has its own. `history` are the bars of the signals with earlier ones before them, on which ATR
    and volatility look back; `owns_panels` says that every row is filled in, so that rows of another stage may be.
    `market` is what `market_of` makes of the same arguments, where it is known already.
    With a `tally` the replay is summed up there and gives no result. `profiles` and `scaled` as in `open_sheet`.
    """
    market = market or market_of(
        bars, return_periods(bars.times, bars.frequency), costs, execution, funding=funding,
        delistings=dict(delistings or {}), events=events, signal_bars=signal_bars, detail=detail, history=history,
    )  # fmt: skip
    sheet = open_sheet(
        signal_bars or bars, signals, risk, mandates, blend=blend,
        raw_factor=None if signal_bars is None else bars.close / signal_bars.close,
        next_open=trades_at_next_open(execution), history=history, owns_panels=owns_panels, profiles=profiles,
        scaled=scaled,
    )  # fmt: skip
    provenance = {
        "engine_semantics": ENGINE_SEMANTICS,
        "fill_profile": execution.profile,
        "optimistic": is_optimistic(execution),
        "fill_options": fill_options(execution),
        "fill_overrides": overrides(execution),
        **({} if detail is None else {"detail": detail.frequency, "detail_digest": detail.digest}),
        "risk_basis": risk.caps.risk_basis,
        "sizing_rule": risk.sizing.rule,
        "data_digest": bars.digest,
    }
    rules = rule_record(bars.frequency, account, costs, execution, risk)
    names = tuple(one.strategy for one in signals)
    playing = begin(market, sheet.targets, rules) if tally is None else begin_sums(market, sheet.targets, rules, tally)
    return Stage(bars, names, sheet, playing, account.initial_cash, provenance)


def result_of(
    bars: Bars,
    strategies: tuple[str, ...],
    targets: Targets,
    initial_cash: float,
    replay: Replay,
    provenance: Mapping[str, Any],
) -> BacktestResult:
    """Return the result of a replay of `bars`, its arrays read-only."""
    slots = replay.book.slots
    missing = replay.book.symbols["missing"]
    stale = {bars.symbols[s.symbol] for s in slots[slots["side"] != 0] if missing[s.symbol] > 0}
    return BacktestResult(
        times=bars.times,
        symbols=bars.symbols,
        strategies=strategies,
        slot_symbol=read_only(targets.slot_symbol),
        slot_strategy=read_only(targets.slot_strategy),
        initial_cash=initial_cash,
        equity=read_only(replay.equity),
        cash=read_only(replay.cash),
        gross=read_only(replay.gross),
        net=read_only(replay.net),
        carry=read_only(replay.carry),
        by_strategy=read_only(replay.by_strategy),
        fills=read_only(replay.fills),
        trades=read_only(replay.trades),
        decisions=read_only(replay.decisions),
        counts={
            "decisions": len(replay.decisions),
            "fills": len(replay.fills),
            "trades": int(np.sum(replay.trades["exit_bar"] >= 0)),
            "no_op": replay.no_op,
        },
        account_carry=replay.account_carry,
        bankrupt_bar=replay.bankrupt_bar,
        stale=tuple(sorted(stale)),
        provenance=dict(provenance),
    )
