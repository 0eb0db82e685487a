"""`stratkit check`: what it prints, where it prints it, and with which code it leaves."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from command_line import COMMAND, ENVIRONMENT, Stratkit, WriteBars, WriteStrategy

LEAK = """\
import pandas as pd
from stratkit.strategies import Strategy

class Leak(Strategy):
    "Buy before a rise."
    def signals(self, context):
        close = pd.DataFrame(context.bars.close)
        return self.sides(context, long=(close.shift(-1) > close).to_numpy())

class Clean(Strategy):
    "Buy after a rise."
    def signals(self, context):
        close = pd.DataFrame(context.bars.close)
        return self.sides(context, long=(close.shift(1) < close).to_numpy())

class Hasty(Strategy):
    "Declare a tenth of the warm-up."
    warmup_bars = 5
    def signals(self, context):
        close = pd.DataFrame(context.bars.close)
        above = (close > close.rolling(60, min_periods=1).mean()).to_numpy()
        return self.sides(context, long=above, short=~above & context.has_bar)

class Boom(Strategy):
    "Raise."
    def signals(self, context):
        raise KeyError("SPY")

class KnowsSP500(Strategy):
    "Run on bars of SP500 only."
    def signals(self, context):
        column = context.bars.symbols.index("SP500")
        return self.sides(context, long=context.bars.close > context.bars.close[:, [column]] - 1)
"""

MOODS = """\
import numpy as np
import pandas as pd
from stratkit.strategies import Strategy

class Honest(Strategy):
    "Long while the mood is high."
    needs = ("series:mood",)
    def signals(self, context):
        mood = context.series("mood")
        return self.sides(context, long=mood > 5, exit=mood < 5)

class ByDate(Strategy):
    "The same by date."
    def signals(self, context):
        table = pd.read_csv("mood.csv")
        stamps = pd.DatetimeIndex(pd.to_datetime(table["timestamp"], utc=True)).as_unit("ns").asi8
        row = np.searchsorted(stamps, context.bars.times, side="right") - 1
        mood = np.where(row >= 0, table["value"].to_numpy()[row], np.nan)[:, None]
        return self.sides(context, long=mood > 5, exit=mood < 5)
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    (tmp_path / "own.py").write_text(LEAK)
    return "own.py"


def test_a_leak_leaves_with_5_and_one_message_names_bar_column_and_size(
    stratkit: Stratkit, own: str, write_bars: WriteBars
) -> None:
    done = stratkit("check", "lookahead", f"{own}:Leak", "--data", write_bars())
    assert done.code == 5
    errors = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "Leak looks ahead: side of ACME on bar " in errors[0]
    assert "is 1, but 0 when the bars from " in errors[0]
    assert "(1 value on 1 bar, by up to 1)" in errors[0]
    assert "leak" in done.out
    assert "side of ACME on bar " in done.out
    assert "own.py:8: negative-shift: shift(-n) brings a later value" in done.err


def test_a_clean_strategy_leaves_with_0(stratkit: Stratkit, own: str, write_bars: WriteBars) -> None:
    done = stratkit("check", "lookahead", f"{own}:Clean", "--data", write_bars())
    assert done.code == 0
    assert "clean" in done.out
    assert "200 cuts each, at most 60 s" in done.err
    assert "negative-shift" not in done.err  # the other class of the file is none of its business


def test_json_is_one_object_also_when_something_leaks(stratkit: Stratkit, own: str, write_bars: WriteBars) -> None:
    done = stratkit("check", "lookahead", f"{own}:Leak", "--data", write_bars(), "--json", "--cuts", "30", "--quiet")
    assert done.code == 5
    assert done.json["clean"] is False
    (check,) = done.json["checks"]
    assert (check["verdict"], check["cuts"], check["bars"], check["symbols"]) == ("leak", 30, 300, 1)
    leak = check["leaks"][0]
    assert (leak["field"], leak["symbol"], leak["value"], leak["otherwise"], leak["reach_bars"]) == (
        "side", "ACME", 1, 0, 1,
    )  # fmt: skip
    assert leak["time"].startswith("2020-")
    assert done.json["suspects"][0]["rule"] == "negative-shift"
    assert "cuts each" not in done.err


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["--cuts", "7"], "cuts", 7),
        (["--bars", "120"], "bars", 120),
        (["--seconds", "0.1", "--cuts", "299"], "cuts_asked", 299),
        (["--from", "2020-03-01"], "first", "2020-03-01"),
        (["--to", "2020-06-30"], "last", "2020-06-30"),
        (["--set", "data.end=2020-05-31"], "last", "2020-05-31"),
    ],
)
def test_each_option_changes_the_check(
    stratkit: Stratkit, write_bars: WriteBars, options: list[str], field: str, value: object
) -> None:
    done = stratkit("check", "lookahead", "rsi_reversion", "--data", write_bars(), "--json", *options)
    assert done.code == 0
    assert done.json["checks"][0][field] == value


def test_a_tolerance_lets_small_differences_pass(stratkit: Stratkit, tmp_path: Path, write_bars: WriteBars) -> None:
    (tmp_path / "rounds.py").write_text(
        "from stratkit.strategies import Strategy\n"
        "class Rounds(Strategy):\n    'Differ in the last places.'\n"
        "    def signals(self, context):\n"
        "        size = context.bars.close * (1 + 1e-13 * context.shape[0])\n"
        "        return self.sides(context, long=context.has_bar, size=size)\n"
    )
    command = ("check", "lookahead", "rounds.py", "--data", write_bars(), "--cuts", "10")
    strict = stratkit(*command)
    assert strict.code == 5
    assert "this is the size of rounding" in strict.err
    assert stratkit(*command, "--tolerance", "1e-9").code == 0


def test_the_seed_is_said(stratkit: Stratkit, write_bars: WriteBars) -> None:
    assert "seed 3" in stratkit("check", "lookahead", "sma_cross", "--data", write_bars(), "--seed", "3").err


def test_a_configuration_says_strategy_parameters_and_data(
    stratkit: Stratkit, tmp_path: Path, write_bars: WriteBars
) -> None:
    bars = write_bars()
    (tmp_path / "run.yaml").write_text(
        f"data: {{path: {bars}}}\n"
        "strategies:\n"
        "  quick: {enabled: true, type: sma_cross, params: {fast: 3, slow: 9}}\n"
        "  slow: {type: rsi_reversion}\n"
    )
    done = stratkit("check", "lookahead", "run.yaml", "--json")
    assert (done.code, done.json["checks"][0]["name"]) == (0, "quick")
    assert "indicator sma(window_bars=3)" in done.json["checks"][0]["compared"]
    only = stratkit("check", "lookahead", "run.yaml", "--only", "slow", "--json")
    assert [check["name"] for check in only.json["checks"]] == ["slow"]
    both = stratkit("check", "lookahead", "run.yaml", "macd_trend", "--json")
    assert [check["name"] for check in both.json["checks"]] == ["quick", "macd_trend"]


def test_without_data_a_made_up_set_that_a_strategy_cannot_run_on_is_left_out(stratkit: Stratkit, own: str) -> None:
    done = stratkit("check", "lookahead", f"{own}:KnowsSP500", "--cuts", "5", "--json")
    assert done.code == 0
    assert [check["bars"] for check in done.json["checks"]] == [5031]
    assert "is not checked on made-up days, for it cannot run there" in done.err


def test_without_a_configuration_a_series_is_the_bundled_one_where_its_dates_fit_and_made_up_elsewhere(
    stratkit: Stratkit,
) -> None:
    done = stratkit("check", "lookahead", "volatility_risk_premium", "--cuts", "8", "--json")
    assert done.code == 0, done.err
    assert [check["verdict"] for check in done.json["checks"]] == ["clean"] * 3
    assert not any("no opinion" in note for check in done.json["checks"] for note in check["notes"])
    assert "is not checked on" not in done.err
    warm = stratkit("check", "warmup", "volatility_risk_premium", "--json")
    assert warm.json["checks"][0]["needed_bars"] == 21


def test_features_of_a_configuration_and_a_run_that_adapts_are_proved_with_its_strategies(
    tmp_path: Path, stratkit: Stratkit
) -> None:
    (tmp_path / "run.yaml").write_text(
        "data: {symbols: [SP500]}\n"
        "strategies: {slow: {enabled: true, type: sma_cross}}\n"
        "features:\n"
        "  formulas: {rise: rate_of_change(5), calm: 1 / return_std(20)}\n"
        "  min_bars: 300\n"
        "  refit_every_bars: 100\n"
        "optimization: {enabled: true, quality: {threshold: 0.4}}\n"
    )
    done = stratkit("check", "lookahead", "run.yaml", "--cuts", "12", "--bars", "700", "--json")
    assert done.code == 0, done.err
    checks = {check["name"]: check for check in done.json["checks"]}
    assert list(checks) == ["slow", "configured features", "configured feature matrix", "the whole run"]
    assert {"asked side", "heard of slow", "weight of slow"} <= set(checks["the whole run"]["compared"])
    assert {"rise", "calm"} <= set(checks["configured features"]["compared"])
    assert checks["configured feature matrix"]["bars"] == 600


def test_a_configured_series_is_kept_to_its_lag_also_where_a_strategy_reads_the_file_itself(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    days = [f"2020-{month:02d}-{day:02d}" for month in range(1, 11) for day in range(1, 29)]
    rows = [f"{day}T00:00Z,{number * 7 % 11}" for number, day in enumerate(days)]
    (tmp_path / "mood.csv").write_text("\n".join(["timestamp,value", *rows]))
    (tmp_path / "moods.py").write_text(MOODS)
    (tmp_path / "run.yaml").write_text(
        f"data: {{path: {write_bars()}, series: {{mood: {{path: mood.csv, publication_lag: 3d}}}}}}\n"
        "strategies:\n"
        "  honest: {enabled: true, type: moods.py:Honest}\n"
        "  by_date: {enabled: true, type: moods.py:ByDate}\n"
    )
    done = stratkit("check", "lookahead", "run.yaml", "--cuts", "40", "--json")
    assert done.code == 5
    assert [(check["name"], check["verdict"]) for check in done.json["checks"]] == [
        ("honest", "clean"), ("by_date", "leak"),
    ]  # fmt: skip
    assert "by_date looks ahead: side of ACME on bar" in done.err
    (tmp_path / "bare.yaml").write_text(
        f"data: {{path: {write_bars()}}}\nstrategies: {{honest: {{enabled: true, type: moods.py:Honest}}}}\n"
    )
    bare = stratkit("check", "lookahead", "bare.yaml", "--cuts", "5")
    assert "no series 'mood'; none is known: configure data.series.mood" in bare.err
    assert bare.code != 0


def test_without_a_name_every_built_in_strategy_and_indicator_is_proved(stratkit: Stratkit) -> None:
    from stratkit.strategies.catalog import STRATEGIES

    done = stratkit("check", "lookahead", "--cuts", "20", "--json")
    assert done.code == 0
    names = [check["name"] for check in done.json["checks"]]
    assert set(names) >= {*STRATEGIES.builtin, "sma(window_bars=10)"}
    assert names.count("sma_cross") == 3
    assert all(check["verdict"] == "clean" for check in done.json["checks"])


@pytest.mark.parametrize("command", ["lookahead", "warmup"])
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sma_crss"], 2, "did you mean 'sma_cross'?"),
        (["nowhere.py"], 2, "a strategy file must exist"),
        (["nowhere.yaml"], 2, "nowhere.yaml"),
        (["sma_cross", "--data", "nowhere"], 3, "nowhere"),
        (["own.py:Boom"], 4, "own.py:27: KeyError: 'SPY'"),
        (["sma_cross", "--bars", "0"], 2, "--bars"),
    ],
)
def test_what_cannot_be_checked_says_why(
    stratkit: Stratkit, own: str, command: str, arguments: list[str], code: int, message: str
) -> None:
    done = stratkit("check", command, *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_warmup_shows_declared_and_needed_bars(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit(
        "check", "warmup", "sma_cross", "--data", write_bars(), "--set", "strategies.sma_cross.params.slow=30"
    )
    assert done.code == 0, done.err
    assert "declared" in done.out
    assert "covered" in done.out
    assert "signals on 20 bars before 12 ends" in done.err


def test_a_warm_up_that_is_too_small_leaves_with_5(stratkit: Stratkit, own: str, write_bars: WriteBars) -> None:
    done = stratkit("check", "warmup", f"{own}:Hasty", "--data", write_bars(), "--json")
    assert done.code == 5
    (check,) = done.json["checks"]
    assert (check["verdict"], check["declared_bars"], done.json["holds"]) == ("too small", 5, False)
    assert 20 < check["needed_bars"] <= 60
    assert [history["bars"] for history in check["histories"]] == [5, 10, 20]
    assert "warmup_bars is 5" in done.err
    assert "declare more" in done.err


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (["--last", "5"], "compared_bars", 5),
        (["--bars", "200"], "longest_bars", 180),
        (["--to", "2020-08-31"], "longest_bars", 224),
    ],
)
def test_each_option_changes_the_measurement(
    stratkit: Stratkit, write_bars: WriteBars, options: list[str], key: str, value: int
) -> None:
    done = stratkit("check", "warmup", "rsi_reversion", "--data", write_bars(), "--json", *options)
    assert done.json["checks"][0][key] == value


def test_ends_and_tolerance_change_the_measurement(stratkit: Stratkit, tmp_path: Path, write_bars: WriteBars) -> None:
    (tmp_path / "smooth.py").write_text(
        "from stratkit.features import ema\n"
        "from stratkit.strategies import Strategy\n"
        "class Smooth(Strategy):\n    'Say a recursive average.'\n"
        "    def signals(self, context):\n"
        "        mean = context.compute(ema, 10)\n"
        "        return self.sides(context, long=mean > 0, size=mean)\n"
    )
    command = ("check", "warmup", "smooth.py", "--data", write_bars(), "--json")
    loose, strict = stratkit(*command).json["checks"][0], stratkit(*command, "--tolerance", "1e-9").json["checks"][0]
    assert strict["needed_bars"] > loose["needed_bars"]
    assert len(stratkit(*command, "--ends", "2").json["checks"][0]["ends"]) == 2


def test_too_few_bars_for_the_warm_up_are_an_error_of_the_data(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit("check", "warmup", "momentum_rotation", "--data", write_bars())
    assert done.code == 3
    assert "needs more than 609 bars" in done.err


@pytest.mark.parametrize("command", ["lookahead", "warmup"])
def test_what_a_strategy_prints_stays_out_of_the_json(
    stratkit: Stratkit, tmp_path: Path, write_bars: WriteBars, command: str
) -> None:
    (tmp_path / "own.py").write_text(
        "print('loading')\n" + LEAK.replace("        close", "        print('calling')\n        close")
    )
    done = stratkit("check", command, "own.py:Clean", "--data", write_bars(), "--json", "--bars", "100")
    assert done.code == 0
    assert done.json["checks"]
    assert "loading\n" in done.err
    assert "calling\n" in done.err


def test_a_termination_signal_inside_a_strategy_is_no_error_of_it(
    tmp_path: Path, write_bars: WriteBars, strategy_file: WriteStrategy
) -> None:
    own = strategy_file("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)")
    done = subprocess.run(
        [*COMMAND, "check", "lookahead", own, "--data", write_bars(), "--quiet"],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGTERM, "", "")
