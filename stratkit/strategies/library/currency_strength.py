"""Currency strength: every currency measured by all its pairs, the strongest bought against the weakest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stratkit.features.indicators import rate_of_change
from stratkit.panel import FloatArray
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.ranking import long_short
from stratkit.strategies.rebalancing import Period, period_starts
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

_CODE = 3  # letters of a currency


class CurrencyStrengthParams(Parameters):
    """Parameters of the currency strength."""

    lookback: int = bounded(63, low=2, high=520, description="bars over which strength is measured", log=True)
    rebalance: Period = choice("weekly", description="when to rank again: on the first bar of a day, week or month")
    side_pairs: int = bounded(1, low=1, high=50, description="pairs on each side", log=True)
    gross: float = bounded(1.0, low=0.1, high=4.0, step=0.1, description="long plus short [x equity]")


class CurrencyStrength(Strategy):
    """Buy the pairs of a strong against a weak currency and sell the reverse, in equal weights, ranked at intervals.

    The strength of a currency is the mean past return over all pairs that it stands in, with the sign of a pair that
    it is quoted in turned; the score of a pair is the strength of its base minus that of its quote. Symbols of six
    letters of which some share a currency are pairs (EURUSD: base EUR, quote USD); any other panel is taken for
    currencies quoted in the account's. All legs of a ranking are one package.
    """

    name = "currency_strength"
    family = "cross_asset"
    source = (
        "L. Menkhoff, L. Sarno, M. Schmeling, A. Schrimpf, Currency Momentum Strategies, "
        "Journal of Financial Economics 106 (2012)"
    )
    needs = ("several symbols",)
    edge = (
        "Central banks and funds adjust slowly and in one direction; a strong currency goes on rising against a weak "
        "one, and measuring it by all its pairs leaves out what is particular to one."
    )
    Params = CurrencyStrengthParams
    params: CurrencyStrengthParams

    @property
    def warmup_bars(self) -> int:
        """The lookback."""
        return self.params.lookback

    def signals(self, context: Context) -> Signals:
        """Return target weights on ranking bars, NaN between."""
        params = self.params
        bar = np.flatnonzero(period_starts(context.bars.times, params.rebalance))
        score = pair_strength(context.compute(rate_of_change, params.lookback)[bar], context.bars.symbols)
        weight = np.full(context.shape, np.nan)
        weight[bar] = long_short(score, params.side_pairs, params.gross)
        return self.weights(context, weight, legs=np.isfinite(weight).astype(np.int16))


def pair_strength(returns: FloatArray, symbols: Sequence[str]) -> FloatArray:
    """Return (R, N) strength of base minus strength of quote of each pair, from the past returns of all pairs.

    NaN where a pair has no return of its own. With EURUSD up 2 % and USDJPY up 4 %: EUR +2, USD (-2 + 4) / 2 = +1,
    JPY -4; EURUSD scores 1, USDJPY 5.

    >>> pair_strength(np.array([[0.02, 0.04]]), ("EURUSD", "USDJPY"))
    array([[0.01, 0.05]])
    """
    base, quote, currencies = _currencies(symbols)
    if base is None or quote is None:
        return returns
    known = np.isfinite(returns)
    given = np.where(known, returns, 0.0)
    stands_in = np.zeros((len(symbols), currencies))
    stands_in[np.arange(len(symbols)), base] = 1.0
    stands_in[np.arange(len(symbols)), quote] = -1.0
    strength = (given @ stands_in) / np.maximum(known @ np.abs(stands_in), 1.0)
    return np.where(known, strength[:, base] - strength[:, quote], np.nan)


def _currencies(symbols: Sequence[str]) -> tuple[list[int] | None, list[int] | None, int]:
    """Return the numbers of base and quote of each pair, and how many currencies there are; None for no pairs."""
    codes = [(symbol[:_CODE], symbol[_CODE:]) for symbol in symbols]
    are_codes = all(len(symbol) == 2 * _CODE and symbol.isalpha() for symbol in symbols)
    names = sorted({name for pair in codes for name in pair})
    if not are_codes or len(names) == 2 * len(symbols):  # no two of them share a currency
        return None, None, 0
    place = {name: number for number, name in enumerate(names)}
    return [place[base] for base, _ in codes], [place[quote] for _, quote in codes], len(names)
