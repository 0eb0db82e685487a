"""Formula: entries and exits written as formulas in the configuration, without any code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from stratkit.errors import UsageError
from stratkit.features.formula import Formula, parse_formula
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class FormulaParams(Parameters):
    """Parameters of the formula strategy: conditions, as `stratkit.features.parse_formula` reads them."""

    long: str = Field("close > sma(200) and rsi(2) < 10", description='condition to be long; "" = never')
    short: str = Field("", description='condition to be short; "" = never')
    exit: str = Field("close > sma(5)", description='condition to leave either; "" = never')

    @field_validator("long", "short", "exit")
    @classmethod
    def _is_a_condition(cls, text: str, info: ValidationInfo) -> str:
        line = " ".join(text.split())  # as YAML may fold it
        if not line:
            return line
        try:
            formula = parse_formula(line)
        except UsageError as error:
            raise ValueError(f"{info.field_name}: {error}") from None
        if not formula.is_condition:
            raise ValueError(f"{info.field_name} must be a condition; found {line!r}: compare it with something")
        return line

    @model_validator(mode="after")
    def _enters(self) -> FormulaParams:
        if not self.long and not self.short:
            raise ValueError("long or short must hold a formula; found neither: say when to enter")
        return self


class FormulaStrategy(Strategy):
    """Do what formulas say: be long, be short or leave wherever a condition over prices and indicators holds."""

    name = "formula"
    family = "rules"
    source = "yours; the default is a pullback as in L. Connors, C. Alvarez, Short Term Trading Strategies (2008)"
    edge = "Of the default: who must sell into a fall of days within a rise pays for it; of your own, yours to say."
    Params = FormulaParams
    params: FormulaParams

    @property
    def warmup_bars(self) -> int:
        """The longest lookback of the formulas; those on coarser bars may need more, which is known with the bars."""
        return max(formula.own_lookback_bars for formula in self._formulas().values())

    def signals(self, context: Context) -> Signals:
        """Return long, short and exit where their conditions are true, once each of them may have a value."""
        formulas = self._formulas()
        warmup_bars = max(formula.lookback_on(context.indicators) for formula in formulas.values())
        known = (np.arange(context.shape[0]) >= warmup_bars)[:, None]
        masks = {name: formula.mask(context.indicators) & known for name, formula in formulas.items()}
        signals = self.sides(context, long=masks.get("long"), short=masks.get("short"), exit=masks.get("exit"))
        return replace(signals, warmup_bars=warmup_bars)

    def _formulas(self) -> dict[str, Formula]:
        texts = {"long": self.params.long, "short": self.params.short, "exit": self.params.exit}
        return {name: parse_formula(text) for name, text in texts.items() if text}
