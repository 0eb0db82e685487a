"""`BaseStrategy`: a per-bar strategy with a name and a configuration, which generates proposals."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, model_validator

from stratkit.strategies.asking import proposals_of
from stratkit.strategies.bar_context import BarContext
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.parameters import Parameters
from stratkit.strategies.proposals import Proposal


class AnyParameters(Parameters):
    """Parameters of any name; each a number, a text, or true or false."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _scalars(self) -> AnyParameters:
        for name, value in (self.model_extra or {}).items():
            if not isinstance(value, bool | int | float | str):
                raise ValueError(f"{name} must be a number, a text, or true or false; found {value!r}")
        return self


class BaseStrategy(BarStrategy):
    """A per-bar strategy that reads its parameters from ``self.config["params"]``.

    It may be built like every strategy, ``Mine(window=7)``, or as ``Mine(name="mine", config={"params": {...}})``.
    `config` holds ``enabled``, ``params`` with every default filled in, and what else was given, such as
    ``risk_budgets``, which the run holds it to. Without a `Params` class of its own it takes parameters of any name.
    It is told its positions; one that does not ask for them says ``needs_state = False`` and runs faster.
    """

    needs_state: ClassVar[bool] = True
    Params: ClassVar[type[Parameters]] = AnyParameters

    def __init__(self, name: str | None = None, config: Mapping[str, Any] | None = None, **params: Any) -> None:
        given = dict(config or {})
        if name is not None:
            vars(self)["name"] = name  # of this instance; the class keeps its own
        super().__init__(**{**given.get("params", {}), **params})
        enabled = config is None or bool(given.get("enabled", False))
        self.config: dict[str, Any] = {**given, "enabled": enabled, "params": self.params.model_dump()}

    @abstractmethod
    def generate_proposals(self, context: BarContext) -> list[Proposal]:
        """Return what is wanted at the close of this bar; [] for nothing."""

    def proposals(self, context: BarContext) -> list[Proposal]:
        """Return the generated proposals."""
        return self.generate_proposals(context)

    def run(self, context: BarContext) -> list[Proposal]:
        """Return the proposals on one bar, checked and tagged with the strategy's name; raise `StrategyError`."""
        return proposals_of(self, context)

    @property
    def enabled(self) -> bool:
        """Whether the configuration enables it."""
        return bool(self.config["enabled"])

    @property
    def max_at_risk_pct(self) -> float | None:
        """What the configuration allows all its positions together [% of equity], None = no limit."""
        percent: float | None = self._budgets.get("max_at_risk_pct")
        return percent

    @property
    def max_trades_per_cycle(self) -> int | None:
        """How many proposals the configuration allows per bar, None = no limit."""
        most: int | None = self._budgets.get("max_trades_per_cycle")
        return most

    @property
    def _budgets(self) -> Mapping[str, Any]:
        return self.config.get("risk_budgets") or {}
