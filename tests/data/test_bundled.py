"""The bundled data: found in both layouts, and made from what they claim."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest

from stratkit.data import bundled
from stratkit.data.bundled import bundled_folder
from stratkit.data.gate import check_bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError


@pytest.fixture
def script() -> ModuleType:
    pytest.importorskip("arch")
    path = Path(__file__).parents[2] / "data" / "make_bundled.py"
    spec = importlib.util.spec_from_file_location("make_bundled", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bundled_bars_are_whole() -> None:
    bars = check_bars(load_bars(DataSettings()))
    assert bars.symbols == ("NASDAQ", "SP500")
    assert bars.shape == (5031, 2)
    assert bars.frequency == "1d"
    assert bars.source == "the bundled data"
    sp500 = bars.select(("SP500",))
    assert (sp500.open[0, 0], sp500.close[-1, 0]) == (1229.22998, 2506.850098)  # arch, first and last row


@pytest.mark.parametrize("symbol", ["SP500", "NASDAQ"])
def test_the_bundled_bars_are_those_of_arch(script: ModuleType, symbol: str) -> None:
    assert script.daily_bars(symbol).digest == load_bars(DataSettings(symbols=(symbol,))).digest


@pytest.mark.parametrize("name", ["VIX", "WTI"])
def test_the_bundled_series_are_those_of_arch(script: ModuleType, name: str) -> None:
    table = pq.read_table(bundled_folder() / "series" / f"{name}.parquet")
    assert table.equals(script.external_series(name))
    assert str(table.schema.field("timestamp").type) == "timestamp[ns, tz=UTC]"


def test_the_readme_counts_what_the_files_hold(script: ModuleType) -> None:
    readme = (bundled_folder() / "README.md").read_text()
    assert "2,004 of 5,030 days" in readme
    assert script.oddities(load_bars(DataSettings(symbols=("SP500",)))).startswith(
        "2004 opens equal the close before; 0"
    )
    assert "; 2 days of zero volume" in script.oddities(load_bars(DataSettings(symbols=("NASDAQ",))))
    for name in ("VIX", "WTI"):
        assert f"{pq.read_metadata(bundled_folder() / 'series' / f'{name}.parquet').num_rows:,}" in readme


def test_the_data_are_found_when_installed_and_their_absence_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "__file__", str(tmp_path / "stratkit" / "data" / "bundled.py"))
    with pytest.raises(DataError, match="install stratkit again, or give your own bars with --data"):
        bundled_folder()
    (tmp_path / "stratkit" / "bundled" / "1d").mkdir(parents=True)
    assert bundled_folder() == tmp_path / "stratkit" / "bundled"
