"""The built-in strategies on external series: signals by hand, edges planted and reversed, and trades on real bars."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import made_up_moods as made_up
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stratkit.backtest import RunConfig, run_backtest
from stratkit.cli.strategies import app
from stratkit.config import load_config
from stratkit.data.bars import Bars
from stratkit.data.bundled import bundled_series
from stratkit.data.series import ExternalSeries
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.engine.result import BacktestResult
from stratkit.errors import ParameterError
from stratkit.features import lag, shocks
from stratkit.features.external import SeriesSource
from stratkit.panel import NS_PER_DAY
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.catalog import build_strategy, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.needs import needed_series
from stratkit.strategies.parameters import ParameterValue, SearchParameter, search_space
from stratkit.strategies.proposals import Proposal
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import EXIT, LONG, SHORT, Signals
from stratkit.strategies.strategy import Strategy
from stratkit.testing import check_strategy, sample_bars, sample_context, strategy_contract

ROOT: Final = Path(__file__).parents[2]
COSTS: Final = {"commission_bps": 1.0, "half_spread_bps": 2.0, "borrow_ann": 0.01}
CLEARLY: Final = 3.0  # t statistic of the mean daily return net of costs
NOT_DISTINGUISHABLE: Final = 1.5  # of all noises together
NOISES: Final = 8
NAMES: Final = ("volatility_risk_premium", "contrarian_sentiment", "sentiment_divergence", "news_momentum")
MARKETS: Final = dict(zip(NAMES, (made_up.premium, made_up.moods, made_up.forced_sales, made_up.news)))
VIX: Final = {"path": "bundled:VIX", "publication_lag": "1d", "max_age": "10d"}
SENTIMENT: Final = {"path": "bundled:MADE_UP_SENTIMENT", "publication_lag": "1d", "max_age": "10d"}

MOODY: Final = """
from stratkit.features import sma
from stratkit.strategies import Strategy

class Moody(Strategy):
    "Long above the average in a good mood."
    needs = ("series:mood",)
    def signals(self, context):
        return self.sides(context, long=(context.bars.close > context.compute(sma, 5)) & (context.series("mood") > 0))
"""

TestVolatilityRiskPremium = strategy_contract(find_strategy("volatility_risk_premium"))
TestContrarianSentiment = strategy_contract(find_strategy("contrarian_sentiment"))
TestSentimentDivergence = strategy_contract(find_strategy("sentiment_divergence"))
TestNewsMomentum = strategy_contract(find_strategy("news_momentum"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("direction", ["both", "long_only"])
def test_both_directions_keep_the_contract(name: str, direction: str) -> None:
    check_strategy(build_strategy(name, {"direction": direction}))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_who_pays_for_it_and_which_series_it_needs(name: str) -> None:
    strategy = build_strategy(name)
    assert strategy.edge.endswith(".")
    assert strategy.source
    assert needed_series(strategy) == (strategy.params.series,)
    assert needed_series(build_strategy(name, {"series": "other"})) == ("other",)


class Moody(Strategy):
    """Long while the mood is high."""

    needs = ("series:mood",)

    def signals(self, context: Context) -> Signals:
        mood = context.series("mood")
        return self.sides(context, long=mood > 20, exit=mood < 20)


class MoodyBarByBar(BarStrategy):
    """The same, asked on each bar."""

    needs = ("series:mood",)

    def proposals(self, context: Any) -> list[Proposal]:
        mood = context.series("mood")
        return [Proposal(each.symbol, "BUY") for each in context.universe if each.has_bar and mood[each.symbol] > 20]


def test_the_contract_hands_a_made_up_series_for_each_that_is_needed() -> None:
    check_strategy(Moody)
    check_strategy(MoodyBarByBar, sample_bars(120))
    forgets = type("Forgets", (Moody,), {"needs": (), "__doc__": "Say nothing of it."})
    with pytest.raises(AssertionError, match=r"no series 'mood'; none is known: configure data\.series\.mood"):
        check_strategy(forgets)


def test_a_strategy_of_a_users_own_is_shown_with_its_warm_up(tmp_path: Path) -> None:
    file = tmp_path / "moody.py"
    file.write_text(MOODY, "utf-8")
    shown = CliRunner().invoke(app, ["show", str(file), "--json"], catch_exceptions=False, standalone_mode=False)
    assert json.loads(shown.stdout)["warmup_bars"] == 4


def said(name: str, params: dict[str, Any], series: list[float], close: list[float] | None = None) -> list[int]:
    """The sides on daily bars; value t of the series is known when bar t ends, NaN = none."""
    closes = np.array(close or [100.0] * len(series))[:, None]
    times = np.arange(len(series), dtype=np.int64) * NS_PER_DAY
    bars = Bars(times, ("A",), closes, closes, closes, closes, closes, frequency="1d")
    values = np.array(series)
    known = np.isfinite(values)
    given = ExternalSeries(times[known], times[known] + NS_PER_DAY, values[known], max_age_ns=NS_PER_DAY - 1)
    strategy = build_strategy(name, params)
    context = Context(bars, external=SeriesSource(bars, {needed_series(strategy)[0]: given}))
    return [int(side) for side in np.asarray(run_strategy(strategy, context).side).ravel()]


def test_the_premium_is_implied_less_realised_volatility_as_a_table_by_hand() -> None:
    # closes that stand still have no volatility, so the premium is the series itself
    series = [9.0, 9, 9, 9, 9, 3, 1, -1, 2, 2.5, np.nan, -3, -1, 1, 0]
    params = {"window": 5, "margin": 2.0, "leave": 0.0}
    premium = "volatility_risk_premium"
    assert said(premium, params, series) == [0] * 5 + [LONG, 0, EXIT, 0, LONG, 0, EXIT, EXIT, 0, 0]
    both = said(premium, {**params, "direction": "both"}, series)
    assert both == [0] * 5 + [LONG, 0, EXIT, 0, LONG, 0, SHORT, 0, EXIT, 0]


def test_realised_volatility_is_the_yearly_deviation_of_the_last_returns() -> None:
    close = [100.0, 102, 100, 103, 101, 104, 100]
    returns = np.array([close[bar] / close[bar - 1] - 1 for bar in range(1, 7)])
    realised = 100 * np.sqrt(252) * np.array([np.std(returns[:5], ddof=1), np.std(returns[1:], ddof=1)])
    for above, side in ((2.001, LONG), (1.999, 0)):
        series = [50.0] * 5 + [realised[0] + above, realised[1] + above]
        assert said("volatility_risk_premium", {"window": 5, "margin": 2.0}, series, close)[5:] == [side, side]
    a_bar = realised / np.sqrt(252)
    series = [50.0] * 5 + [a_bar[0] + 2.001, a_bar[1] + 1.999]
    a_bar_a_year = {"window": 5, "margin": 2.0, "bars_per_year": 1.0}
    assert said("volatility_risk_premium", a_bar_a_year, series, close)[5:] == [LONG, 0]


def test_fear_is_a_low_rank_among_the_bars_before_as_a_table_by_hand() -> None:
    ramp = [float(value) for value in range(1, 21)]
    # ranks: 0 of 20; among 2 .. 20 and 0 one above 2 .. 10 and 0: 10 of 20; one above all
    series = [*ramp, 0.0, 10.5, 30.0]
    params = {"rank_bars": 20, "fear": 0.1, "neutral": 0.5, "euphoria": 0.9}
    assert said("contrarian_sentiment", params, series) == [0] * 20 + [LONG, EXIT, EXIT]
    assert said("contrarian_sentiment", {**params, "direction": "both"}, series) == [0] * 20 + [LONG, EXIT, SHORT]
    fear = {**params, "high_means": "fear"}
    assert said("contrarian_sentiment", fear, series) == [0] * 20 + [0, 0, LONG]


def test_a_low_that_sentiment_does_not_share_as_a_table_by_hand() -> None:
    params = {"extreme_bars": 3, "change_bars": 1, "window": 10, "deviations": 1.0, "atr_bars": 2}
    mood = [0.0, 1] * 6  # every change has the size of one
    close = [100.0] * 12
    rises = [*mood, 2.5, 1.4, 1.3]  # by 1.5 deviations, down by about 1.1, hardly
    assert said("sentiment_divergence", params, rises, [*close, 99, 98, 97]) == [0] * 12 + [LONG, 0, 0]
    assert said("sentiment_divergence", params, rises, [*close, 101, 102, 103]) == [0] * 12 + [0, SHORT, 0]
    assert said("sentiment_divergence", params, rises, [*close, 100, 100, 100]) == [0] * 15, (
        "an equal low is no new one"
    )
    long_only = {**params, "direction": "long_only"}
    assert said("sentiment_divergence", long_only, rises, [*close, 101, 102, 103]) == [0] * 15


def test_a_shock_is_followed_as_a_table_by_hand() -> None:
    params = {"window": 10, "deviations": 2.0, "hold_bars": 3}
    tone = [0.0, 1] * 6
    # changes of 2.0 (not beyond), then -3.1 beside a deviation of sqrt((9 + 4) / 10) = 1.14, then +0.1
    assert said("news_momentum", params, [*tone, 3.0, -0.1, 0.0]) == [0] * 12 + [0, SHORT, 0]
    assert said("news_momentum", params, [*tone, 3.01, 3.0, 3.0]) == [0] * 12 + [LONG, 0, 0]
    assert said("news_momentum", {**params, "direction": "long_only"}, [*tone, 3.0, -0.1, 0.0]) == [0] * 15
    plan = run_strategy(
        build_strategy("news_momentum", params), sample_context(build_strategy("news_momentum"), sample_bars())
    )
    assert plan.exit_plan is not None
    assert plan.exit_plan.time_stop_bars == 3


def test_shocks_are_those_of_a_plain_loop_on_own_bars() -> None:
    draw = np.random.default_rng(5)
    panel = draw.standard_normal((80, 2)).cumsum(axis=0)
    panel[draw.random(80) < 0.2, 1] = np.nan
    found = shocks(panel, 3, 7)
    for column in range(2):
        own = np.flatnonzero(np.isfinite(panel[:, column]))
        values = panel[own, column]
        for place, bar in enumerate(own):
            if place < 10:
                assert np.isnan(found[bar, column])
                continue
            changes = [values[end] - values[end - 3] for end in range(place - 7, place)]
            expected = (values[place] - values[place - 3]) / np.sqrt(np.mean(np.square(changes)))
            assert found[bar, column] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(found[np.isnan(panel)]).all()
    assert np.isnan(shocks(np.ones((20, 1)), 1, 5)).all()
    np.testing.assert_array_equal(np.isnan(lag(panel, 3))[:3], True)


@pytest.mark.parametrize(
    ("name", "params", "reason"),
    [
        ("volatility_risk_premium", {"margin": 1.0, "leave": 2.0}, "leave must not be above margin"),
        ("volatility_risk_premium", {"margin": -1.0, "leave": -2.0, "direction": "both"}, "margin must not be below 0"),
        ("contrarian_sentiment", {"fear": 0.3, "neutral": 0.2}, "fear < neutral < euphoria must hold"),
        ("contrarian_sentiment", {"neutral": 0.95}, "fear < neutral < euphoria must hold"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(name: str, params: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        build_strategy(name, params)


PARAMETERS = [
    (name, each.name) for name in NAMES for each in search_space(find_strategy(name).Params) if each.kind != "fixed"
]


def other_values(parameter: SearchParameter) -> list[ParameterValue | None]:
    if parameter.kind == "choice":
        return [value for value in parameter.choices if value != parameter.default]
    assert parameter.low is not None
    assert parameter.high is not None
    near = [parameter.default * factor for factor in (0.5, 1.25, 2.0)]  # type: ignore[operator]  # a number
    values = (*near, parameter.low, parameter.high)
    return [round(value) for value in values] if parameter.kind == "int" else list(values)


@pytest.mark.parametrize(("name", "changed"), PARAMETERS)
def test_every_parameter_changes_what_is_said(name: str, changed: str) -> None:
    parameter = next(each for each in search_space(find_strategy(name).Params) if each.name == changed)
    context = sample_context(build_strategy(name), sample_bars(1000))

    def signals(**params: Any) -> Signals | None:
        try:
            return run_strategy(build_strategy(name, params), context)
        except ParameterError:  # values that do not go together
            return None

    def differs(one: Signals | None, other: Signals | None) -> bool:
        if one is None or other is None:
            return False
        spoken = slice(max(one.warmup_bars, other.warmup_bars), None)
        same = np.array_equal(np.asarray(one.side)[spoken], np.asarray(other.side)[spoken])
        return not same or one.exit_plan != other.exit_plan

    beside: list[dict[str, Any]] = [{}] + ([] if changed == "direction" else [{"direction": "both"}])
    assert any(
        differs(signals(**given), signals(**given, **{changed: value}))
        for given in beside
        for value in other_values(parameter)
    )


def played(name: str, series: dict[str, Any], bars: Bars, share: float = 1.0, **params: Any) -> BacktestResult:
    read = needed_series(build_strategy(name, params))[0]
    return run_backtest(
        RunConfig.model_validate(
            {
                "data": {"series": {read: series}},
                "strategies": {name: {"enabled": True, "type": name, "params": params}},
                "risk": {"sizing": {"fraction": share}},
                "costs": COSTS,
            }
        ),
        bars,
    )


def in_made_up_market(name: str, sign: int, folder: Path, seed: int = 0, **params: Any) -> tuple[float, float]:
    """Return the net profit as a fraction, and how many standard errors the mean daily return lies above 0."""
    bars, series = made_up.made(MARKETS[name], sign, folder, seed)
    result = played(name, series, bars, 1.0 / len(made_up.SYMBOLS), **params)
    assert len(result.trades) >= 30
    returns = np.diff(result.equity) / result.equity[:-1]
    t = returns.mean() / returns.std(ddof=1) * np.sqrt(len(returns))
    return float(result.equity[-1] / result.equity[0] - 1), float(t)


@pytest.mark.parametrize("direction", ["long_only", "both"])
@pytest.mark.parametrize("name", NAMES)
def test_it_earns_where_its_edge_is_planted_and_loses_where_it_is_reversed(
    name: str, direction: str, tmp_path: Path
) -> None:
    profit, t = in_made_up_market(name, 1, tmp_path, direction=direction)
    assert profit > 0.1
    assert t > CLEARLY
    loss, _ = in_made_up_market(name, -1, tmp_path, direction=direction)
    assert loss < -0.1


@pytest.mark.parametrize("direction", ["long_only", "both"])
@pytest.mark.parametrize("name", NAMES)
def test_it_finds_nothing_where_the_series_knows_nothing(name: str, direction: str, tmp_path: Path) -> None:
    found = [in_made_up_market(name, 0, tmp_path, seed, direction=direction)[1] for seed in range(NOISES)]
    assert sum(found) / np.sqrt(NOISES) < NOT_DISTINGUISHABLE


def test_the_premium_is_traded_thirty_times_on_the_index_beside_its_volatility() -> None:
    bars = load_bars(DataSettings(symbols=("SP500",), start="2014-01-03", end="2018-12-31"))
    result = played("volatility_risk_premium", VIX, bars, direction="both")
    assert len(result.trades) >= 30


@pytest.mark.parametrize("name", NAMES[1:])
def test_sentiment_is_traded_thirty_times_on_the_bundled_bars(name: str) -> None:
    result = played(name, SENTIMENT, load_bars(DataSettings(symbols=("SP500",))))
    assert len(result.trades) >= 30


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sentiment", ROOT / "data" / "make_sentiment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_made_up_sentiment_is_what_its_script_makes_and_says_that_it_is_made_up(script: ModuleType) -> None:
    table = script.sentiment()
    kept = pq.read_table(bundled_series("MADE_UP_SENTIMENT"))
    assert table.equals(kept)
    assert not table.equals(script.sentiment(seed=1))
    assert "MADE UP" in str(script.__doc__)
    values = kept.column("value").to_numpy()
    assert 0 <= values.min() < 10 < 90 < values.max() <= 100


def test_the_made_up_sentiment_of_a_day_knows_nothing_of_later_ones(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = script.sentiment().column("value").to_numpy()
    monkeypatch.setattr(script, "load_bars", lambda settings: load_bars(settings).slice(0, 1000))
    np.testing.assert_array_equal(script.sentiment().column("value").to_numpy()[:1000], whole[:1000])


def test_script_and_configuration_run_end_to_end(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["make_sentiment.py", "--to", str(tmp_path)])
    script.main()
    file = tmp_path / "series" / "MADE_UP_SENTIMENT.parquet"
    bundled = load_config([ROOT / "configs" / "sentiment.yaml"])
    own = load_config([ROOT / "configs" / "sentiment.yaml"], settings=[f"data.series.sentiment.path={file}"])
    bars = load_bars(bundled.data)
    results = [run_backtest(config.run(), bars) for config in (bundled, own)]
    assert len(results[0].trades) >= 30
    assert results[0].trades.tobytes() == results[1].trades.tobytes()
    late = load_config([ROOT / "configs" / "sentiment.yaml"], settings=["data.series.sentiment.publication_lag=5d"])
    assert run_backtest(late.run(), bars).trades.tobytes() != results[0].trades.tobytes()
