"""`search_space_of`: the dimensions of a search, from the strategies' typed parameters and from what the settings add.

Any key of a run's configuration can be a dimension. What kind it has is taken from the field that declares it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from stratkit.backtest import RunConfig
from stratkit.errors import ConfigError, StratkitError, UsageError, did_you_mean
from stratkit.research.assignment import value_at
from stratkit.research.dimensions import Value, value_of
from stratkit.research.fields import field_at, known_keys, members
from stratkit.research.search_settings import RangeSettings, SearchSettings
from stratkit.strategies.catalog import find_strategy
from stratkit.strategies.parameters import SearchParameter, search_space

_NOT_SEARCHED: Final = ("data", "strategies.*.enabled", "seed")  # another question, not another answer


def search_space_of(config: RunConfig, settings: SearchSettings) -> tuple[SearchParameter, ...]:
    """Return the dimensions of a search, named by their dotted keys, in a stable order.

    They are the parameters with bounds or choices of every enabled strategy, less those that `settings.fixed` keeps,
    overridden and then followed by `settings.space`. A key may be short where it can mean one parameter only: ``fast``.
    Raises `ConfigError` for a key that is not there, for a range that the key does not take, and when nothing is left.
    """
    declared = declared_parameters(config)
    kept = {full_key(name, declared) for name in settings.fixed}
    if unknown := [name for name in kept if name not in declared]:
        raise ConfigError(f"search.fixed: no strategy has a parameter {unknown[0]!r}; {_nearest(unknown[0], declared)}")
    given = {full_key(name, declared): one for name, one in settings.space.items()}
    if both := sorted(kept & given.keys()):
        raise ConfigError(f"search.fixed and search.space must not both name {both[0]}: leave one out")
    space = {key: parameter for key, parameter in declared.items() if parameter.kind != "fixed" and key not in kept}
    for key, ranges in given.items():
        space[key] = dimension(config, key, ranges)
    if not space:
        raise ConfigError(
            "a search must have something to vary; found no parameter with bounds: give ranges in search.space"
        )
    return tuple(space.values())


def declared_parameters(config: RunConfig) -> dict[str, SearchParameter]:
    """Return every parameter of the enabled strategies by its dotted key; its default is what the configuration has."""
    found = {}
    for name, settings in config.enabled().items():
        for parameter in search_space(find_strategy(settings.spec).Params):
            key = f"strategies.{name}.params.{parameter.name}"
            default = settings.params.get(parameter.name, parameter.default)
            found[key] = replace(parameter, name=key, default=default)
    return found


def dimension(config: RunConfig, key: str, ranges: RangeSettings) -> SearchParameter:
    """Return the dimension that a range of `search.space` makes of a key; raise `ConfigError` when it cannot be one."""
    _check_may_be_searched(key)
    declared = declared_parameters(config).get(key)
    if declared is not None:
        return _checked(_overridden(declared, ranges), declared, ranges)
    field = _field_of(config, key)
    return _of_field(config, key, field, ranges)


def full_key(name: str, keys: Iterable[str]) -> str:
    """Return the dotted key that a short name means; the name itself when it is none.

    >>> full_key("fast", ["strategies.cross.params.fast", "strategies.cross.params.slow"])
    'strategies.cross.params.fast'
    """
    known = list(keys)
    if name in known:
        return name
    meant = [key for key in known if key.endswith(f".{name}")]
    if len(meant) > 1:
        raise UsageError(
            f"{name!r} must name one key; {len(meant)} end like this: {', '.join(meant)}: write one of them"
        )
    return meant[0] if meant else name


def _check_may_be_searched(key: str) -> None:
    parts = key.split(".")
    for refused in _NOT_SEARCHED:
        pattern = refused.split(".")
        if len(parts) >= len(pattern) and all(one in ("*", part) for one, part in zip(pattern, parts)):
            raise ConfigError(f"search.space must not vary {key}: other bars, or other draws, are no better choice")


def _field_of(config: RunConfig, key: str) -> FieldInfo:
    parts = key.split(".")
    if parts[0] == "strategies" and len(parts) > 1 and parts[1] not in config.strategies:
        raise ConfigError(f"there is no key {key!r} to search; {did_you_mean(parts[1], config.strategies)}")
    if parts[0] == "strategies" and len(parts) == 4 and parts[2] == "params":
        raise ConfigError(f"there is no key {key!r} to search; {_nearest(key, declared_parameters(config))}")
    field = field_at(RunConfig, parts)
    for place in range(len(parts)):
        known = known_keys(RunConfig, parts[:place])
        if known and parts[place] not in known:
            raise ConfigError(f"there is no key {key!r} to search; {did_you_mean(parts[place], known)}")
    if field is None or known_keys(RunConfig, parts):
        raise ConfigError(f"{key!r} must be the key of one value to be searched; found a block, or free keys")
    return field


def _of_field(config: RunConfig, key: str, field: FieldInfo, ranges: RangeSettings) -> SearchParameter:
    kinds = members(field.annotation)
    default, text = _value_now(config, key), field.description or ""
    literals = next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), None)
    if ranges.choices is not None:
        made = SearchParameter(key, "choice", default, text, choices=ranges.choices)
    elif float in kinds or int in kinds:
        _check_bounds_given(key, ranges)
        kind: Literal["int", "float"] = "float" if float in kinds else "int"
        made = _numeric(SearchParameter(key, kind, default, text), ranges)
    elif bool in kinds:
        made = SearchParameter(key, "choice", default, text, choices=(False, True))
    elif literals is not None:
        made = SearchParameter(key, "choice", default, text, choices=literals)
    else:
        raise ConfigError(f"search.space: {key} takes text: give the choices that are tried")
    declared: Any = Annotated[field.annotation, "as declared", *field.metadata]
    takes: TypeAdapter[Any] = TypeAdapter(declared)
    for value in _ends(made):
        try:
            takes.validate_python(value, strict=True)
        except ValidationError as error:
            raise ConfigError(f"search.space: {key} does not take {value!r}: {error.errors()[0]['msg']}") from None
    return made


def _overridden(declared: SearchParameter, ranges: RangeSettings) -> SearchParameter:
    if ranges.choices is not None:
        return replace(declared, kind="choice", choices=ranges.choices, low=None, high=None, step=None, log=False)
    if declared.kind == "choice":
        raise ConfigError(f"search.space: {declared.name} is {declared.allowed}: give choices, no bounds")
    if declared.kind == "fixed":
        _check_bounds_given(declared.name, ranges)
        if isinstance(declared.default, bool) or not isinstance(declared.default, int | float):
            raise ConfigError(f"search.space: {declared.name} is no number: give the choices that are tried")
        kind: Literal["int", "float"] = "int" if isinstance(declared.default, int) else "float"
        return _numeric(replace(declared, kind=kind), ranges)
    return _numeric(declared, ranges)


def _numeric(made: SearchParameter, ranges: RangeSettings) -> SearchParameter:
    low = made.low if ranges.low is None else ranges.low
    high = made.high if ranges.high is None else ranges.high
    assert low is not None  # declared, or checked to be given
    assert high is not None
    step = made.step if ranges.step is None else ranges.step
    log = made.log if ranges.log is None else ranges.log
    name = made.name
    if low > high:
        raise ConfigError(f"search.space: low must not be above high of {name}; found {low:g} and {high:g}")
    if log and low <= 0:
        raise ConfigError(f"search.space: a log scale of {name} needs a low above 0; found {low:g}")
    if log and ranges.step is not None:
        raise ConfigError(f"search.space: {name} must have a step or a log scale; found both: set log: false")
    if made.kind == "int":
        for word, number in (("low", low), ("high", high), ("step", step or 1)):
            if number != int(number):
                raise ConfigError(f"search.space: {word} of {name} must be a whole number; found {number:g}")
        whole = None if step is None else int(step)
        return replace(made, low=int(low), high=int(high), step=None if log else whole, log=log)
    return replace(made, low=float(low), high=float(high), step=None if log else step, log=log)


def _checked(made: SearchParameter, declared: SearchParameter, ranges: RangeSettings) -> SearchParameter:
    for value in _ends(made):
        if not _is_allowed(declared, value):
            raise ConfigError(f"search.space: {made.name} must be {declared.allowed}; found {value!r}")
    return made


def _is_allowed(declared: SearchParameter, value: Value) -> bool:
    if declared.kind == "fixed":
        return True
    if declared.kind == "choice":
        return any(type(value) is type(choice) and value == choice for choice in declared.choices)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    assert declared.low is not None  # numbers have bounds
    assert declared.high is not None
    return declared.low <= value <= declared.high and (declared.kind == "float" or isinstance(value, int))


def _ends(made: SearchParameter) -> tuple[Value, ...]:
    return made.choices if made.kind == "choice" else (value_of(made, 0.0), value_of(made, 1.0))


def _check_bounds_given(key: str, ranges: RangeSettings) -> None:
    if ranges.low is None or ranges.high is None:
        raise ConfigError(f"search.space: {key} has no bounds of its own: give low and high, or choices")


def _value_now(config: RunConfig, key: str) -> Any:
    try:
        return value_at(config.model_dump(mode="json", by_alias=True), key)
    except StratkitError:  # a block that is off has no values yet
        return None


def _nearest(name: str, declared: Mapping[str, SearchParameter]) -> str:
    short = {key.rpartition(".")[2]: key for key in declared}
    near = did_you_mean(name.rpartition(".")[2], short)
    return near
