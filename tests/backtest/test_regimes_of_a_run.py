"""`regimes:` in a run: strategies see its labels, trades carry that of the bar that decided them; off by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.backtest import RunConfig, prepare, run_backtest
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.tables import Labels
from stratkit.errors import StrategyError, UsageError
from stratkit.regimes.label import METHODS, label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings
from stratkit.regimes.words import words_of
from stratkit.research.provenance import run_tables
from stratkit.runs.manifest import output_digests
from stratkit.strategies.context import Context

BARS = synthetic_universe(3, 500, "1d").bars
CROSS = {"cross": {"enabled": True, "type": "sma_cross", "params": {"fast": 5, "slow": 15}}}
REGIMES: dict[str, Any] = {"method": "trend"}
LOOKS = """
import numpy as np
from stratkit.strategies.strategy import Strategy
class Looks(Strategy):
    "Long where the run says bull, out elsewhere."
    def signals(self, context):
        bull = context.regimes.label == context.regimes.code("bull")
        other = context.labels("volatility", scope="market")
        assert other.names == ("low", "medium", "high")
        return self.sides(context, long=bull, exit=~bull)
"""
TOLD = """
from stratkit.strategies import BarStrategy, Proposal
class Told(BarStrategy):
    "Buys in bull markets, on the word of the run."
    needs_state = {needs_state}
    def proposals(self, context):
        side = "BUY" if context.regime == "bull" else "SELL"
        return [Proposal(asset.symbol, side, size_pct=10.0) for asset in context.universe if asset.has_bar]
"""


def config(strategies: dict[str, Any] = CROSS, **given: Any) -> RunConfig:
    return RunConfig.model_validate({"strategies": strategies, **given})


def of_file(tmp_path: Path, source: str, name: str) -> dict[str, Any]:
    file = tmp_path / f"{name.lower()}.py"
    file.write_text(source, "utf-8")
    return {"mine": {"enabled": True, "type": f"{file}:{name}"}}


def test_without_regimes_a_run_has_no_labels_and_no_column() -> None:
    result = run_backtest(config(), BARS)
    assert result.regimes is None
    assert "regime" not in result.trades_columns()
    assert (result.trade_regimes == -1).all()


def test_labels_change_nothing_of_a_run_but_the_column_of_its_trades() -> None:
    off, on = run_backtest(config(), BARS), run_backtest(config(regimes=REGIMES), BARS)
    before, after = (output_digests(run_tables(result)) for result in (off, on))
    assert {name for name in before if before[name] != after[name]} == {"trades"}
    assert list(on.trades_columns()) == [*off.trades_columns(), "regime"]


def test_a_trade_carries_the_regime_of_the_bar_that_decided_it() -> None:
    result = run_backtest(config(regimes=REGIMES), BARS)
    labels = label_regimes(RegimeSettings(method="trend"), BARS)
    frame = result.trades_frame()
    assert len(frame) > 20
    assert frame["regime"].nunique() > 1
    for symbol, bar, regime in zip(frame["symbol"], frame["decision_bar"], frame["regime"], strict=True):
        code = labels.label[bar, BARS.symbols.index(symbol)]
        assert regime == ("" if code < 0 else labels.names[code])


def test_labels_look_back_beyond_the_first_bar_that_trades() -> None:
    start = 200
    stamp = str(np.datetime64(int(BARS.times[start]), "ns").astype("datetime64[D]"))
    result = run_backtest(config(regimes=REGIMES, data={"trade_start": stamp}), BARS)
    whole = label_regimes(RegimeSettings(method="trend"), BARS)
    assert result.regimes is not None
    assert (result.regimes.label == whole.label[start:]).all()
    column = result.trades_columns()["regime"]
    assert isinstance(column, Labels)
    own = whole.label[start + result.trades["decision_bar"], result.slot_symbol[result.trades["slot"]]]
    assert (column.codes == own).all()


def test_a_strategy_reads_the_labels_of_the_run_and_others(tmp_path: Path) -> None:
    run = config(of_file(tmp_path, LOOKS, "Looks"), regimes=REGIMES)
    desk = prepare(run, BARS).desk
    bull = label_regimes(RegimeSettings(method="trend"), BARS).label == 0
    assert ((desk.signals[0].side == 1) == bull).all()


@pytest.mark.parametrize("needs_state", [True, False])
@pytest.mark.parametrize("scope", ["symbol", "market"])
def test_per_bar_strategies_are_told_the_word_of_the_run(tmp_path: Path, needs_state: bool, scope: str) -> None:
    strategies = of_file(tmp_path, TOLD.format(needs_state=needs_state), "Told")
    result = run_backtest(config(strategies, regimes={**REGIMES, "scope": scope}), BARS)
    settings = RegimeSettings.model_validate({**REGIMES, "scope": scope})
    words = words_of(label_regimes(settings, BARS), settings)
    assert len(result.trades) > 1
    assert {words[bar] for bar in result.trades["decision_bar"]} == {"bull"}
    assert not len(run_backtest(config(strategies), BARS).trades)  # nobody labels: chop on every bar


def test_a_strategy_on_coarser_bars_sees_the_regimes_of_these(tmp_path: Path) -> None:
    hours = synthetic_universe(2, 1500, "1h").bars
    strategies = of_file(
        tmp_path,
        LOOKS.replace("volatility", "trend").replace('"low", "medium", "high"', '"bull", "bear", "sideways"'),
        "Looks",
    )
    strategies["mine"]["timeframe"] = "4h"
    desk = prepare(config(strategies, regimes=REGIMES), hours).desk
    assert (np.asarray(desk.signals[0].side) == 1).any()


def smoothed(settings: RegimeSettings, bars: Any) -> RegimeLabels:
    label = np.zeros(bars.shape, np.int8)
    return RegimeLabels("smoothed", ("calm",), label, np.ones(bars.shape), causal=False)


def test_labels_that_know_the_future_are_refused_by_whatever_trades(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS._loaded, "trend", smoothed)
    with pytest.raises(UsageError, match="must be causal; those of smoothed look at bars behind their own"):
        Context(BARS).labels("trend")
    with pytest.raises(StrategyError, match="must be causal"):
        prepare(config(of_file(tmp_path, LOOKS, "Looks"), regimes=REGIMES), BARS)
    with pytest.raises(UsageError, match="must be causal"):
        run_backtest(config(regimes=REGIMES), BARS)


def test_labels_are_made_once_per_settings_and_seed() -> None:
    context = Context(BARS)
    assert context.regimes is None
    assert context.regime_words is None
    assert context.labels("trend") is context.labels("trend", scope="symbol")
    assert context.labels("trend") is not context.labels("trend", rules={"trend_adx": 30})


def test_what_a_strategy_looks_back_on_covers_the_bars_before_the_first_label() -> None:
    context = Context(BARS)
    context.labels("volatility")
    assert context.lookback_bars == 272


def test_the_labels_of_a_context_must_stand_on_its_bars() -> None:
    other = Context(BARS.slice(0, 100))
    with pytest.raises(UsageError, match="labels of a context must be of its own bars"):
        Context(BARS, labelled=other.labelled)
