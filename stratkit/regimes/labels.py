"""`RegimeLabels`: what state the market was in on each bar, and whether that could be known on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import FloatArray, on_axes, read_only

LabelArray = npt.NDArray[np.int8]
UNKNOWN: int = -1  # no label: too early, or no bar
NOT_KNOWN: Final = "not known"  # how bars without a label, and what was decided on them, are called


@dataclass(frozen=True)
class RegimeLabels:
    """One label per bar and symbol.

    `label` (T, N) int8 indexes `names`, -1 where nothing is known; `confidence` (T, N) in [0, 1], NaN there.
    `probability` (T, N, R) of each state where the method gives one, NaN where nothing is known, else None. `causal`
    says that the label of a bar depends on nothing behind that bar: parameters, thresholds and scales included. One
    that is not causal describes, and is refused by whatever trades. `scope` tells whether each symbol has labels of its
    own or all show those of the market. `rule` says in words how labels were made, thresholds included; `refits` are
    the bars whose closes parameters were fitted on, empty where nothing is fitted. `lookback_bars` is how many bars a
    label looks back on at most, 0 where it looks back on all.
    """

    method: str
    names: tuple[str, ...]
    label: LabelArray
    confidence: FloatArray
    causal: bool
    probability: FloatArray | None = None
    scope: str = "symbol"
    rule: str = ""
    refits: tuple[int, ...] = ()
    lookback_bars: int = 0
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        label = np.asarray(self.label)
        if label.ndim != 2:
            raise UsageError(f"labels must be (T, N); found the shape {label.shape}")
        shape = (label.shape[0], label.shape[1])
        if label.size and not (label.min() >= -1 and label.max() < len(self.names)):
            raise UsageError(
                f"labels must lie within -1 .. {len(self.names) - 1}; found {label.min()} .. {label.max()}"
            )
        object.__setattr__(self, "label", read_only(on_axes(label, shape, "labels", np.int8)))
        object.__setattr__(self, "confidence", read_only(on_axes(self.confidence, shape, "confidence")))
        if self.probability is not None:
            if np.shape(self.probability) != (*shape, len(self.names)):
                raise UsageError(
                    f"probabilities must have the shape {(*shape, len(self.names))}; found {np.shape(self.probability)}"
                )
            object.__setattr__(self, "probability", read_only(np.asarray(self.probability, dtype=np.float64)))

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return self.label.shape[0], self.label.shape[1]

    def code(self, name: str) -> int:
        """Return the number of a regime by its name; raise `UsageError` for a name that it has not."""
        if name not in self.names:
            raise UsageError(
                f"a regime of {self.method} must be named; found {name!r}; {did_you_mean(name, self.names)}"
            )
        return self.names.index(name)

    def for_trading(self) -> RegimeLabels:
        """Return these labels; raise `UsageError` when they know the future."""
        if not self.causal:
            raise UsageError(
                f"labels that something trades on must be causal; those of {self.method} look at bars behind their own "
                "(smoothed, Viterbi, PELT): use the filtered ones"
            )
        return self

    def from_bar(self, first: int) -> RegimeLabels:
        """Return the labels of the bars from `first` on."""
        return RegimeLabels(
            self.method, self.names, self.label[first:], self.confidence[first:], self.causal,
            None if self.probability is None else self.probability[first:], self.scope, self.rule,
            tuple(bar - first for bar in self.refits if bar >= first), self.lookback_bars, self.notes,
        )  # fmt: skip
