"""`described_labels`: labels that know the future, for looking back only; nothing that trades may have them."""

from __future__ import annotations

from typing import Final, Literal, get_args

from stratkit.data.bars import Bars
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.market import own_returns
from stratkit.regimes.settings import RegimeSettings

DescribedMethod = Literal["hmm_smoothed", "hmm_viterbi", "pelt"]
DESCRIBED: Final[tuple[DescribedMethod, ...]] = get_args(DescribedMethod)


def described_labels(method: DescribedMethod, settings: RegimeSettings, bars: Bars, seed: int = 0) -> RegimeLabels:
    """Return labels (T, N) of bars by a method that looks at all of them at once.

    Raises `UsageError` where the extra `regime` is missing.

    >>> from stratkit.data.synthetic import synthetic_universe
    >>> described_labels("pelt", RegimeSettings(), synthetic_universe(1, 60, "1d").bars).causal
    False
    """
    returns = own_returns(bars.close)
    if method == "pelt":
        from stratkit.regimes.change_points import pelt_labels

        return pelt_labels(returns)
    from stratkit.regimes.hmm import hmm_described

    return hmm_described(returns, settings.fit, seed, "smoothed" if method == "hmm_smoothed" else "viterbi")
