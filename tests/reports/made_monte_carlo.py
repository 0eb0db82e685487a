"""A Monte Carlo run made up: every procedure, with seeded figures that hang together as those of a real run would."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.reports.monte_carlo_content import MonteCarloContent
from stratkit.research.monte_carlo_record import Fan, Histogram, MonteCarlo, PathRow, Procedure

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
NAN = math.nan
FIRST = 17_180 * NS_PER_DAY


def monte_carlo_content(paths: int = 10_000, n: int = 1260, seed: int = 8, **changes: Any) -> MonteCarloContent:
    """Return what the page of a run of `n` daily periods shows; `changes` are laid over its record."""
    draw = np.random.default_rng(seed)
    record: dict[str, Any] = {
        "run_id": "20260114-101500-0a3f9c1",
        "seed": 0,
        "paths": paths,
        "n": n,
        "trades": 64,
        "periods_per_year": 252.0,
        "first_ns": FIRST,
        "last_ns": FIRST + n * NS_PER_DAY,
        "procedures": tuple(_procedures(draw, paths, n)),
        "warnings": (
            ("FEW_TRADES", "64 trades: what their order makes of them says little."),
            ("SHORT", "5.0 years of history hold few bad ones."),
        ),
        "facts": (("Strategy", "moving_average_cross"), ("Symbols", "SP500"), ("Costs", "5 bps")),
    }
    command = "stratkit montecarlo 20260114-101500-0a3f9c1 --paths 10000"
    return MonteCarloContent("moving_average_cross on SP500", MonteCarlo(**{**record, **changes}), command)


def _procedures(draw: np.random.Generator, paths: int, n: int) -> list[Procedure]:
    return [
        Procedure(
            "trade_shuffle",
            "Trades in another order",
            "tests path risk, not edge: how deep a drawdown the same trades could have made in another order; "
            "what they earn together stays the same, and so does everything else",
            "the order of the trades",
            paths,
            False,
            (
                _row("maximum drawdown", "fraction", -0.14, draw.normal(-0.17, 0.03, paths), p=0.231),
                _row("longest losing run", "count", 5, draw.poisson(5, paths).astype(np.float64), better="lower"),
            ),
            (_bins("maximum drawdown", "fraction", -0.14, draw.normal(-0.17, 0.03, paths)),),
            (_fan(draw, "Equity of shuffled trades", 64, "trades", None, pinned=True),),
            ("The profit of every path is that of the run.",),
            not_answered="whether the trades have an edge",
        ),
        Procedure(
            "trade_resample",
            "Trades drawn anew",
            "tests how much hangs on single trades, not whether they will come again",
            "which of the trades are made, with replacement",
            paths,
            False,
            (
                _row("total return", "fraction", 0.62, draw.normal(0.6, 0.28, paths), interval=True),
                _row("profit factor", "ratio", 1.71, draw.normal(1.75, 0.4, paths), interval=True),
            ),
            (_bins("total return", "fraction", 0.62, draw.normal(0.6, 0.28, paths)),),
            (),
            not_answered="what other markets would have done",
        ),
        Procedure(
            "returns_bootstrap",
            "Returns in blocks drawn anew",
            "tests how uncertain each figure is, if the future is made of such stretches as the past",
            "which stretches of the returns come, and how often",
            paths,
            False,
            (
                _row("total return", "fraction", 0.62, np.exp(draw.normal(0.48, 0.3, paths)) - 1, interval=True),
                _row("Sharpe ratio", "ratio", 0.81, draw.normal(0.8, 0.42, paths), interval=True),
                _row("maximum drawdown", "fraction", -0.14, -draw.gamma(9, 0.019, paths), interval=True),
            ),
            (
                _bins("Sharpe ratio", "ratio", 0.81, draw.normal(0.8, 0.42, paths)),
                _bins("maximum drawdown", "fraction", -0.14, -draw.gamma(9, 0.019, paths)),
                _bins("total return", "fraction", 0.62, np.exp(draw.normal(0.48, 0.3, paths)) - 1),
            ),
            (_fan(draw, "Equity of resampled histories", n, "bars", None),),
            ("Stationary bootstrap, blocks of 12.4 periods on average (Politis and White).",),
            not_answered="a future unlike the past",
        ),
        Procedure(
            "random_entries",
            "Entries at random",
            "tests whether the entries beat chance, given holding times and exposure",
            "when trades begin; their number, holding times and sides stay",
            2000,
            False,
            (
                _row("Sharpe ratio", "ratio", 0.81, draw.normal(0.35, 0.3, paths), p=0.067),
                _row("total return", "fraction", 0.62, draw.normal(0.25, 0.2, paths), p=0.041),
            ),
            (_bins("Sharpe ratio", "ratio", 0.81, draw.normal(0.35, 0.3, 2000)),),
            (),
            not_answered="how many strategies were tried before",
        ),
        Procedure(
            "bar_permutation",
            "Prices with their order lost",
            "tests whether there is anything in the order of the bars to find",
            "the order of the bars, the same for all symbols",
            500,
            False,
            (_row("Sharpe ratio", "ratio", 0.81, draw.normal(0.2, 0.35, 500), p=0.038, paths=500),),
            (_bins("Sharpe ratio", "ratio", 0.81, draw.normal(0.2, 0.35, 500)),),
            (),
            ("Each permutation was searched anew with 50 trials.",),
            not_answered="whether it goes on",
        ),
        Procedure(
            "parameter_jitter",
            "Parameters shaken",
            "tests how sharp the peak is that the parameters sit on",
            "each parameter, within 10% of its range",
            200,
            False,
            (_row("Sharpe ratio", "ratio", 0.81, draw.normal(0.6, 0.15, 200)),),
            (_bins("Sharpe ratio", "ratio", 0.81, draw.normal(0.6, 0.15, 200)),),
            (),
            not_answered="whether the plateau stays",
        ),
        Procedure(
            "cost_stress",
            "Dearer trading",
            "tests how much the result hangs on what trading costs",
            "costs and slippage",
            4,
            True,
            (
                *(
                    _lone(f"{name}, {level}", unit, value - fall * dearer)
                    for dearer, level in enumerate(("as it is", "costs x2", "costs x3"))
                    for name, unit, value, fall in (
                        ("Sharpe ratio", "ratio", 0.81, 0.31),
                        ("Total return", "fraction", 0.62, 0.2),
                    )
                ),
                _lone("break-even cost", "bps", 18.0),
            ),
            notes=("At 3.6 times the costs nothing is left.",),
            not_answered="whether the orders would be filled",
        ),
        Procedure(
            "ruin",
            "Risk of ruin",
            "tests how often so deep a loss comes, with trades like these",
            "which trades come",
            paths,
            False,
            (
                PathRow(
                    "lost 20% of the account",
                    "fraction",
                    "lower",
                    NAN,
                    NAN,
                    NAN,
                    NAN,
                    0.124,
                    math.nan,
                    0.0033,
                    0.118,
                    0.131,
                ),
                PathRow(
                    "lost 50% of the account",
                    "fraction",
                    "lower",
                    NAN,
                    NAN,
                    NAN,
                    NAN,
                    0.0004,
                    math.nan,
                    0.0002,
                    0.0,
                    0.0009,
                ),
            ),
            (),
            (),
            ("0 of 10,000 paths is said as at most 0.03%.",),
            not_answered="a loss larger than any in the trades",
        ),
        Procedure(
            "drawdowns",
            "Drawdowns to expect",
            "tests nothing: says how deep a drawdown is nothing unusual",
            "which stretches come",
            paths,
            False,
            (
                _row("maximum drawdown", "fraction", -0.14, -draw.gamma(9, 0.019, paths)),
                _row("longest drawdown", "bars", 311, draw.gamma(4, 80, paths), better="lower"),
            ),
            (_bins("longest drawdown", "bars", 311, draw.gamma(4, 80, paths)),),
            (),
            not_answered="when it comes",
        ),
        Procedure(
            "cone",
            "Cone of confidence",
            "tests whether what came after the split is still like what was before",
            "the returns before the split, in blocks",
            paths,
            False,
            (_row("total return after the split", "fraction", 0.11, draw.normal(0.2, 0.16, paths), p=0.284),),
            (),
            (_fan(draw, "Equity against its cone", n, "bars", n * 7 // 10),),
            not_answered="why it left the cone, if it did",
        ),
        Procedure(
            "trade_shuffle",
            "Trades of a second account",
            "tests path risk, not edge",
            "the order",
            0,
            False,
            (),
            reason="the run has 1 trade: an order needs two",
        ),
    ]


def _lone(name: str, unit: Any, observed: float) -> PathRow:
    return PathRow(name, unit, "higher", observed, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN)


def _row(
    name: str,
    unit: Any,
    observed: float,
    drawn: FloatArray,
    *,
    p: float = math.nan,
    better: Any = "higher",
    interval: bool = False,
    paths: int = 10_000,
) -> PathRow:
    low, middle, high = (float(value) for value in np.quantile(drawn, [0.05, 0.5, 0.95]))
    ends = np.quantile(drawn, [0.025, 0.975]) if interval else (math.nan, math.nan)
    error = math.sqrt(p * (1 - p) / paths) if math.isfinite(p) else math.nan
    return PathRow(
        name, unit, better, observed, low, middle, high, float(drawn.mean()), p, error, float(ends[0]), float(ends[1])
    )


def _bins(name: str, unit: Any, observed: float, drawn: FloatArray) -> Histogram:
    counts, edges = np.histogram(drawn, bins=40)
    return Histogram(name, unit, observed, edges, counts.astype(np.int64))


def _fan(draw: np.random.Generator, title: str, n: int, unit: Any, split: int | None, pinned: bool = False) -> Fan:
    steps = np.unique(np.linspace(0, n, min(n + 1, 160)).astype(np.int64))
    after = steps - (split or 0)
    years = np.clip(after, 0, None) / n
    z = np.array([-1.645, -0.674, 0.0, 0.674, 1.645])
    spread = np.sqrt(years * (1 - years)) if pinned else np.sqrt(years)
    noise = np.cumsum(np.r_[0, draw.normal(0, 0.6 / math.sqrt(len(steps)) * 0.4, len(steps) - 1)])
    if pinned:
        noise -= noise[-1] * steps / n
    observed = np.exp(0.48 * steps / n + noise)
    start = observed[np.searchsorted(steps, split)] if split else 1.0
    values = start * np.exp(0.48 * years + 0.3 * z[:, None] * spread)
    if split:
        values = np.where(after < 0, observed, values)
    return Fan(
        title, unit, LEVELS, steps, values, observed, None if unit == "trades" else FIRST + steps * NS_PER_DAY, split
    )
