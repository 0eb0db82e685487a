"""`Parameters`: a strategy's typed settings, whose bounds are the search space of an optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stratkit.errors import ParameterError, did_you_mean

ParameterValue = bool | int | float | str
Number = TypeVar("Number", int, float)
P = TypeVar("P", bound="Parameters")

_WRONG_TYPE = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


class Parameters(BaseModel):
    """Base of every strategy's parameters: frozen, all with defaults, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True, allow_inf_nan=False)


@dataclass(frozen=True)
class SearchParameter:
    """One parameter as an optimizer sees it.

    `kind` is ``int`` or ``float`` with `low`, `high` (both included), `step` (None = any value) and
    `log` (search on a log scale); ``choice`` with `choices`; or ``fixed``: a value that can be set
    but has no bounds, and so is never searched. None stands for off, in keys that are no parameters of a strategy.
    """

    name: str
    kind: Literal["int", "float", "choice", "fixed"]
    default: ParameterValue | None
    description: str
    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    log: bool = False
    choices: tuple[ParameterValue | None, ...] = ()

    @property
    def allowed(self) -> str:
        """The bounds or choices in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(_word(value) for value in self.choices)
        if self.kind == "fixed":
            return "any value"
        return f"{_WRONG_TYPE[self.kind]} between {self.low:g} and {self.high:g}"


def bounded(
    default: Number, *, low: Number, high: Number, description: str = "", step: Number | None = None, log: bool = False
) -> Number:
    """Declare a numeric parameter with its bounds, both included.

    `step` and `log` guide the optimizer only; a value between two steps may still be given.

    >>> class Params(Parameters):
    ...     window: int = bounded(14, low=2, high=100, description="bars of the RSI")
    >>> Params().window
    14
    """
    if log and low <= 0:
        raise ParameterError(f"a log scale needs a lower bound above 0; found low={low:g}")
    hints = {"step": step, "log": log}
    declared: Any = Field(default, ge=low, le=high, description=description, json_schema_extra={**hints})
    return declared  # type: ignore[no-any-return]  # pydantic turns the declaration into the value


def choice(default: Any, *, description: str = "") -> Any:
    """Declare a parameter that is one of a `Literal`'s values, or a bool.

    >>> class Params(Parameters):
    ...     direction: Literal["both", "long_only"] = choice("both", description="which side to take")
    >>> search_space(Params)[0].choices
    ('both', 'long_only')
    """
    return Field(default, description=description)


def search_space(params: type[Parameters]) -> tuple[SearchParameter, ...]:
    """Return every parameter of a strategy in the order of its declaration."""
    return tuple(_search_parameter(name, field) for name, field in params.model_fields.items())


def build_parameters(params: type[P], values: Mapping[str, Any], owner: str) -> P:
    """Return the parameters with `values` in the place of the defaults.

    Raises `ParameterError` naming `owner`, what must hold and what was found, for every value
    that is unknown, of the wrong type, out of its bounds, or at odds with another one.
    """
    try:
        return params(**values)
    except ValidationError as error:
        space = {parameter.name: parameter for parameter in search_space(params)}
        reasons = dict.fromkeys(_reason(detail, space) for detail in error.errors())
        raise ParameterError(f"{owner}: " + "; ".join(reasons)) from None


def _search_parameter(name: str, field: FieldInfo) -> SearchParameter:
    default, description = field.default, field.description or ""
    if get_origin(field.annotation) is Literal:
        return SearchParameter(name, "choice", default, description, choices=get_args(field.annotation))
    if field.annotation is bool:
        return SearchParameter(name, "choice", default, description, choices=(False, True))
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    if low is None or high is None or field.annotation not in (int, float):
        return SearchParameter(name, "fixed", default, description)
    kind: Literal["int", "float"] = "int" if field.annotation is int else "float"
    extra = field.json_schema_extra
    hints: dict[str, Any] = dict(extra) if isinstance(extra, dict) else {}
    step, log = hints.get("step"), bool(hints.get("log"))
    return SearchParameter(name, kind, default, description, low, high, step, log)


def _reason(detail: ErrorDetails, space: dict[str, SearchParameter]) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return f"there is no parameter {name!r}; {did_you_mean(name, space)}"
    if detail["type"] in ("value_error", "assertion_error"):  # a validator of the strategy's own
        return str(detail.get("ctx", {}).get("error") or detail["msg"])
    if name in space and space[name].kind != "fixed":
        return f"{name} must be {space[name].allowed}; found {detail['input']!r}"
    return f"{name}: {detail['msg']}; found {detail['input']!r}"


def _word(value: ParameterValue | None) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
