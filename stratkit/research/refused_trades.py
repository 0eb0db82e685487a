"""`CapEffect`: what a cap saved or cost: the entries that it refused or cut, replayed on their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.backtest import Inputs, RunConfig, play_through
from stratkit.engine.layout import (
    CAPS,
    CASH,
    EXIT_SIDE,
    REDUCED,
    REFUSED,
    RULES,
    Records,
)
from stratkit.engine.result import BacktestResult
from stratkit.engine.run import play
from stratkit.panel import FloatArray
from stratkit.risk.targets import UNITS, Targets

JUDGED: Final = (*CAPS, CASH)
_ENOUGH: Final = 1e15  # cash that no refused trade can use up; its own P&L does not depend on it
_OFF: Final = {  # of the account while refused trades are played on their own
    "leverage": 1e6, "maintenance_margin": 0.0, "isolated": 0, "max_adds": 0, "scale_by_confidence": 0,
    "max_total_at_risk": 0.0, "max_open_positions": 0, "max_symbol": 0.0, "max_gross_leverage": 0.0, "max_net": -1.0,
    "max_drawdown": 0.0, "max_daily_loss": 0.0, "max_consecutive_losses": 0, "cooldown_bars": 0, "min_notional": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class CapEffect:
    """What one rule did to one strategy's entries.

    `refused` and `reduced` count decisions. `trades` are those that the refused and the cut-off units would have
    made, each left by its own plan and signals, and `pnl` their net P&L [account currency], open ones marked at the
    end: above 0 it is what the rule cost, below 0 what it saved. An entry that is refused anew while its trade is
    still on makes no second one. `pnl` is None where nothing can be replayed: target weights are rebalanced, not
    left.
    """

    rule: str
    strategy: str
    refused: int
    reduced: int
    trades: int
    pnl: float | None

    @property
    def verdict(self) -> str:
        """Whether the rule saved or cost money."""
        if self.pnl is None or self.trades == 0:
            return ""
        return "cost" if self.pnl > 0 else "saved"


def explain_caps(config: RunConfig, inputs: Inputs, result: BacktestResult) -> tuple[CapEffect, ...]:
    """Replay the entries that caps and cash refused or cut in `result`, and say what each rule came to.

    The run is played once more for its intents, then the refused units alone: same bars, plans, costs and fills, no
    caps, cash without end. It is no second run: with these trades in the account others would have been refused.
    """
    decisions = result.decisions
    rows = decisions[_is_judged(decisions)]
    if not len(rows):
        return ()
    stage = play_through(config, inputs).stage
    targets = stage.sheet.targets
    rules = np.array(stage.playing.rules).view(np.recarray)
    rules["initial_cash"] = _ENOUGH
    for name, value in _OFF.items():
        rules[name] = value
    replayed = play(stage.playing.market, _refused_alone(targets, rows), rules).trades
    return tuple(_effects(rows, replayed, targets, result.strategies))


def _is_judged(decisions: Records) -> npt.NDArray[np.bool_]:
    entry = (decisions["side"] != EXIT_SIDE) & np.isfinite(decisions["requested"])
    stopped = (decisions["outcome"] == REFUSED) | (decisions["outcome"] == REDUCED)
    return np.asarray(entry & stopped & np.isin(decisions["rule"], JUDGED))


def _refused_alone(targets: Targets, rows: Records) -> Targets:
    """Return targets in which only what was refused has a size; every other entry can still end a trade."""
    bars, slots = targets.side.shape if len(targets.side) else targets.weight.shape
    size: FloatArray = np.zeros((bars, slots))
    size[rows["bar"], rows["slot"]] = rows["requested"] - rows["granted"]
    plans = targets.plans.copy().view(np.recarray)
    plans["risk_multiplier"] = 1.0
    silent = np.full(targets.weight.shape, np.nan)
    return targets._replace(
        size=size,
        weight=silent,
        legs=targets.legs[:0, :0],
        plans=plans,
        slot_rule=np.full(slots, UNITS, np.int64),
        slot_size=np.zeros(slots),
        strategy_cap=np.full(len(targets.strategy_cap), np.nan),
        strategy_multiplier=np.ones(len(targets.strategy_cap)),
    )


def _effects(rows: Records, trades: Records, targets: Targets, strategies: tuple[str, ...]) -> list[CapEffect]:
    slots = len(targets.slot_symbol)
    key = rows["bar"] * slots + rows["slot"]
    order = np.argsort(key, kind="stable")
    found = np.searchsorted(key[order], trades["decision_bar"] * slots + trades["slot"])
    cause = rows[order][np.minimum(found, len(rows) - 1)]
    effects = []
    for rule in JUDGED:
        for place, strategy in enumerate(strategies):
            own = rows[(rows["rule"] == rule) & (rows["strategy"] == place)]
            made = trades[(cause["rule"] == rule) & (cause["strategy"] == place)]
            if len(own):
                effects.append(_effect(RULES[rule], strategy, own, made, targets))
    return effects


def _effect(rule: str, strategy: str, rows: Records, trades: Records, targets: Targets) -> CapEffect:
    by_weight = bool((targets.slot_kind[rows["slot"]] == 1).all())
    pnl: Any = float(trades["pnl"].sum())
    return CapEffect(
        rule=rule,
        strategy=strategy,
        refused=int((rows["outcome"] == REFUSED).sum()),
        reduced=int((rows["outcome"] == REDUCED).sum()),
        trades=len(trades),
        pnl=None if by_weight else pnl,
    )
