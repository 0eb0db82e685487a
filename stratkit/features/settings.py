"""`FeatureSettings`: which features there are, and how they become one matrix."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from stratkit.errors import UsageError
from stratkit.features.formula import parse_formula

_COLUMNS: Final = ("time", "symbol")  # that say in a table of features whose row it is
Scaling = Literal["robust", "standard", "min_max", "rank", "none"]
Selection = Literal["f_test", "mutual_information", "importance", "none"]
Target = Literal["sign", "return", "size"]


def _holds(text: str) -> str:
    try:
        parse_formula(text)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return text


def _is_a_name(name: str) -> str:
    if not name.isidentifier() or name in _COLUMNS:
        raise ValueError(
            f"a feature's name must be a word of letters, digits and _, not time or symbol; found {name!r}"
        )
    return name


class FeatureSettings(BaseModel):
    """Which features are computed, and how they are scaled, chosen and combined: always from earlier bars only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    formulas: dict[Annotated[str, AfterValidator(_is_a_name)], Annotated[str, AfterValidator(_holds)]] | None = Field(
        None, min_length=1, description="features by a name of your choice, as formulas; none = the standard set"
    )
    from_strategies: bool = Field(True, description="whether features that enabled strategies hand on are taken too")
    from_signals: bool = Field(
        False, description="whether side and confidence (or weight) of enabled strategies are features too"
    )
    scaling: Scaling = Field(
        "robust",
        description=(
            "robust: median and interquartile range; standard: mean and standard deviation; min_max: 0 to 1; "
            "rank: share of earlier values below, 0 to 1; none: as they are"
        ),
    )
    scaled_over: Literal["all_symbols", "each_symbol"] = Field(
        "all_symbols",
        description="by whose earlier values a value is scaled: those of all symbols, or of its own",
    )
    window_bars: int | None = Field(None, ge=30, description="how far back a fit looks [bars]; none = to the first bar")
    clip: float | None = Field(
        5.0, gt=0, description="largest size of a value scaled by robust, standard or min_max; none = no limit"
    )
    selection: Selection = Field(
        "f_test",
        description=(
            "how features are scored against the target: f_test: F statistic; mutual_information: in nats; importance: "
            "share of a small random forest's gain; none: not at all, they keep their order"
        ),
    )
    target: Target = Field(
        "sign",
        description="what a feature should tell of the return that follows: its sign, the return itself, or its size",
    )
    horizon_bars: int = Field(5, ge=1, description="how long that return lasts [own bars of the symbol]")
    max_features: int = Field(50, ge=1, description="how many features are kept at most, the best by score [count]")
    redundancy: float | None = Field(
        0.95,
        gt=0,
        le=1,
        description="|correlation| from which on the one with the lower score is dropped; none = off",
    )
    pca_variance: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of variance that principal components keep, such as 0.95; none = no PCA",
    )
    refit_every_bars: int = Field(250, ge=1, description="how often scaling, selection and PCA are fitted anew [bars]")
    min_bars: int = Field(500, ge=30, description="history before the first fit; there is no row before it [bars]")
    max_rows: int = Field(
        5_000,
        ge=100,
        description="rows drawn for scores, correlations and PCA at a fit [count]; scaling uses all",
    )
