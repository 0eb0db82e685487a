"""`SearchSettings`: how `stratkit optimize` searches: what is varied, what for, by whom, how long."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stratkit.strategies.parameters import ParameterValue

Sampler = Literal["tpe", "gp", "cmaes", "nsga2", "nsga3", "qmc", "random", "grid", "genetic"]


class RangeSettings(BaseModel):
    """The values of one key that are tried: numbers between two bounds, or a list of choices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float | None = Field(None, description="smallest value that is tried")
    high: float | None = Field(None, description="largest value that is tried")
    step: float | None = Field(None, gt=0, description="distance of two values; none = any value, 1 for whole numbers")
    log: bool | None = Field(None, description="whether to search on a log scale; none = as the strategy declares it")
    choices: tuple[ParameterValue | None, ...] | None = Field(
        None, min_length=1, description="the values themselves, instead of bounds"
    )


class ConstraintSettings(BaseModel):
    """What a set of values, and what comes out, must keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: tuple[str, ...] = Field((), description="comparisons between searched keys, such as fast * 2 < slow")
    min_trades: int | None = Field(None, ge=1, description="fewest closed trades; fewer prove nothing")
    max_drawdown_pct: float | None = Field(None, gt=0, le=100, description="deepest drawdown that is accepted [%]")
    metrics: tuple[str, ...] = Field(
        (), description="conditions on metrics, such as profit_factor >= 1.2 or turnover_ann <= 20"
    )


class PruningSettings(BaseModel):
    """Trials that do worse than others on the first parts of the bars are stopped there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: int = Field(4, ge=2, le=64, description="equal parts of the bars; judged at the end of each but the last")
    percentile: float = Field(
        50.0,
        gt=0,
        lt=100,
        description="stopped below this percentile of the Sharpe ratios that earlier trials had there",
    )
    startup_trials: int = Field(16, ge=1, description="trials that are replayed whole before any is judged")


class GeneticSettings(BaseModel):
    """The genetic search: generations of parameter sets that are selected, crossed and changed.

    Samplers nsga2 and nsga3 take `population`, `crossover` and `mutation` from here as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    population: int = Field(24, ge=4, description="sets in a generation, of nsga2 and nsga3 too")
    elites: int = Field(2, ge=0, description="best sets that go on unchanged; they are not replayed again")
    tournament: int = Field(3, ge=1, description="sets drawn for a parent, of whom the best is taken")
    crossover: float = Field(0.9, ge=0, le=1, description="probability that two parents are crossed")
    mutation: float | None = Field(
        None, ge=0, le=1, description="probability that a value is changed; none = 1 / number of dimensions"
    )
    mutation_scale: float = Field(0.2, gt=0, le=1, description="size of a change, as a fraction of the range")
    niche_radius: float = Field(
        0.1, ge=0, le=1, description="sets nearer than this share their fitness, so that several peaks live on; 0 = off"
    )

    @model_validator(mode="after")
    def _has_children(self) -> GeneticSettings:
        if self.elites >= self.population:
            raise ValueError(f"elites must be fewer than population; found {self.elites} and {self.population}")
        return self


class SearchSettings(BaseModel):
    """Settings of a search over parameters, and over any other key of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sampler: Sampler = Field("tpe", description="who proposes; genetic is our own, gp needs the extra `gp`")
    trials: int = Field(200, ge=1, description="trials at most; a grid ends when it is done")
    time_limit_seconds: float | None = Field(
        None, gt=0, description="no batch is begun after that time; such a search does not end the same twice"
    )
    patience: int | None = Field(None, ge=1, description="ends when so many trials in a row brought nothing better")
    objectives: tuple[str, ...] = Field(
        ("sharpe",), min_length=1, description="metrics that are searched for; of several, the Pareto front is shown"
    )
    space: dict[str, RangeSettings] = Field(
        default_factory=dict,
        description="what is tried of a key, such as risk.caps.max_symbol_pct; a strategy's parameters have ranges of "
        "their own",
    )
    fixed: tuple[str, ...] = Field((), description="keys of parameters that keep their value")
    constraints: ConstraintSettings = Field(
        default_factory=ConstraintSettings, description="what values and results must keep"
    )
    pruning: PruningSettings | None = Field(None, description="stops poor trials early; none = every trial is whole")
    genetic: GeneticSettings = Field(default_factory=GeneticSettings, description="the genetic search")
    batch: int = Field(
        16, ge=1, description="trials that are proposed at a time; part of the result, whatever the number of workers"
    )
    holdout_pct: float = Field(
        25.0, ge=0, le=90, description="share of the bars, the last, that no trial sees: the choice is judged there [%]"
    )
    purge_bars: int = Field(0, ge=0, description="bars left out between what is searched on and the holdout")
    pick: Literal["best", "robust"] = Field(
        "best", description="what is chosen: the best trial, or the centre of the plateau"
    )
    storage: str | None = Field(
        None, description="database URL of an Optuna storage that several hosts share; none = a file beside the run"
    )
