"""A comparison shows what differs and nothing else, and which value is the better one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_runs import DAY, MakeRun

from stratkit.errors import DataError, UsageError
from stratkit.runs.compare import best_of, compare_runs, differences, flattened
from stratkit.runs.curves import EquityCurve, read_curve, rebased
from stratkit.runs.facts import RunFacts, read_facts
from stratkit.runs.folder import RunRecord


def facts(record: RunRecord) -> RunFacts:
    return read_facts(record)


def test_only_the_keys_that_differ_are_shown(make_run: MakeRun) -> None:
    compared = compare_runs([facts(make_run("a", params={"fast": 5, "slow": 9})),
                             facts(make_run("b", params={"fast": 6, "slow": 9}))])  # fmt: skip
    assert [(one.key, one.values) for one in compared.config] == [("strategy.params.fast", (5, 6))]
    assert (compared.data, compared.makers, compared.notes) == ((), (), ())


def test_one_strategy_under_two_names_differs_in_its_name_only(make_run: MakeRun) -> None:
    compared = compare_runs([facts(make_run("a", strategy="slow", implementation="sma_cross")),
                             facts(make_run("b", strategy="fast", implementation="sma_cross"))])  # fmt: skip
    assert [one.key for one in compared.config] == ["strategy.name"]


def test_the_settings_of_several_strategies_are_compared_one_by_one(make_run: MakeRun) -> None:
    def desk(fast: int, weight: float, *, third: bool) -> dict[str, Any]:
        return {
            "strategies": {
                "a": {"enabled": True, "type": "sma_cross", "params": {"fast": fast}},
                "b": {"enabled": True, "type": "rsi_reversion", "weight": weight, "description": str(weight)},
                "c": {"enabled": third, "type": "buy_and_hold"},
            }
        }

    runs = [
        facts(make_run("a", strategy="a + b", config=desk(5, 1.0, third=False))),
        facts(make_run("b", strategy="a + b", config=desk(9, 0.5, third=False))),
    ]
    found = {one.key: one.values for one in compare_runs(runs).config}
    assert found == {"strategies.a.params.fast": (5, 9), "strategies.b.weight": (1.0, 0.5)}
    more = facts(make_run("c", strategy="a + b + c", config=desk(5, 1.0, third=True)))
    found = {one.key: one.values for one in compare_runs([runs[0], more]).config}
    assert found == {"strategy.name": ("a + b", "a + b + c"), "strategies.c.type": (None, "buy_and_hold")}


def test_other_bars_are_named_and_noted(make_run: MakeRun) -> None:
    compared = compare_runs([facts(make_run("a", digests={"ACME": "a" * 64, "B": "b" * 64})),
                             facts(make_run("b", digests={"ACME": "c" * 64, "B": "b" * 64}, bars=10)),
                             facts(make_run("c", digests={"ACME": "a" * 64}))])  # fmt: skip
    assert [(one.key, one.values) for one in compared.data] == [
        ("last bar", ("2020-01-20T00:00:00Z", "2020-01-10T00:00:00Z", "2020-01-20T00:00:00Z")),
        ("bars", (20, 10, 20)),
        ("ACME", ("a" * 12, "c" * 12, "a" * 12)),
        ("B", ("b" * 12, "b" * 12, None)),
    ]
    assert "different bars" in compared.notes[0]


def test_the_better_metric_is_marked_by_its_own_direction(make_run: MakeRun) -> None:
    records = [
        make_run("a", sharpe=1.0, metrics={"ann_vol": 0.1, "exposure_time": 0.1}),
        make_run("b", sharpe=2.0, metrics={"ann_vol": 0.3, "exposure_time": 0.9}),
    ]
    lines = {line.name: line for line in compare_runs([facts(record) for record in records]).metrics}
    assert lines["sharpe"].best == (1,)
    assert lines["ann_vol"].best == ()  # a calm run is no better for it, whatever the file of an older run says
    assert lines["exposure_time"].best == ()
    assert lines["total_return"].best == ()
    assert lines["profit_factor"].values == (None, None)


@pytest.mark.parametrize(
    ("values", "better", "best"),
    [
        ((1.0, 2.0, 2.0), "higher", (1, 2)),
        ((1.0, 2.0), "lower", (0,)),
        ((1.0, None), "higher", ()),
        ((1.0, 1.0), "higher", ()),
        ((1.0, 2.0), "neither", ()),
    ],
)
def test_best(values: tuple[float | None, ...], better: str, best: tuple[int, ...]) -> None:
    assert best_of(values, better) == best


def test_truth_is_not_the_number_one() -> None:
    assert [one.key for one in differences([{"a": True, "b": 1}, {"a": 1, "b": 1.0}])] == ["a"]


def test_a_key_that_an_older_version_did_not_have_is_no_difference_while_it_is_empty() -> None:
    assert differences([{"accept": [], "path": None}, {}]) == ()
    assert [one.key for one in differences([{"accept": ["gap"]}, {}])] == ["accept"]


def test_runs_that_came_out_the_same_are_called_so(make_run: MakeRun) -> None:
    runs = [facts(make_run(name)) for name in "ab"]
    equal = [replace(run, manifest={**run.manifest, "outputs": {"trades": {"sha256": "ab"}}}) for run in runs]
    assert compare_runs(equal).notes == ("the runs came out the same: trades, fills, decisions and equity are equal",)
    other = replace(runs[1], manifest={**runs[1].manifest, "outputs": {"trades": {"sha256": "cd"}}})
    assert compare_runs([equal[0], other]).notes == ()


def test_empty_mappings_stay_values() -> None:
    assert flattened({"a": {}, "b": {"c": [1]}}) == {"a": {}, "b.c": [1]}


def test_a_run_is_not_compared_with_itself_or_alone(make_run: MakeRun) -> None:
    one = facts(make_run("a"))
    for runs in ([one], [one, one], [one, one, facts(make_run("b"))]):
        with pytest.raises(UsageError, match="two or more different runs"):
            compare_runs(runs)


def test_a_curve_is_what_was_written(make_run: MakeRun) -> None:
    curve = read_curve(make_run("a", equity=[100.0, 90.0, 120.0], bars=3))
    assert curve.times.tolist() == [18_262 * DAY, 18_263 * DAY, 18_264 * DAY]
    assert curve.equity.tolist() == [100.0, 90.0, 120.0]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PAR1"),
                                    lambda path: path.write_bytes(path.read_bytes()[:-9])])  # fmt: skip
def test_a_damaged_curve_is_said(damage: object, make_run: MakeRun) -> None:
    record = make_run("a")
    damage(record.path("equity.parquet"))  # type: ignore[operator]  # one of the three above
    with pytest.raises(DataError, match=r"equity\.parquet must hold the equity of each bar"):
        read_curve(record)


def test_an_empty_curve_is_said(make_run: MakeRun) -> None:
    with pytest.raises(DataError, match="it has no rows"):
        read_curve(make_run("a", bars=0, equity=[], decisions=0))


def curve(first_day: int, *equity: float) -> EquityCurve:
    return EquityCurve((first_day + np.arange(len(equity))) * DAY, np.array(equity))


def test_curves_are_one_at_the_first_bar_that_all_share() -> None:
    scaled, start = rebased([curve(0, 100.0, 200.0, 400.0), curve(1, 50.0, 25.0)])
    assert start == DAY
    assert [values.tolist() for values in scaled] == [[0.5, 1.0, 2.0], [1.0, 0.5]]


def test_curves_that_do_not_meet_each_start_at_one() -> None:
    scaled, start = rebased([curve(0, 100.0, 200.0), curve(9, 50.0, 25.0)])
    assert start is None
    assert [values.tolist() for values in scaled] == [[1.0, 2.0], [1.0, 0.5]]


def test_a_curve_that_is_bankrupt_where_all_start_is_said() -> None:
    with pytest.raises(DataError, match="positive equity where all are 1; found -5"):
        rebased([curve(0, 100.0, -5.0), curve(1, 50.0)])


def test_a_damaged_table_is_a_problem_and_the_rest_is_known(make_run: MakeRun, tmp_path: Path) -> None:
    record = make_run("a")
    record.path("equity.parquet").write_bytes(b"PAR1")
    known = facts(record)
    assert (known.bars, known.start, known.rows["trades.parquet"]) == (None, None, 2)
    assert "equity.parquet cannot be read: it is damaged or was cut off" in known.problems[0]
    record.path("equity.parquet").unlink()
    assert facts(record).problems == (f"{record.path('equity.parquet')} cannot be read: it is not there",)
