"""The confidence cone: its quantiles by hand, its coverage, and what the uncertainty of the mean adds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stratkit.errors import DataError, UsageError
from stratkit.inference.cone import Cone, confidence_cone
from stratkit.inference.path_resampling import stationary_paths
from stratkit.inference.superior import stationary_variance
from stratkit.panel import FloatArray
from stratkit.seeds import generator

RETURNS = generator(0, "cone").standard_normal(400) * 0.01 + 0.0005


def asked(returns: FloatArray = RETURNS, name: str = "asked", **changed: Any) -> Cone:
    options: dict[str, Any] = {"split": 250, "mean_block_bars": 4, "paths": 2000} | changed
    return confidence_cone(returns, draw=generator(0, name), **options)


def test_the_bands_are_quantiles_of_paths_of_the_first_part_alone() -> None:
    cone = asked()
    paths = stationary_paths(RETURNS[:250], paths=2000, bars=150, mean_block_bars=4, draw=generator(0, "asked"))
    np.testing.assert_array_equal(cone.values, np.quantile(paths.equity, cone.levels, axis=0))
    curve = np.concatenate(([1.0], np.cumprod(1 + RETURNS[250:])))
    np.testing.assert_allclose(cone.observed, curve[cone.steps], rtol=1e-12)
    low, high = cone.values[0], cone.values[-1]
    assert cone.outside == np.mean((cone.observed < low)[1:] | (cone.observed > high)[1:])
    assert cone.ended == np.mean(paths.wealth < curve[-1])
    assert cone.p_value == pytest.approx(min(1, 2 * (1 + 2000 * min(cone.ended, 1 - cone.ended)) / 2001))
    assert (cone.values[:, 0] == 1).all()
    other = RETURNS.copy()
    other[250:] += 0.001
    np.testing.assert_array_equal(asked(other).values, cone.values)


def test_a_rest_that_breaks_away_is_outside_and_one_that_repeats_is_not() -> None:
    fallen, risen = RETURNS.copy(), RETURNS.copy()
    fallen[250:] -= 0.01
    risen[250:] += 0.01
    for returns, ended in ((fallen, 0.0), (risen, 1.0)):
        cone = asked(returns)
        assert cone.outside > 0.9
        assert (cone.ended, cone.p_value) == (ended, 2 / 2001)
        assert cone.p_error == pytest.approx(2 * math.sqrt(1 / 2001 * 2000 / 2001 / 2000))
    same = np.concatenate((RETURNS[:200], RETURNS[:200]))
    assert asked(same, split=200).outside < 0.2


def test_a_wider_band_leaves_less_outside() -> None:
    assert asked(band=0.99).outside <= asked(band=0.9).outside <= asked(band=0.2).outside
    assert asked(band=0.01).outside > 0.8


def test_the_uncertainty_of_the_mean_widens_the_cone_by_its_own_variance() -> None:
    plain, drawn = asked(paths=20_000), asked(paths=20_000, draws_mean=True)
    spread = [math.log(cone.values[-1, -1] / cone.values[0, -1]) / 2 / 1.6448536 for cone in (plain, drawn)]
    of_path = 150 * float(stationary_variance(RETURNS[:250, None], 4)[0])
    of_mean = 150**2 * float(stationary_variance(RETURNS[:250, None], 4)[0]) / 250
    assert spread[0] == pytest.approx(math.sqrt(of_path), rel=0.03)
    assert spread[1] == pytest.approx(math.sqrt(of_path + of_mean), rel=0.03)
    assert "ignores" in plain.caveat
    assert "drawn anew" in drawn.caveat


def test_only_a_cone_that_draws_the_mean_covers_as_it_says() -> None:
    draw = generator(0, "coverage")
    inside = {False: 0, True: 0}
    for case in range(300):
        returns = draw.standard_normal(200) * 0.01
        for draws_mean in inside:
            cone = asked(returns, f"case {case}", split=100, mean_block_bars=1, paths=399, draws_mean=draws_mean)
            inside[draws_mean] += cone.p_value > 0.1
    # as many bars ahead as behind double the variance: 1.645/sqrt 2 deviations hold 75.5 %
    assert inside[False] / 300 == pytest.approx(0.755, abs=4 * math.sqrt(0.755 * 0.245 / 300))
    assert inside[True] / 300 == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 300))


def test_workers_change_no_byte_and_progress_is_told() -> None:
    heard: list[tuple[int, int]] = []
    one, two = asked(draws_mean=True), asked(draws_mean=True, workers=2, told=lambda *both: heard.append(both))
    assert one.values.tobytes() == two.values.tobytes()
    assert heard[-1] == (2000, 2000)


@pytest.mark.parametrize(
    ("returns", "changed", "kind", "said"),
    [
        (RETURNS, {"split": 400}, UsageError, "1 to 399; found 400"),
        (RETURNS, {"split": 19}, DataError, "at least 20 returns; found 19"),
        (RETURNS, {"band": 1.0}, UsageError, "a band must be"),
        (np.append(RETURNS, math.nan), {}, DataError, "NaN"),
    ],
)
def test_what_makes_no_cone_is_refused(
    returns: FloatArray, changed: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        asked(returns, **changed)
