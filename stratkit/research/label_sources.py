"""`RegimeSource`: regime labels as a causal source, proved like indicators; `NotingLabels`, those of a strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Final, get_args

from stratkit.data.bars import Bars
from stratkit.regimes.conditions import conditions
from stratkit.regimes.label import FITTED, label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import FitSettings, RegimeMethod, RegimeSettings, RuleSettings
from stratkit.regimes.source import LabelSource
from stratkit.research.outputs import Outputs, Panel

# what a method cannot do without; those of the extra are proved where it is installed
_NEEDS: Final[Mapping[RegimeMethod, tuple[str, ...]]] = {"hmm": ("hmmlearn",)}
_FITTED_BARS: Final = 260  # four fits, of which the last two look back on a part of the bars
_OFTEN: Final = FitSettings(min_bars=100, refit_bars=50, window_bars=150, restarts=1)  # few bars show several fits


@dataclass(frozen=True)
class RegimeSource:
    """The labels of one way of naming regimes, their confidence and probabilities, as outputs."""

    settings: RegimeSettings
    seed: int = 0
    proof_bars: int = 400  # last bars that show labels of every method

    @property
    def name(self) -> str:
        """The method, and what it looks at."""
        rules = f", {self.settings.rules.thresholds}" if self.settings.method in ("rules", "trend") else ""
        return f"regimes({self.settings.method}, {self.settings.scope}{rules})"

    @property
    def code(self) -> object:
        """Nothing to scan: a fit at a refit bar looks like one of all bars."""
        return None

    @property
    def is_fitted(self) -> bool:
        """Whether parameters are learned, which takes long."""
        return self.settings.method in FITTED

    def outputs(self, bars: Bars) -> Outputs:
        """Label `bars`."""
        panels = label_panels(label_regimes(self.settings, bars, self.seed), "")
        return Outputs(panels, bars.symbols)

    def fresh(self, known_until_ns: int | None = None) -> RegimeSource:
        """Return itself: it keeps nothing between two calls."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


@dataclass(frozen=True)
class ConditionSource:
    """The labels of every axis of market conditions, with the logarithm of volume for a mood, as outputs."""

    name: str = "market conditions"
    settings: RegimeSettings = field(default_factory=lambda: RegimeSettings(fit=_OFTEN))
    proof_bars: int = 400

    @property
    def code(self) -> object:
        """Nothing to scan: every axis is proved through its labels."""
        return None

    def outputs(self, bars: Bars) -> Outputs:
        """Label `bars` along every axis."""
        panels: dict[str, Panel] = {}
        for axis, labels in conditions(bars, bars.volume, self.settings).items():
            panels |= label_panels(labels, f"{axis} ")
        return Outputs(panels, bars.symbols)

    def fresh(self, known_until_ns: int | None = None) -> ConditionSource:
        """Return itself: it keeps nothing between two calls."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


class NotingLabels(LabelSource):
    """Labels of one set of bars, all that are asked for noted as panels by name."""

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)
        self.noted: dict[str, Panel] = {}

    def labels(self, settings: RegimeSettings, seed: int = 0) -> RegimeLabels:
        """Return the labels, and note them."""
        found = super().labels(settings, seed)
        said = settings.model_dump_json(exclude_defaults=True)
        self.noted |= label_panels(found, f"indicator regimes {said} ")
        return found


def label_panels(labels: RegimeLabels, prefix: str) -> dict[str, Panel]:
    """Return label, confidence and, where there is one, probability of a record as panels by name."""
    panels: dict[str, Panel] = {f"{prefix}label": labels.label, f"{prefix}confidence": labels.confidence}
    return panels if labels.probability is None else {**panels, f"{prefix}probability": labels.probability}


def built_in_regimes() -> list[RegimeSource]:
    """Return every method that is installed, per symbol and for the market, under both kinds of thresholds."""
    found = []
    for method in get_args(RegimeMethod):
        if any(find_spec(package) is None for package in _NEEDS.get(method, ())):
            continue
        kinds = ("fixed", "quantile") if method in ("rules", "trend") else ("fixed",)
        for scope in ("symbol", "market"):
            for thresholds in kinds:
                rules = RuleSettings.model_validate({"thresholds": thresholds, "quantile_bars": 60})
                settings = {"method": method, "scope": scope, "rules": rules, "fit": _OFTEN}
                source = RegimeSource(RegimeSettings.model_validate(settings))
                found.append(replace(source, proof_bars=_FITTED_BARS) if source.is_fitted else source)
    return found
