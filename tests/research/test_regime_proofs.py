"""Every method that names regimes is proved causal, and what a strategy asks for is proved with it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.regimes.label import METHODS
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import FitSettings, RegimeMethod, RegimeSettings
from stratkit.research.label_sources import ConditionSource, RegimeSource, built_in_regimes
from stratkit.research.lookahead import check_lookahead
from stratkit.research.proofs import built_in_proofs, regime_proofs
from stratkit.research.sources import StrategySource
from stratkit.research.warmup import measure_warmup
from stratkit.strategies.catalog import find_strategy

BARS = synthetic_universe(4, 330, "1d").bars
READS = """
from stratkit.strategies.strategy import Strategy
class Reads(Strategy):
    "Long where the run says bull."
    def signals(self, context):
        return self.sides(context, long=context.regimes.label == 0)
"""


def whole_sample(settings: RegimeSettings, bars: Bars) -> RegimeLabels:
    """Return which bars were above half of the highest: labels that say they were causal and are not."""
    label = (bars.close > np.nan_to_num(bars.close).max(axis=0) / 2).astype(np.int8)
    return RegimeLabels("trend", ("below", "above"), label, np.ones(bars.shape), causal=True)


@pytest.mark.parametrize("source", [*built_in_regimes(), ConditionSource()], ids=lambda source: source.name)
def test_every_way_of_labelling_is_proved_causal(source: RegimeSource | ConditionSource) -> None:
    is_fitted = isinstance(source, RegimeSource) and source.is_fitted
    found = check_lookahead(source, BARS.select(BARS.symbols[:2]) if is_fitted else BARS, cuts=2 if is_fitted else 12)
    assert found.verdict == "clean", found.sentence()
    labels = [panel for name, panel in source.outputs(BARS).panels.items() if name.endswith("label")]
    assert all(len(np.unique(panel[panel >= 0])) > 1 for panel in labels)  # it says something on these bars


def test_every_method_that_is_installed_is_among_the_built_in_proofs() -> None:
    expected = {method for method in get_args(RegimeMethod) if method != "hmm" or find_spec("hmmlearn") is not None}
    proved = {proof.source.settings.method for proof in built_in_proofs() if isinstance(proof.source, RegimeSource)}
    assert proved == expected
    assert any(isinstance(proof.source, ConditionSource) for proof in built_in_proofs())


def test_labels_that_know_the_whole_sample_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS._loaded, "trend", whole_sample)
    found = check_lookahead(RegimeSource(RegimeSettings(method="trend")), BARS, cuts=12)
    assert found.verdict == "leak"
    assert {leak.difference.field for leak in found.leaks} == {"label"}


def reads(tmp_path: Path, method: RegimeMethod = "trend") -> StrategySource:
    file = tmp_path / "reads.py"
    file.write_text(READS, "utf-8")
    return StrategySource(find_strategy(f"{file}:Reads"), regimes=RegimeSettings(method=method))


def test_a_strategy_is_proved_with_the_labels_of_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = check_lookahead(reads(tmp_path), BARS, cuts=12)
    assert found.verdict == "clean"
    assert {'indicator regimes {"method":"trend"} label', 'indicator regimes {"method":"trend"} confidence'} <= set(
        found.compared
    )
    monkeypatch.setitem(METHODS._loaded, "trend", whole_sample)
    assert check_lookahead(reads(tmp_path), BARS, cuts=12).verdict == "leak"


def test_the_warm_up_of_a_strategy_on_labels_is_measured(tmp_path: Path) -> None:
    bars = synthetic_universe(2, 1200, "1d").bars
    found = measure_warmup(reads(tmp_path), bars, last=5, ends=2)
    assert found.declared_bars == 49  # SMA 50, the longest average of the trend figures
    assert found.holds


def test_a_configuration_with_regimes_has_them_proved_on_bars_that_show_fits() -> None:
    assert regime_proofs(None, 0) == []
    (ruled,) = regime_proofs(RegimeSettings(), 3)
    assert (ruled.source.name, ruled.last_bars) == ("regimes(rules, symbol, fixed)", None)
    (fitted,) = regime_proofs(RegimeSettings(method="jump", fit=FitSettings(min_bars=100, refit_bars=20)), 3)
    assert fitted.last_bars == 160
