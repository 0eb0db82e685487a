"""Finding strategies by name and in files, and what is said when they cannot be used."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

import pytest

from stratkit.errors import ParameterError, StrategyError, UsageError
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy, source_digest
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.settings import StrategySettings
from stratkit.testing import check_strategy, sample_bars

DIP = """\
from stratkit.features import rsi
from stratkit.strategies import Parameters, Strategy, bounded
class Dip(Strategy):
    "Buy what has fallen too fast."
    class Params(Parameters):
        window: int = bounded(14, low=2, high=100, description="bars of the RSI")
        below: float = bounded(30.0, low=5, high=50, description="RSI that is oversold")
    def signals(self, context):
        strength = context.compute(rsi, self.params.window)
        return self.sides(context, long=strength < self.params.below, exit=strength > 50)
"""


def written(folder: Path, text: str, name: str = "dip.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_built_in_strategy_is_found_under_its_own_name(name: str) -> None:
    strategy = find_strategy(name)
    assert strategy.name == name
    assert strategy.family
    assert strategy.description.endswith(".")
    assert strategy.source


def test_a_strategy_of_ten_lines_keeps_the_whole_contract(tmp_path: Path) -> None:
    assert len(DIP.splitlines()) == 10
    path = written(tmp_path, DIP)
    strategy = build_strategy(f"{path}:Dip", {"window": 5})
    assert run_strategy(strategy, Context(sample_bars())).warmup_bars == 5
    check_strategy(find_strategy(str(path)))


def test_a_file_is_run_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path = written(tmp_path, DIP)
    first = find_strategy(str(path))
    assert find_strategy(f"{path}:Dip") is first
    written(tmp_path, DIP.replace("14", "15"))
    assert find_strategy(str(path))().params.window == 15


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        find_strategy("sma_crss")
    assert str(caught.value) == (
        "unknown strategy 'sma_crss' (one of your own is named path/to/file.py:Class or package.module:Class); "
        "did you mean 'sma_cross'?"
    )
    with pytest.raises(UsageError, match=r"known: buy_and_hold, .*, mean_reversion, .*$"):
        find_strategy("zzz")


def test_a_missing_file_or_class_is_a_wrong_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a strategy file must exist; found none at .*gone\.py: check the path"):
        find_strategy(str(tmp_path / "gone.py"))
    path = written(tmp_path, DIP)
    with pytest.raises(UsageError, match=r"must define the strategy Dop, which is not in it; did you mean 'Dip'\?"):
        find_strategy(f"{path}:Dop")
    with pytest.raises(UsageError, match=r"rsi, which is not a subclass of stratkit\.strategies\.Strategy"):
        find_strategy(f"{path}:rsi")


def test_a_file_without_a_class_named_must_hold_exactly_one(tmp_path: Path) -> None:
    two = written(tmp_path, DIP + "class Other(Dip): pass\n", "two.py")
    with pytest.raises(UsageError, match=r"exactly one strategy; found Dip, Other: name one as .*two\.py:Class"):
        find_strategy(str(two))
    assert find_strategy(f"{two}:Other").name == "other"
    none = written(tmp_path, "from stratkit.strategies.library.sma_cross import SmaCross\n", "none.py")
    with pytest.raises(UsageError, match="exactly one strategy; found none"):
        find_strategy(str(none))
    assert find_strategy(f"{none}:SmaCross").name == "sma_cross"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("x = 1\ndef broken(:\n    pass\n", 2, "SyntaxError: invalid syntax"),
        ("x = 1\n\nimport no_such_module\n", 3, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f():\n    return 1 / 0\nf()\n", 2, "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
        ("raise KeyError\n", 1, "KeyError"),
    ],
)
def test_a_broken_file_is_told_with_file_line_and_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = written(tmp_path, text)
    for _ in range(2):  # a file that failed is not taken for one that was run
        with pytest.raises(StrategyError) as caught:
            find_strategy(str(path))
        assert str(caught.value) == f"{path.resolve()} cannot be run: {path.resolve()}:{line}: {reason}"


def test_a_strategy_that_raises_later_is_told_with_its_own_line(tmp_path: Path) -> None:
    path = written(tmp_path, DIP.replace("strength > 50", "strength > self.params.above"))
    with pytest.raises(StrategyError) as caught:
        run_strategy(build_strategy(str(path)), Context(sample_bars(30)))
    assert f"strategy 'dip' raised: {path}:10: AttributeError: " in str(caught.value)


def test_parameters_are_checked_when_a_strategy_is_built() -> None:
    with pytest.raises(ParameterError) as caught:
        build_strategy("sma_cross", {"fast": 50, "slow": 20})
    assert str(caught.value) == ("sma_cross: fast must be below slow; found fast=50, slow=20: lower fast or raise slow")
    with pytest.raises(ParameterError, match="there is no parameter 'fsat'; did you mean 'fast'"):
        build_strategy("sma_cross", {"fsat": 5})


def test_a_constructor_that_raises_is_told_with_its_own_line(tmp_path: Path) -> None:
    path = written(tmp_path, DIP + "    def __init__(self, **params):\n        raise OSError('no licence')\n")
    with pytest.raises(StrategyError, match=r"strategy 'dip' cannot be built: .*dip\.py:12: OSError: no licence"):
        build_strategy(str(path))


def test_a_package_adds_strategies_and_a_broken_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[importlib.metadata.EntryPoint]:
        assert group == "stratkit.strategies"
        values = {
            "extra": "stratkit.strategies.library.sma_cross:SmaCross",
            "broken": "no_such_package:Thing",
            "wrong": "math:pi",
        }
        return [importlib.metadata.EntryPoint(name, value, group) for name, value in values.items()]

    monkeypatch.setattr("stratkit.registry.entry_points", points)
    assert find_strategy("extra").name == "sma_cross"
    with pytest.raises(StrategyError, match=r"strategy 'broken' cannot be loaded: .*No module named 'no_such_package'"):
        find_strategy("broken")
    with pytest.raises(
        StrategyError, match=r"'wrong' must be a subclass of stratkit\.strategies\.Strategy; found 3.14"
    ):
        find_strategy("wrong")
    STRATEGIES._loaded.clear()


def test_the_source_digest_is_that_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, DIP)
    assert source_digest(build_strategy(str(path))) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source_digest(build_strategy("sma_cross")) != source_digest(build_strategy("macd_trend"))


def test_a_strategy_typed_in_a_session_has_no_source_digest() -> None:
    scope: dict[str, object] = {"__name__": "session"}
    exec(compile(DIP, "<session>", "exec"), scope)  # as an interpreter runs what is typed
    assert source_digest(scope["Dip"]()) is None  # type: ignore[operator]  # a class made by exec


def test_settings_are_off_until_enabled() -> None:
    settings = StrategySettings(type="sma_cross", params={"fast": 5, "direction": "both"})
    assert not settings.enabled
    assert settings.symbols is None
    assert settings.params == {"fast": 5, "direction": "both"}
