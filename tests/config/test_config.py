"""A configuration is one value from files, options and settings; whatever does not hold is said with its place."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from stratkit.config import DEFAULT_CONFIG, FileConfig, config_schema, load_config, resolved_yaml
from stratkit.errors import ConfigError, StratkitError
from stratkit.plans import ExitPlan
from stratkit.yaml_positions import Placed, from_option

KEYS = {field.alias or name for name, field in FileConfig.model_fields.items()}
ONE = "strategies: {a: {type: sma_cross, enabled: true}}\n"


def load(folder: Path, *texts: str, settings: tuple[str, ...] = (), only: str | None = None) -> FileConfig:
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.yaml")
        paths[-1].write_text(text)
    return load_config(paths, settings=settings, only=only)


def complaint(folder: Path, *texts: str, settings: tuple[str, ...] = (), only: str | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, *texts, settings=settings, only=only)
    return str(caught.value).replace(f"{folder}/", "")


def test_without_a_file_the_built_in_configuration_runs_on_the_bundled_index() -> None:
    config = load_config()
    assert config.data.path is None
    assert config.data.symbols == ("SP500",)
    assert config.enabled()["sma_cross"].type == "sma_cross"
    assert config.costs.commission_bps > 0


def test_the_parameters_of_the_strategy_are_completed_with_their_defaults(tmp_path: Path) -> None:
    text = "strategies: {a: {type: sma_cross, enabled: true, params: {fast: 7}}}"
    assert load(tmp_path, text).strategies["a"].params == {"fast": 7, "slow": 50, "direction": "both"}


def test_later_files_win_then_options_then_settings(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(ONE + "costs: {commission_bps: 1, half_spread_bps: 2, slippage_bps: 3, impact_bps: 4}")
    second.write_text("costs: {half_spread_bps: 20, slippage_bps: 30, impact_bps: 40}")
    options = [from_option("costs.slippage_bps", 300, "--x"), from_option("costs.impact_bps", 400, "--x")]
    costs = load_config([first, second], options=options, settings=["costs.impact_bps=4000"]).costs
    assert (costs.commission_bps, costs.half_spread_bps, costs.slippage_bps, costs.impact_bps) == (1, 20, 300, 4000)


def test_a_setting_may_be_a_list_a_block_or_null(tmp_path: Path) -> None:
    settings = ("data.symbols=[NO, ON]", "exit_plan={sl: 1, tp1: 2}", "analytics.benchmark=null")
    config = load(tmp_path, ONE, settings=settings)
    assert config.data.symbols == ("NO", "ON")
    assert isinstance(config.exit_plan, ExitPlan)
    assert config.exit_plan.tp1 == 2
    assert config.analytics.benchmark is None


def test_numbers_may_be_written_as_people_write_them(tmp_path: Path) -> None:
    config = load(tmp_path, ONE + "account: {initial_cash: 1e5}\nseed: 1e3\nreport: {png_dpi: 100.0}\n")
    assert (config.account.initial_cash, config.seed, config.report.png_dpi) == (100_000.0, 1000, 100)


def test_dates_need_no_quotes(tmp_path: Path) -> None:
    data = load(tmp_path, ONE + "data: {start: 2015-01-02, end: 2015-06-30}").data
    assert (data.start, data.end) == ("2015-01-02", "2015-06-30")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "risk:\n  caps:\n    max_symbl_pct: 3",
            "0.yaml:4:5: 'risk.caps' has no key 'max_symbl_pct'; did you mean 'max_symbol_pct'?",
        ),
        ("dta: {}", "0.yaml:2:1: a configuration has no key 'dta'; did you mean 'data'?"),
        ("exit_plan:\n  sll: 3", "0.yaml:3:3: 'exit_plan' has no key 'sll'; did you mean 'sl'?"),
        ("risk:\n  caps: {max_symbol_pct: -3}", "0.yaml:3:26: risk.caps.max_symbol_pct must be above 0; found -3"),
        ("report: {max_points: 10}", "0.yaml:2:22: report.max_points must be at least 50; found 10"),
        ("account: {delisting_return: -1.5}", "account.delisting_return must be at least -1; found -1.5"),
        (
            "costs:\n  commission_bps: '5'",
            "0.yaml:3:19: costs.commission_bps must be a number; found '5'; remove the quotes",
        ),
        ("costs: {commission_bps: much}", "costs.commission_bps must be a number; found 'much'"),
        ("costs: {commission_bps: true}", "costs.commission_bps must be a number; found true"),
        ("costs:\n", "0.yaml:2:1: costs must be a block of keys; found nothing; put keys below it, or remove it"),
        ("costs: 3", "0.yaml:2:8: costs must be a block of keys; found 3"),
        ("costs: [3]", "0.yaml:2:8: costs must be a block of keys; found a list"),
        ("seed: 1.5", "0.yaml:2:7: seed must be a whole number; found 1.5"),
        ("account: {allow_short: off}", "account.allow_short must be true or false; found 'off'"),
        (
            "execution: {profile: consrvative}",
            "0.yaml:2:22: execution.profile must be 'conservative', 'close', 'tradingview', 'vectorbt' or 'freqtrade'; "
            "found 'consrvative'; did you mean 'conservative'?",
        ),
        ("data:\n  symbols: [A, TRUE]", '0.yaml:3:16: a symbol must be text; found TRUE; quote this ticker: "TRUE"'),
        ("data:\n  symbols: 0700", '0.yaml:3:12: a symbol must be text; found 0700; quote this ticker: "0700"'),
        ("data: {symbols: [NULL]}", 'found NULL; quote this ticker: "NULL"'),
        ("data: {start: 2015-13-01}", "0.yaml:2:15: data.start must be an ISO date"),
        ("data: {start: 2016-01-01, end: 2015-01-01}", "0.yaml:2:8: data.start must not be after end"),
        ("data: {columns: {opn: o}}", "data.columns: unknown column 'opn'; did you mean 'open'?"),
        ("exit_plan:\n  tp2: 3", "0.yaml:2:1: exit_plan: targets must be given in order"),
        ("exit_plan: {tp1: 2, f1: 0.7, tp2: 3, f2: 0.7}", "must sum to at most 1; found 1.4"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_said_with_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    found = complaint(tmp_path, ONE + text)
    assert message in found
    assert found.startswith("0.yaml:")
    assert "\n" not in found


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    found = complaint(tmp_path, ONE + "costs: {commission_bps: -1, slipage_bps: 2}\nseed: x")
    assert [line.split(": ")[0] for line in found.splitlines()] == ["0.yaml:2:25", "0.yaml:2:29", "0.yaml:3:7"]


def test_an_error_points_into_the_file_that_wrote_the_value(tmp_path: Path) -> None:
    assert complaint(tmp_path, ONE + "seed: 1", "\nseed: x").startswith("1.yaml:2:7: seed must be")


def test_an_error_in_a_setting_names_the_setting(tmp_path: Path) -> None:
    assert complaint(tmp_path, ONE, settings=("costs.commission_bps=-1",)) == (
        "--set costs.commission_bps must be at least 0; found -1"
    )
    assert complaint(tmp_path, ONE, settings=("costs.comission_bps=1",)) == (
        "--set costs.comission_bps: 'costs' has no key 'comission_bps'; did you mean 'commission_bps'?"
    )
    assert "--set params.fast: a configuration has no key 'params'" in complaint(
        tmp_path, ONE, settings=("params.fast=3",)
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("{fast: 0}", "5:20: sma_cross: fast must be a whole number between 2 and 200; found 0"),
        ("{fast: 1.5}", "5:20: sma_cross: fast must be a whole number between 2 and 200; found 1.5"),
        ("{fast: yes}", "5:20: sma_cross: fast must be a whole number between 2 and 200; found 'yes'"),
        ("{fsat: 3}", "5:14: sma_cross: there is no parameter 'fsat'; did you mean 'fast'?"),
        ("{slow: 60, fast: [1]}", "5:30: strategies.a.params.fast must be true or false"),
        ("{direction: lng}", "5:25: sma_cross: direction must be one of both, long_only; found 'lng'"),
        ("{fast: 50, slow: 20}", "5:5: sma_cross: fast must be below slow; found fast=50, slow=20"),
        ("{fast: 50, slow: 50}", "5:5: sma_cross: fast must be below slow"),
    ],
)
def test_a_wrong_parameter_is_said_with_its_place(tmp_path: Path, params: str, message: str) -> None:
    text = f"strategies:\n  a:\n    type: sma_cross\n    enabled: true\n    params: {params}\n"
    assert complaint(tmp_path, text).startswith(f"0.yaml:{message}")


def test_an_unknown_strategy_is_said_where_its_type_stands(tmp_path: Path) -> None:
    found = complaint(tmp_path, "strategies:\n  a:\n    enabled: true\n    type: sma_cros\n")
    assert found.startswith("0.yaml:4:11: unknown strategy 'sma_cros'")
    assert "did you mean 'sma_cross'?" in found


def test_a_strategy_without_a_type_is_refused(tmp_path: Path) -> None:
    found = complaint(tmp_path, "strategies:\n  a:\n    enabled: true\n")
    assert found == "0.yaml:2:3: strategies.a: type must be given, or module_path with class_name; found neither"


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("module_path: mine.py", "module_path and class_name must be given together; found one of them"),
        ("type: sma_cross, module_path: mine.py, class_name: Mine", "name the same thing; found both"),
    ],
)
def test_a_strategy_is_named_in_one_way(tmp_path: Path, named: str, reason: str) -> None:
    assert reason in complaint(tmp_path, f"strategies: {{a: {{enabled: true, {named}}}}}")


TWO = "strategies: {a: {type: sma_cross, enabled: true}, b: {type: rsi_reversion, enabled: true}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strategies: {a: {type: sma_cross}}", "found none among a; set enabled: true, or pick one with --only NAME"),
        ("seed: 1", "found no strategy; add a `strategies` block, or name one with --strategy"),
        ("strategies: {}", "found no strategy"),
    ],
)
def test_at_least_one_strategy_is_enabled(tmp_path: Path, text: str, message: str) -> None:
    assert message in complaint(tmp_path, text)


def test_only_picks_one_strategy_whether_it_was_enabled_or_not(tmp_path: Path) -> None:
    assert list(load(tmp_path, TWO).enabled()) == ["a", "b"]
    assert list(load(tmp_path, TWO, only="b").enabled()) == ["b"]
    assert list(load(tmp_path, TWO.replace("enabled: true}}", "enabled: false}}"), only="b").enabled()) == ["b"]


def test_only_names_the_nearest_strategy(tmp_path: Path) -> None:
    text = TWO.replace("a:", "trend:", 1)
    assert "must have a strategy 'trnd'; did you mean 'trend'?" in complaint(tmp_path, text, only="trnd")


def test_a_named_strategy_replaces_the_configured_ones(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(TWO + "\nseed: 9")
    config = load_config([path], strategy="macd_trend")
    assert (list(config.strategies), config.seed) == (["macd_trend"], 9)


def test_a_strategy_of_a_users_own_file_goes_by_its_class(tmp_path: Path) -> None:
    path = tmp_path / "mine.v2.py"
    path.write_text(
        "from stratkit.strategies.strategy import Strategy\n"
        "class Mine(Strategy):\n"
        "    def signals(self, context):\n"
        "        return self.sides(context, long=context.has_bar)\n"
    )
    assert list(load_config(strategy=f"{path}:Mine").strategies) == ["Mine"]
    assert load_config(strategy=str(path)).enabled()[path.stem].type == str(path)


@pytest.mark.parametrize("spec", ["smacross", "nowhere.py:Mine"])
def test_a_strategy_that_is_not_there_names_the_option(spec: str) -> None:
    with pytest.raises(ConfigError, match=r"^--strategy: "):
        load_config(strategy=spec)


def test_a_fraction_where_percent_is_meant_is_warned_of(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"max_symbol_pct: 0.15 means 0.15 %, did you mean 15\?"):
        load(tmp_path, ONE + "risk: {caps: {max_symbol_pct: 0.15}}")


@pytest.mark.parametrize("comments", [False, True])
def test_the_resolved_configuration_reads_back_as_itself(tmp_path: Path, comments: bool) -> None:
    config = load(tmp_path, ONE, settings=("exit_plan={sl: 1}", "data.symbols=[NO, 'TRUE', '700']", "seed=3"))
    assert load(tmp_path, resolved_yaml(config, comments=comments)) == config


def test_the_resolved_configuration_is_complete_and_stable() -> None:
    text = resolved_yaml(load_config())
    assert text == resolved_yaml(load_config())
    for key in KEYS:
        assert re.search(rf"^{key}:", text, re.MULTILINE)


def test_the_comments_explain_parameters_with_their_bounds() -> None:
    text = resolved_yaml(load_config(), comments=True)
    assert "fast: 50" in text
    assert "bars of the fast average: whole number between 2 and 200" in text.replace("a whole", "whole")
    assert "commission [bps of notional]" in text


def test_the_run_leaves_the_report_out() -> None:
    run = load_config().run()
    assert not isinstance(run, FileConfig)
    assert "report" not in run.model_dump()


def test_the_schema_knows_every_key_and_each_strategys_parameters() -> None:
    schema = config_schema()
    assert set(schema["properties"]) == KEYS
    assert schema["additionalProperties"] is False
    branches = schema["$defs"]["StrategySettings"]["allOf"]
    params = {branch["if"]["properties"]["type"]["const"]: branch["then"] for branch in branches}
    fast = params["sma_cross"]["properties"]["params"]["properties"]["fast"]
    assert (fast["minimum"], fast["maximum"]) == (2, 200)


def test_every_example_configuration_loads(checkout: Path) -> None:
    examples = sorted((checkout / "configs").glob("*.yaml"))
    assert len(examples) >= 3
    for path in examples:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert all(one.description for one in load_config([path]).enabled().values())


def test_the_built_in_configuration_is_not_the_users_file(tmp_path: Path) -> None:
    assert "SP500" in DEFAULT_CONFIG
    assert load(tmp_path, ONE).data.symbols is None


def test_a_path_that_is_no_text_is_said() -> None:
    with pytest.raises(ConfigError, match=r"every text must be UTF-8; found 'a\\udcff'; rename that file"):
        load_config(options=[from_option("data.path", "a\udcff", "--data")])


def test_all_complaints_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(StratkitError) as caught:
        load(tmp_path, "a: [")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("options", "settings", "symbols"),
    [
        ([], [], ("SP500",)),
        ([], ["data.path=elsewhere"], None),
        ([from_option("data.path", "elsewhere", "--data")], [], None),
        ([from_option("data.path", "elsewhere", "--data")], ["data.symbols=[ABC]"], ("ABC",)),
        ([], ["data.start=2010-01-01"], ("SP500",)),
    ],
)
def test_the_symbol_of_the_built_in_configuration_is_not_looked_for_in_other_bars(
    options: list[Placed], settings: list[str], symbols: tuple[str, ...] | None
) -> None:
    assert load_config([], options=options, settings=settings).data.symbols == symbols
