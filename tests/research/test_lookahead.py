"""The look-ahead proof itself: what it names, what it cannot be fooled by, what its options change."""

from __future__ import annotations

import os
import py_compile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import RunError, StrategyError, UsageError
from stratkit.features.events import lag
from stratkit.research.lookahead import FRESH_CUTS, LookaheadReport, check_lookahead
from stratkit.research.outputs import CausalSource, Outputs
from stratkit.research.sources import IndicatorFunction, StrategySource, built_in_indicators
from stratkit.strategies.catalog import build_strategy, find_strategy
from stratkit.testing import sample_bars

Compute = Callable[[Bars], Any]


@dataclass(frozen=True)
class Computes:
    """The smallest causal source there is: one function of bars."""

    compute: Compute
    name: str = "computes"
    code: object = None
    stamps: list[int] = field(default_factory=list)

    def outputs(self, bars: Bars) -> Outputs:
        self.stamps.append(len(bars.times))
        found = self.compute(bars)
        return found if isinstance(found, Outputs) else Outputs({"value": found}, bars.symbols)

    def fresh(self, known_until_ns: int | None = None) -> Computes:
        return self

    def dated_tables(self) -> tuple[str, ...]:
        return ()


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample_bars(200)


def prove(compute: Compute, bars: Bars, **options: Any) -> LookaheadReport:
    return check_lookahead(Computes(compute), bars, **options)


def test_the_first_bar_symbol_and_both_values_are_named(bars: Bars) -> None:
    def peeks_once(panel: Bars) -> Any:
        value = lag(panel.close).copy()
        if len(panel.times) > 151:
            value[150, 1] = panel.volume[151, 0]  # GAPS knows tomorrow's volume of FULL, on one day
        return value

    report = prove(peeks_once, bars, cuts=199)
    assert report.verdict == "leak"
    leak = report.leaks[0]
    assert (leak.difference.bar, leak.difference.symbol, leak.difference.field) == (150, "GAPS", "value")
    assert leak.difference.whole == bars.volume[151, 0]
    assert (leak.shown_bars, leak.reach_bars) == (151, 1)
    assert (leak.difference.values, leak.difference.bars) == (1, 1)
    assert leak.time == "2020-07-30"
    assert "value of GAPS on bar 150 (2020-07-30) is" in report.sentence()


def test_one_unit_in_the_last_place_is_a_difference_and_is_called_rounding(bars: Bars) -> None:
    def rounds(panel: Bars) -> Any:
        early = np.arange(len(panel.times)) < len(panel.times) / 2
        return np.where(early, 0.1 + 0.2, 0.3)

    strict = prove(rounds, bars, cuts=20)
    assert strict.verdict == "leak"
    assert "is 0.30000000000000004, but 0.3 " in strict.sentence()
    assert "this is the size of rounding" in strict.sentence()
    assert prove(rounds, bars, cuts=20, tolerance=1e-12).verdict == "clean"


def test_whatever_has_the_form_of_a_causal_source_is_proved(bars: Bars) -> None:
    """Labels for the whole market, probabilities per state, and constants, as later rooms will bring them."""

    def labels(causal: bool) -> Compute:
        def compute(panel: Bars) -> Outputs:
            with np.errstate(invalid="ignore"):
                move = np.nan_to_num(panel.close[:, 0] / panel.open[:, 0] - 1)
            limit = 0.0 if causal else float(np.median(move))
            label = (move > limit).astype(np.int8)
            probability = np.stack((label, 1 - label), axis=-1)[:, None, :] * np.ones((1, len(panel.symbols), 1))
            return Outputs({"label": label, "probability": probability}, panel.symbols, {"states": 2})

        return compute

    assert prove(labels(causal=True), bars).verdict == "clean"
    report = prove(labels(causal=False), bars)
    assert {leak.difference.field for leak in report.leaks} == {"label", "probability"}
    assert {leak.difference.symbol for leak in report.leaks if leak.difference.field == "label"} == {None}


def test_a_constant_that_depends_on_the_sample_is_a_leak_of_the_whole_run(bars: Bars) -> None:
    report = prove(lambda panel: Outputs({"value": panel.open}, panel.symbols, {"n": len(panel.times)}), bars)
    assert report.verdict == "leak"
    assert (report.leaks[0].difference.field, report.leaks[0].difference.bar) == ("n", None)
    assert "n of the whole run is 200, but" in report.sentence()


def test_a_source_that_raises_on_short_histories_is_counted_and_not_accused(bars: Bars) -> None:
    def needs_many(panel: Bars) -> Any:
        if len(panel.times) < 150:
            raise RunError("give me 150 bars")
        return panel.open

    report = prove(needs_many, bars, cuts=100)
    assert report.verdict == "clean"
    assert 10 < report.raised < report.runs
    assert f"it raised in {report.raised} of {report.runs} runs" in report.notes[0]
    assert "give me 150 bars" in report.notes[0]


def test_a_source_that_runs_on_nothing_but_all_its_bars_is_unproved(bars: Bars) -> None:
    def only_these(panel: Bars) -> Any:
        if panel.digest != bars.digest:
            raise RunError("other bars")
        return panel.open

    report = prove(only_these, bars, cuts=10)
    assert report.verdict == "unproved"
    assert not report.is_clean
    assert "must run on a part of its bars" in report.sentence()


def test_what_raises_on_all_bars_is_an_error(bars: Bars) -> None:
    def broken(panel: Bars) -> Any:
        raise RunError("never")

    with pytest.raises(RunError, match="never"):
        prove(broken, bars)


def test_two_equal_runs_that_differ_are_random_and_not_looking_ahead(bars: Bars) -> None:
    draw = np.random.default_rng(0)
    report = prove(lambda panel: draw.random(panel.shape), bars)
    assert report.verdict == "random"
    assert report.cuts == 0
    assert "two equal runs must give the same" in report.sentence()


def test_the_first_run_of_all_sees_a_part_only_so_that_memory_shows(bars: Bars) -> None:
    longest = [0]

    def remembers(panel: Bars) -> Any:
        longest[0] = max(longest[0], len(panel.times))
        return np.full(panel.shape, float(longest[0]))

    source = Computes(remembers)
    report = check_lookahead(source, bars, cuts=5)
    assert source.stamps[0] < len(bars.times)
    assert report.verdict == "leak"
    assert {leak.check for leak in report.leaks} >= {"state"}
    assert "it remembers earlier calls" in next(leak.sentence() for leak in report.leaks if leak.check == "state")


@dataclass(frozen=True)
class Remembers(Computes):
    """A source whose memory is its own, until a fresh one is asked for."""

    made: list[int] = field(default_factory=list)

    def fresh(self, known_until_ns: int | None = None) -> Computes:
        self.made.append(1)
        return Computes(kept_mean())


def kept_mean() -> Compute:
    kept: list[float] = []

    def compute(panel: Bars) -> Any:
        if not kept:
            kept.append(float(np.nanmean(panel.close)))
        return np.full(panel.shape, kept[0])

    return compute


def test_a_first_value_that_sticks_shows_in_fresh_copies_only(bars: Bars) -> None:
    sticky = kept_mean()
    sticky(bars)  # the process has seen all bars before the proof began
    assert check_lookahead(Computes(sticky), bars, cuts=30).verdict == "clean"  # what cannot be seen
    source = Remembers(sticky)
    report = check_lookahead(source, bars, cuts=30)
    assert report.verdict == "leak"
    assert len(source.made) >= FRESH_CUTS


def test_later_rows_of_own_tables_are_hidden(tmp_path: Path, bars: Bars) -> None:
    file = tmp_path / "tabled.py"
    body = (
        "import numpy as np\n"
        "from stratkit.strategies import Strategy\n"
        "TABLE = {str(np.datetime64('2020-01-01') + 9 * n): float(n % 3) for n in range(60)}COMMENT\n"
        "class Tabled(Strategy):\n"
        "    'Read the next row.'\n"
        "    def signals(self, context):\n"
        "        days = np.array(sorted(TABLE), 'datetime64[ns]')\n"
        "        values = np.array([TABLE[day] for day in sorted(TABLE)] + [0.0])\n"
        "        place = np.searchsorted(days, context.bars.times.astype('datetime64[ns]'))\n"
        "        return self.sides(context, long=(values[place] > 1)[:, None] & context.has_bar)\n"
    )
    file.write_text(body.replace("COMMENT", ""))
    report = check_lookahead(StrategySource(find_strategy(str(file))), bars, cuts=30)
    assert report.verdict == "leak"
    assert {leak.check for leak in report.leaks} == {"tables"}
    assert "later rows of its own tables" in report.sentence()
    file.write_text(body.replace("COMMENT", "  # causal: the schedule is known beforehand"))
    assert check_lookahead(StrategySource(find_strategy(str(file))), bars, cuts=30).verdict == "clean"


def test_later_rows_of_files_read_with_pandas_are_hidden(tmp_path: Path, bars: Bars) -> None:
    days = np.datetime64("2020-01-01") + 9 * np.arange(60)
    (tmp_path / "rates.csv").write_text("day,rate\n" + "".join(f"{day},{n % 3}\n" for n, day in enumerate(days)))
    file = tmp_path / "reads.py"
    file.write_text(
        "from pathlib import Path\n"
        "import numpy as np, pandas as pd\n"
        "from stratkit.strategies import Strategy\n"
        "class Reads(Strategy):\n"
        "    'Read the next row.'\n"
        "    def signals(self, context):\n"
        "        table = pd.read_csv(Path(__file__).with_name('rates.csv'), parse_dates=['day'])\n"
        "        days = table['day'].to_numpy('datetime64[ns]')\n"
        "        values = np.append(table['rate'].to_numpy(float), 0.0)\n"
        "        place = np.searchsorted(days, context.bars.times.astype('datetime64[ns]'))\n"
        "        return self.sides(context, long=(values[place] > 1)[:, None] & context.has_bar)\n"
    )
    report = check_lookahead(StrategySource(find_strategy(str(file))), bars, cuts=30)
    assert report.verdict == "leak"
    assert any("rates.csv" in note for note in report.notes)


LEVELS = (
    "from pathlib import Path\n"
    "import numpy as np, pandas as pd\n"
    "from stratkit.strategies import Strategy\n"
    "FILE = Path(__file__).with_name('levels.csv')\n"
    "class Levels(Strategy):\n"
    "    'Compare with the last level of a file.'\n"
    "    def signals(self, context):\n"
    "        level = pd.read_csv(FILE).iloc[-1]['level']\n"
    "        return self.sides(context, long=(context.bars.close > level) & context.has_bar)\n"
)


@pytest.mark.parametrize(
    ("first_bar", "rows", "verdict"),
    [
        (100, 90, "leak"),
        (121, 6, "leak"),  # between two of the spread cuts: only closing in finds it
        (-30, 20, "clean"),  # known before the bars begin
        (300, 20, "unproved"),  # known after they end: it raises at every cut
    ],
)
def test_the_last_row_of_a_file_is_found_wherever_its_rows_begin(
    tmp_path: Path, bars: Bars, first_bar: int, rows: int, verdict: str
) -> None:
    days = bars.times[0].astype("datetime64[ns]").astype("datetime64[D]") + first_bar + np.arange(rows)
    lowest, highest = float(np.nanmin(bars.close)), float(np.nanmax(bars.close))
    levels = np.linspace(lowest, highest, rows + 2)[1:-1]
    lines = [f"{day},{level}\n" for day, level in zip(days, levels, strict=True)]
    (tmp_path / "levels.csv").write_text("day,level\n" + "".join(lines))
    file = tmp_path / "levels.py"
    file.write_text(LEVELS)
    report = check_lookahead(StrategySource(find_strategy(str(file))), bars, cuts=60)
    assert report.verdict == verdict, report.sentence()
    assert {leak.check for leak in report.leaks} == ({"tables"} if verdict == "leak" else set())
    if verdict == "unproved":
        assert "without later rows of its own tables (levels.csv) it raised at every cut" in report.sentence()


def test_a_file_read_as_the_module_is_loaded_may_raise_too(tmp_path: Path, bars: Bars) -> None:
    (tmp_path / "levels.csv").write_text("day,level\n" + "".join(f"2030-01-0{day},{day}\n" for day in range(1, 9)))
    file = tmp_path / "levels_early.py"
    loaded = "LEVEL = pd.read_csv(FILE).iloc[-1]['level']\nclass"
    file.write_text(
        LEVELS.replace("class", loaded).replace("pd.read_csv(FILE).iloc[-1]['level']\n        ", "LEVEL\n        ")
    )
    assert check_lookahead(StrategySource(find_strategy(str(file))), bars, cuts=20).verdict == "unproved"


def test_symbols_that_begin_later_are_taken_away(bars: Bars) -> None:
    report = prove(lambda panel: np.full(panel.shape, 1 / len(panel.symbols)), bars)
    assert report.verdict == "leak"
    assert {leak.check for leak in report.leaks} == {"universe"}
    assert "the symbols that begin there" in report.sentence()
    always = bars.select(("FULL", "TREND"))
    assert prove(lambda panel: np.full(panel.shape, 1 / len(panel.symbols)), always).verdict == "clean"


def test_each_check_finds_what_no_other_one_can(bars: Bars) -> None:
    always = bars.select(("FULL", "TREND"))

    def length(panel: Bars) -> Any:
        return np.full(panel.shape, float(len(panel.times)))

    def last_close_of_two_hundred(panel: Bars) -> Any:
        whole = len(panel.times) == len(always.times)
        return np.full(panel.shape, panel.close[-1, 0] if whole else always.close[-1, 0])

    short = check_lookahead(Computes(length), always, cuts=20)
    assert {leak.check for leak in short.leaks} == {"truncation"}
    other = check_lookahead(Computes(last_close_of_two_hundred), always, cuts=20)
    assert {leak.check.partition(":")[0] for leak in other.leaks} == {"future"}


def test_more_cuts_find_what_few_do_not(bars: Bars) -> None:
    def hidden(panel: Bars) -> Any:
        value = np.array(panel.high)  # changes on every bar: nothing says where to cut
        if len(panel.times) > 78:
            value[77] = panel.high[78]
        return value

    assert prove(hidden, bars, cuts=3).verdict == "clean"
    assert prove(hidden, bars, cuts=len(bars.times)).verdict == "leak"


def test_the_seed_moves_the_random_cuts_and_the_same_seed_gives_the_same_report(bars: Bars) -> None:
    def shown(seed: int) -> list[int]:
        source = Computes(lambda panel: panel.open)
        check_lookahead(source, bars, cuts=40, seed=seed)
        return source.stamps

    assert shown(1) == shown(1) != shown(2)


def test_the_time_budget_ends_a_proof_and_says_so(bars: Bars) -> None:
    report = prove(lambda panel: panel.open, bars, cuts=50, budget_s=0.0)
    assert (report.verdict, report.cuts, report.cuts_asked) == ("clean", 1, 50)
    assert "the time ended after 1 of 50 cuts" in report.notes


def test_progress_is_told_after_each_cut(bars: Bars) -> None:
    told: list[tuple[int, int]] = []
    prove(lambda panel: panel.open, bars, cuts=7, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 7) for done in range(1, 8)]


def test_a_proof_needs_a_cut_and_two_bars(bars: Bars) -> None:
    with pytest.raises(UsageError, match="at least 1 cut and 2 bars; found 0 and 200"):
        prove(lambda panel: panel.open, bars, cuts=0)
    with pytest.raises(UsageError, match="found 5 and 1"):
        prove(lambda panel: panel.open, bars.slice(0, 1), cuts=5)


def test_a_strategy_that_says_nothing_proves_little(bars: Bars) -> None:
    report = check_lookahead(StrategySource(find_strategy("sma_cross")), bars.slice(0, 40), cuts=10)
    assert report.verdict == "clean"
    assert any("it has no opinion on any of these bars" in note for note in report.notes)


def test_every_array_and_every_indicator_is_compared(bars: Bars) -> None:
    report = check_lookahead(StrategySource(find_strategy("donchian_breakout"), {"entry": 30}), bars, cuts=5)
    channels = {"indicator highest(window_bars=30)", "indicator lowest(window_bars=10)"}
    assert set(report.compared) >= {"side", "exit_plan.risk", "exit_plan.sl", *channels}
    bands = check_lookahead(StrategySource(find_strategy("bollinger_reversion")), bars, cuts=5)
    assert "indicator bollinger(window_bars=20, deviations=2.0).upper" in bands.compared


@pytest.mark.parametrize("source", built_in_indicators(), ids=lambda source: source.name)
def test_every_built_in_indicator_is_causal(source: IndicatorFunction, bars: Bars) -> None:
    report = check_lookahead(source, bars, cuts=40)
    assert report.verdict == "clean", report.sentence()
    assert report.raised == 0


def test_the_bars_of_the_user_are_left_alone(bars: Bars) -> None:
    before = {name: getattr(bars, name).copy() for name in FIELDS}
    check_lookahead(StrategySource(find_strategy("rsi_reversion")), bars, cuts=20)
    for name, panel in before.items():
        np.testing.assert_array_equal(panel, getattr(bars, name))


def test_fresh_copies_of_a_strategy_keep_its_parameters_and_are_other_classes() -> None:
    source: CausalSource = StrategySource(find_strategy("sma_cross"), {"fast": 7, "slow": 30})
    fresh = source.fresh()
    assert isinstance(fresh, StrategySource)
    assert fresh.strategy_class is not find_strategy("sma_cross")
    assert (
        fresh.strategy_class(**fresh.params).params.model_dump()
        == build_strategy("sma_cross", fresh.params).params.model_dump()
    )


def test_a_fresh_copy_is_of_the_text_that_is_there_not_of_bytecode_that_passes_for_it(tmp_path: Path) -> None:
    file = tmp_path / "edited.py"
    text = (
        "from stratkit.strategies import Strategy\nclass Edited(Strategy):\n    'Edited.'\n    answer = 1\n"
        "    def signals(self, context):\n        return None\n"
    )
    file.write_text(text)
    py_compile.compile(str(file), doraise=True)
    written = file.stat()
    file.write_text(text.replace("answer = 1", "answer = 2"))
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
    found = StrategySource(find_strategy(str(file)))
    assert [vars(one.strategy_class)["answer"] for one in (found, found.fresh())] == [2, 2]


def test_a_strategy_that_raises_is_an_error_with_its_place(tmp_path: Path, bars: Bars) -> None:
    file = tmp_path / "boom.py"
    file.write_text(
        "from stratkit.strategies import Strategy\nclass Boom(Strategy):\n    'Boom.'\n"
        "    def signals(self, context):\n        raise KeyError('SPY')\n"
    )
    with pytest.raises(StrategyError, match=r"boom.py:5: KeyError: 'SPY'"):
        check_lookahead(StrategySource(find_strategy(str(file))), bars)


def test_both_readings_of_holes_are_compared(tmp_path: Path, bars: Bars) -> None:
    file = tmp_path / "both.py"
    file.write_text(
        "from stratkit.strategies import Strategy\nfrom stratkit.features import sma\n"
        "class Both(Strategy):\n    'Both readings of holes.'\n    def signals(self, context):\n"
        "        long = context.compute(sma, 5) > context.compute(sma, 5, holes='restart')\n"
        "        return self.sides(context, long=long)\n"
    )
    report = check_lookahead(StrategySource(find_strategy(str(file))), bars, cuts=5)
    assert set(report.compared) >= {"indicator sma(window_bars=5)", "indicator sma(window_bars=5, holes=restart)"}
