"""What the terminal shows of a run: settings in words, metrics beside their benchmark, what was refused."""

from __future__ import annotations

from command_line import Stratkit, WriteBars, WriteStrategy

FREE = ("--set", "costs={commission_bps: 0, half_spread_bps: 0}")
BASE = ("--no-report", "--strategy", "buy_and_hold")


def fact(text: str, name: str) -> str:
    """The value of one line of facts."""
    return next(line.split(maxsplit=1)[1] for line in text.splitlines() if line.split(maxsplit=1)[:1] == [name])


def test_costs_are_said_in_words(stratkit: Stratkit, write_bars: WriteBars) -> None:
    data = write_bars()
    assert fact(stratkit("backtest", "--data", data, *BASE, *FREE).out, "costs") == "none"
    costs = "costs={commission_per_order: 1.5, commission_minimum: 2, slippage_volatility: 0.1}"
    shown = fact(stratkit("backtest", "--data", data, *BASE, *FREE, "--set", costs).out, "costs")
    assert shown == "1.5 per order, at least 2 a fill, slippage 0.1 x volatility"


def test_the_exit_plan_is_said_in_words(stratkit: Stratkit, write_bars: WriteBars) -> None:
    plan = "exit_plan={risk_basis: percent, risk: 5, sl: 1, tp1: 2, time_stop_bars: 9}"
    done = stratkit("backtest", "--data", write_bars(), *BASE, "--set", plan)
    assert fact(done.out, "exits") == "stop 1 R, target 2 R, time stop 9 bars; R is 5 % of the entry price"
    assert "\nexits" not in stratkit("backtest", "--data", write_bars(), *BASE).out


def test_exits_that_are_chosen_are_said_in_place_of_the_plan_that_does_not_hold(
    stratkit: Stratkit, write_bars: WriteBars
) -> None:
    bars = write_bars()
    for selector, said in (
        ("{enabled: true}", "chosen per entry from 7 profiles by epsilon-greedy, default ultra_aggressive"),
        (
            "{enabled: true, profiles: [scalp, moderate], default: scalp, policy: ucb1}",
            "chosen per entry from 2 profiles by UCB1, default scalp",
        ),
        ("{enabled: true, over: strategies}", "scalp: stop 0.8 R, "),
    ):
        chosen = ("--set", f"meta_strategy={selector}", "--set", "exit_plan=scalp")
        assert fact(stratkit("backtest", "--data", bars, *BASE, *chosen).out, "exits").startswith(said)


def test_sizing_limits_and_leverage_are_said(stratkit: Stratkit, write_bars: WriteBars) -> None:
    settings = ("--set", "risk={sizing: {fraction: 0.5}, caps: {max_symbol_pct: 40, on_breach: scale}}")
    done = stratkit("backtest", "--data", write_bars(), *BASE, *settings, "--set", "account.leverage=2")
    assert fact(done.out, "account") == "100,000 cash, leverage 2, 50 % of equity per position"
    assert fact(done.out, "limits") == "max_symbol_pct 40, on breach scale, at risk is the exposure"


def test_target_weights_are_told_from_sizes(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy
) -> None:
    path = strategy_file("return self.weights(context, np.full(context.shape, 0.5))")
    done = stratkit("backtest", "--data", write_bars(), "--strategy", path, "--no-report")
    assert fact(done.out, "account") == "100,000 cash, sized by the strategy's target weights"


def test_the_basis_says_where_the_periods_per_year_come_from(stratkit: Stratkit, write_bars: WriteBars) -> None:
    data = write_bars()
    assert "365 a year" in stratkit("backtest", "--data", data, *BASE).out
    assert "200 a year (given by --periods)" in stratkit("backtest", "--data", data, *BASE, "--periods", "200").out


def test_the_benchmark_stands_beside_and_may_be_left_out(stratkit: Stratkit, write_bars: WriteBars) -> None:
    data = write_bars()
    assert "buy and hold\n" in stratkit("backtest", "--data", data, *BASE).out
    without = stratkit("backtest", "--data", data, *BASE, "--set", "analytics.benchmark=null").out
    assert "buy and hold" not in without
    assert "Sharpe ratio" in without


def test_what_was_refused_is_counted_by_rule(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit("backtest", "--data", write_bars(), *BASE, "--set", "account.min_notional=1e9")
    refused = fact(done.out, "refused")
    assert refused.split()[1] == "min_notional"
    assert "0 closed" in fact(done.out, "trades")


def test_the_sharpe_ratio_is_never_alone(stratkit: Stratkit, write_bars: WriteBars) -> None:
    data = write_bars()
    for profile, optimistic, trials in (("conservative", False, ", 1 trial, PSR"), ("close", True, ", 2 trials, ")):
        out = stratkit("backtest", "--data", data, *BASE, "--fills", profile).out
        line = next(line for line in out.splitlines() if line.startswith("Sharpe ratio"))
        assert trials in line
        assert ("optimistic" in line) is optimistic


def test_no_line_ends_in_spaces_or_is_wider_than_a_page(stratkit: Stratkit) -> None:
    lines = stratkit("backtest", "--no-report").out.splitlines()
    assert all(line == line.rstrip() and len(line) <= 100 for line in lines)
