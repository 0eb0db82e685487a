"""Everything a user can get wrong ends in one message and an exit code, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import COMMAND, ENVIRONMENT, Stratkit, WriteBars, WriteStrategy

Change = Callable[[pd.DataFrame], pd.DataFrame]


def refused(stratkit: Stratkit, code: int, *arguments: str | Path) -> str:
    done = stratkit("backtest", *arguments)
    assert (done.code, done.out) == (code, ""), done.err
    # the first test that replays anything on a machine is told that the engine is compiled
    told = [line for line in done.err.splitlines(keepends=True) if not line.startswith("compiling once")]
    assert told[0].startswith("error: ")
    assert "Traceback" not in done.err
    assert not Path("reports").exists()
    return "".join(told)


def put(column: str, row: int, value: float) -> Change:
    return lambda frame: frame.assign(**{column: np.where(frame.index == row, value, frame[column])})


def unsorted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[[1, 0, *range(2, len(frame))]]


def duplicated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[[0, 0, *range(1, len(frame))]]


def without_zone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(timestamp=frame["timestamp"].dt.tz_localize(None))


def swapped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"high": "low", "low": "high"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.rename(columns={"close": "closing"}), ("close", "closing")),
        (lambda frame: frame.drop(columns="open"), ("open",)),
        (without_zone, ("time zone",)),
        (unsorted, ("ascend", "2020-01-01")),
        (duplicated, ("2020-01-01",)),
        (put("close", 7, float("nan")), ("close", "NaN", "2020-01-08")),
        (put("high", 7, float("inf")), ("high", "inf", "2020-01-08")),
        (put("low", 7, 0.0), ("low", "2020-01-08")),
        (put("open", 7, -5.0), ("open", "-5", "2020-01-08")),
        (swapped, ("high", "low", "2020-01-01")),
        (lambda frame: frame.iloc[:1], ("two bars",)),
        (lambda frame: frame.iloc[:0], ("bars",)),
    ],
    ids=[
        "wrong column name", "no open", "no time zone", "unsorted", "duplicated", "NaN", "infinite", "zero", "negative",
        "high below low", "one bar", "no bar",
    ],
)  # fmt: skip
def test_bars_that_cannot_be_used_are_exit_3_and_say_where(
    stratkit: Stratkit, write_bars: WriteBars, change: Change, words: tuple[str, ...]
) -> None:
    message = refused(stratkit, 3, "--data", write_bars(change))
    for word in words:
        assert word in message


def test_a_missing_file_is_exit_3(stratkit: Stratkit) -> None:
    assert "nowhere.parquet" in refused(stratkit, 3, "--data", "nowhere.parquet")


def test_an_empty_file_is_exit_3(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "empty.parquet").touch()
    assert "empty.parquet" in refused(stratkit, 3, "--data", "empty.parquet")


def test_a_truncated_file_is_exit_3(stratkit: Stratkit, write_bars: WriteBars) -> None:
    path = write_bars()
    path.write_bytes(path.read_bytes()[:-500])
    assert path.name in refused(stratkit, 3, "--data", path)


def test_dates_outside_the_data_are_exit_3_and_say_the_span(stratkit: Stratkit, write_bars: WriteBars) -> None:
    message = refused(stratkit, 3, "--data", write_bars(), "--from", "2031-01-01")
    assert "2020-01-01" in message
    assert "2020-10-26" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--strategy", "sma_crss"), "did you mean 'sma_cross'?"),
        (("--strategy", "no.py:X"), "--strategy: a strategy file must exist; found none at no.py"),
        (("--set", "strategies.sma_cross.params.fsat=3"), "there is no parameter 'fsat'; did you mean 'fast'?"),
        (("--set", "strategies.sma_cross.params.fast=0"), "fast must be a whole number between 2 and 200; found 0"),
        (("--set", "strategies.sma_cross.params.fast=200"), "fast must be below slow; found fast=200, slow=200"),
        (("--set", "cost.commission_bps=3"), "a configuration has no key 'cost'; did you mean 'costs'?"),
        (("--set", "costs.comission_bps=3"), "'costs' has no key 'comission_bps'; did you mean 'commission_bps'?"),
        (("--fills", "optimistic"), "--fills must be conservative, close, tradingview, vectorbt, freqtrade or all"),
        (("--fills", "closed"), "did you mean 'close'?"),
        (("--fills", "close", "--set", "execution.profile=vectorbt"), "choose the same thing; found both"),
        (("--detail", ""), "--detail must name a path; found an empty text"),
        (("--from", "01.02.2020"), "--from: data.start must be an ISO date"),
        (("--from", "2020-06-01", "--to", "2020-01-01"), "start must not be after end"),
        (("--periods", "0"), "--periods: analytics.periods_per_year must be above 0; found 0"),
        (("--only", "x"), "--only: the configuration must have a strategy 'x'; known: sma_cross"),
        (("--set", "analytics.benchmark=SPX"), "SPX"),
        (("nowhere.yaml",), "nowhere.yaml: a configuration file must exist"),
    ],
)
def test_a_wrong_option_is_exit_2_and_names_itself(
    stratkit: Stratkit, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(stratkit, 2, *arguments)


@pytest.mark.parametrize(
    "formula", ["__import__('os').getpid() > 0", "close.base > 0", "9 ** 9 ** 9 > close", "lag(close, -1) > close"]
)
def test_a_formula_that_is_none_is_exit_2_and_names_its_column(
    stratkit: Stratkit, tmp_path: Path, formula: str
) -> None:
    (tmp_path / "run.yaml").write_text(
        f'strategies:\n  mine: {{enabled: true, type: formula, params: {{long: "{formula}"}}}}\n'
    )
    assert "long: a formula " in (message := refused(stratkit, 2, "run.yaml"))
    assert " at column " in message


def test_an_unknown_symbol_is_exit_3_and_names_the_nearest(stratkit: Stratkit) -> None:
    assert "SP500" in refused(stratkit, 3, "--set", "data.symbols=[SP50]")


def test_no_trade_is_a_result(stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy) -> None:
    path = strategy_file("return self.sides(context, long=np.zeros(context.shape, bool))")
    done = stratkit("backtest", "--data", write_bars(), "--strategy", path)
    assert done.code == 0, done.err
    assert "no trade was made" in done.out
    assert "0 closed" in done.out
    (run,) = (path for path in Path("reports").iterdir() if path.is_dir())
    assert len(pd.read_parquet(run / "trades.parquet")) == 0
    assert (run / "report.html").stat().st_size > 0


def test_bankruptcy_is_reported_and_stops_trading(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy
) -> None:
    path = strategy_file("return self.sides(context, short=context.has_bar)")
    done = stratkit(
        "backtest", "--data", write_bars(drift=0.02), "--strategy", path, "--set", "account.leverage=3",
        "--set", "risk.sizing.fraction=2.5", "--no-report",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "bankrupt on 2020-" in done.out
    (run,) = (path for path in Path("reports").iterdir() if path.is_dir())
    equity = pd.read_parquet(run / "equity.parquet")["equity"].to_numpy()
    fell = int(np.argmax(equity <= 0))
    assert 0 < fell < len(equity) - 1
    assert (equity[fell:] == equity[fell]).all()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('no idea')", ("own.py:8", "ValueError", "no idea")),
        ("return None", ("Signals",)),
        ("return self.sides(context, long=context.has_bar, short=context.has_bar)", ("long or short, not both",)),
    ],
)
def test_a_strategy_that_fails_is_exit_4_and_names_the_line(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy, body: str, words: tuple[str, ...]
) -> None:
    message = refused(stratkit, 4, "--data", write_bars(), "--strategy", strategy_file(body))
    for word in words:
        assert word in message


def test_output_that_cannot_be_written_is_exit_4(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    message = refused(stratkit, 4, "--out", "taken")
    assert "results must be writable" in message
    assert "taken" in message
    assert "--out" in message


def test_a_disk_that_fills_up_leaves_nothing_half_written(
    stratkit: Stratkit, write_bars: WriteBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stratkit.runs.folder.RunDraft.write_json", full)
    assert "No space left on device" in refused(stratkit, 4, "--data", write_bars(), "--no-report")


def interrupted(folder: Path, marker: str, number: int, source: str, *arguments: str | Path) -> tuple[int, str]:
    """Start a command, send it a signal once `marker` is there; return its exit code and stderr."""
    command = [sys.executable, "-c", source, "backtest", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 120
        while not (folder / marker).exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, number)
        _, err = process.communicate(timeout=60)
    return process.returncode, err


WAIT = "Path('ready').touch()\ntime.sleep(60)\n"


def test_ctrl_c_is_said_and_keeps_what_was_whole(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy, tmp_path: Path
) -> None:
    data = write_bars()
    assert stratkit("backtest", "--data", data, "--no-report").code == 0
    before = list((tmp_path / "reports").iterdir())
    code, err = interrupted(
        tmp_path, "ready", signal.SIGINT, COMMAND[2], "--data", data, "--strategy", strategy_file(WAIT), "--quiet"
    )
    said = "error: stopped by Ctrl-C; runs that were whole are kept, one that was being written is not\n"
    assert (code, err) == (130, said)
    assert list((tmp_path / "reports").iterdir()) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_writing_leaves_no_folder(write_bars: WriteBars, tmp_path: Path, number: int, code: int) -> None:
    source = (
        "import time\n"
        "from pathlib import Path\n"
        "from stratkit.runs import folder\n"
        "def wait(draft, name, value):\n"
        "    assert any(draft.folder.iterdir())\n"
        "    Path('ready').touch()\n"
        "    time.sleep(60)\n"
        "folder.RunDraft.write_json = wait\n"
        "from stratkit.cli.main import main\n"
        "main()\n"
    )
    assert interrupted(tmp_path, "ready", number, source, "--data", write_bars(), "--no-report")[0] == code
    assert not (tmp_path / "reports").exists()
