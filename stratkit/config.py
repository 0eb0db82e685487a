"""`FileConfig`: a whole configuration, from YAML files, command-line options and ``--set``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from stratkit.adaptive.environment import from_environment
from stratkit.alerts.settings import AlertSettings
from stratkit.backtest import RunConfig
from stratkit.combine.settings import method_of
from stratkit.config_errors import explain
from stratkit.errors import ConfigError, ParameterError, UsageError, did_you_mean
from stratkit.features.settings import FeatureSettings
from stratkit.panel import parse_time
from stratkit.plans import find_plan
from stratkit.reports.settings import ReportSettings
from stratkit.research.fields import field_at
from stratkit.research.objectives import goal_of, objective_of
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import declared_parameters, dimension, full_key, search_space_of
from stratkit.research.walk_forward_settings import WalkForwardSettings
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy
from stratkit.strategies.needs import SEVERAL
from stratkit.strategies.parameters import search_space
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.strategy import Strategy
from stratkit.yaml_positions import Placed, from_option, load_yaml, merge, parse_setting, parse_yaml
from stratkit.yaml_text import KeyPath, yaml_text

# what runs when no CONFIG is given; an index is traded long only, and never for free
DEFAULT_CONFIG: Final = """
data: {symbols: [SP500]}
strategies:
  sma_cross:
    enabled: true
    type: sma_cross
    description: hold the index while its 50-day average stands above its 200-day average
    params: {fast: 50, slow: 200, direction: long_only}
costs: {commission_bps: 1, half_spread_bps: 1}
"""
# what `optimize` searches when no CONFIG is given: the two windows, on the long side only
OPTIMIZE_CONFIG: Final = (
    DEFAULT_CONFIG
    + """
search: {fixed: [direction]}
"""
)
# what `walkforward` does when no CONFIG is given: fifteen such searches, each a small one
WALKFORWARD_CONFIG: Final = (
    DEFAULT_CONFIG
    + """
search: {fixed: [direction], trials: 32}
"""
)
# what `--fills all` runs when no CONFIG is given: every option of a profile matters to it
FILLS_CONFIG: Final = """
data: {symbols: [SP500]}
strategies:
  dip:
    enabled: true
    type: rsi_reversion
    description: buy the index oversold by its RSI; stop, target and a trailing stop in average true ranges
    params: {direction: long_only}
exit_plan: {risk_basis: atr, risk: 1, sl: 1.5, tp1: 3, trail_at: 1, trail_by: 1.5}
costs: {commission_bps: 1, half_spread_bps: 1, slippage_bps: 1}
"""
_RESERVED: Final = frozenset({"account", "together"})  # what tables call those who are no strategy
_NO_VARIABLES: Final[Mapping[str, str]] = {}
_EXACT: Final = 2**53  # the largest whole number up to which a float holds all of them


class FileConfig(RunConfig):
    """Everything that a configuration may say: a run, its report, and what to watch in it."""

    report: ReportSettings = Field(default_factory=ReportSettings, description="which files are written")
    alerts: AlertSettings | None = Field(None, description="what to watch in a run, and whom to tell; none = nothing")
    features: FeatureSettings = Field(
        default_factory=FeatureSettings, description="numbers from bars for whatever learns: `stratkit features`"
    )
    search: SearchSettings = Field(
        default_factory=SearchSettings, description="what `stratkit optimize` varies, what for and how long"
    )
    walkforward: WalkForwardSettings = Field(
        default_factory=WalkForwardSettings, description="how `stratkit walkforward` divides the bars"
    )

    def run(self) -> RunConfig:
        """Return the part that decides what the run computes."""
        return RunConfig(**{name: getattr(self, name) for name in RunConfig.model_fields})

    def plain(self) -> dict[str, Any]:
        """Return the resolved configuration as dicts, lists and scalars."""
        return self.model_dump(mode="json", by_alias=True)


def load_config(
    paths: Sequence[Path] = (),
    *,
    options: Iterable[Placed] = (),
    settings: Sequence[str] = (),
    strategy: str | None = None,
    only: str | None = None,
    built_in: str = DEFAULT_CONFIG,
    needs_strategy: bool = True,
    environment: Mapping[str, str] = _NO_VARIABLES,
) -> FileConfig:
    """Return the configuration that files, then variables, then options, then ``--set`` settings make together.

    Of several files later ones win, key by key; without any, `built_in` stands in their place. Variables of the
    `environment` win over files, for they belong to the place and not to the experiment, and lose against what is
    typed; `adaptive.environment` names them. What a run left is read without them, for it holds what they said.
    `strategy` replaces the strategies by one of that type; `only` picks one of those configured.
    At least one must be enabled in the end, where `needs_strategy`; their parameters are completed with their
    defaults. Raises `ConfigError` with the place of whatever does not hold.
    """
    root = reduce(merge, [load_yaml(path) for path in paths]) if paths else default_config(built_in)
    chosen = [*options, *(parse_setting(setting) for setting in settings)]
    if strategy is not None:
        root = _replaced(root, "strategies", _alone(strategy))
    if not paths and not _suits_one_symbol(strategy, chosen):
        root = merge(root, from_option("data.symbols", None, "the built-in configuration"))
    root = reduce(merge, [*_variables(reduce(merge, chosen, root), environment), *chosen], root)
    if only is not None:
        root = _only(root, only)
    config = _validated(root)
    if needs_strategy:
        _check_some_enabled(config)
    _check_names(config, root)
    complete = _with_all_params(config, root)
    _check_search(complete, root)
    return complete


def _variables(root: Placed, environment: Mapping[str, str]) -> list[Placed]:
    """Return what the environment says of a configuration, each with the name of its variable as its place."""
    blocks = [name for name in root.names if root.child(name).value is not None]
    return [from_option(*one) for one in from_environment(environment, blocks)]


def _suits_one_symbol(strategy: str | None, chosen: Iterable[Placed]) -> bool:
    """Whether the one symbol of the bundled data, which the built-in configuration names, is what is meant."""
    if any(option.child("data").child("path").value is not None for option in chosen):
        return False  # other bars have other symbols
    return strategy is None or strategy not in STRATEGIES or SEVERAL not in find_strategy(strategy).needs


def read_resolved(path: Path) -> FileConfig:
    """Return a configuration that a run left, which is complete: no strategy is looked for, so none need be there."""
    return _validated(load_yaml(path))


def default_config(text: str = DEFAULT_CONFIG) -> Placed:
    """Return a configuration of ours with its places."""
    root = parse_yaml(text, "the built-in configuration")
    assert root is not None  # it is written above
    return root


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file, for editors; each strategy type has its own `params`."""
    schema = FileConfig.model_json_schema(by_alias=True)
    block = schema["$defs"]["StrategySettings"]
    block["properties"]["type"]["examples"] = STRATEGIES.names()
    block["allOf"] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {"params": STRATEGIES.get(name).Params.model_json_schema()}},
        }
        for name in STRATEGIES.builtin
    ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "stratkit configuration"}


def resolved_yaml(config: FileConfig, *, comments: bool = False) -> str:
    """Return the complete configuration as YAML in a stable order; `comments` explain every key."""
    return yaml_text(config.plain(), (lambda path: _remark(config, path)) if comments else None)


def _remark(config: FileConfig, path: KeyPath) -> str:
    if len(path) == 4 and path[0] == "strategies" and path[2] == "params":
        space = search_space(find_strategy(config.strategies[path[1]].spec).Params)
        return next((f"{entry.description}: {entry.allowed}" for entry in space if entry.name == path[3]), "")
    field = field_at(FileConfig, path)
    return field.description or "" if field else ""


def _replaced(root: Placed, key: str, block: Placed) -> Placed:
    below = root.value if isinstance(root.value, dict) else {}
    return replace(root, value={**below, key: block})


def _alone(strategy: str) -> Placed:
    path, _, class_name = strategy.rpartition(":")
    name = class_name if path and class_name.isidentifier() else Path(strategy).stem  # C:\dip.py names no class
    block = {"enabled": Placed(True, "--strategy"), "type": Placed(strategy, "--strategy", text=strategy)}
    return Placed({name: Placed(block, "--strategy")}, "--strategy")


def _only(root: Placed, name: str) -> Placed:
    known = root.child("strategies").names
    if name not in known:
        raise ConfigError(f"--only: the configuration must have a strategy {name!r}; {did_you_mean(name, known)}")
    return reduce(merge, [from_option(f"strategies.{other}.enabled", other == name, "--only") for other in known], root)


def _validated(root: Placed) -> FileConfig:
    _check_tickers(root)
    text = json.dumps(_whole_numbers(root.plain()), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:  # the name of a file, from the command line
        found = text[max(0, error.start - 30) : error.end].rpartition('"')[2]
        raise ConfigError(f"every text must be UTF-8; found {found!r}; rename that file") from None
    try:
        # JSON in strict mode: a list is a tuple and text a date there, but "5" is no number and yes no boolean
        return FileConfig.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ConfigError(explain(error, root, FileConfig)) from None


def _whole_numbers(value: Any) -> Any:
    # 1e5 and 10.0 are floats in YAML; as whole numbers they fit fields of either kind
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if is_whole else value


def _check_tickers(root: Placed) -> None:
    for block in (root.child("data"), *root.child("strategies").children()):
        for item in block.child("symbols").children():
            if not isinstance(item.value, str | list | dict):
                text = item.text or "null"
                raise ConfigError(f'{item.place}: a symbol must be text; found {text}; quote this ticker: "{text}"')


def _check_some_enabled(config: FileConfig) -> None:
    if any(strategy.enabled for strategy in config.strategies.values()):
        return
    if config.strategies:
        found = f"found none among {', '.join(config.strategies)}; set enabled: true, or pick one with --only NAME"
    else:
        found = "found no strategy; add a `strategies` block, or name one with --strategy"
    raise ConfigError(f"at least one strategy must be enabled; {found}")


def _check_names(config: FileConfig, root: Placed) -> None:
    """Check what is given by name: exit plans, and the strategies that dated overrides and alerts speak of."""
    for name in [name for name in config.strategies if name in _RESERVED]:
        place = root.child("strategies").child(name).key_place
        raise ConfigError(f"{place}: {name!r} must not name a strategy: a line of every table is called so")
    blocks = [root, *(root.child("strategies").child(name) for name in config.strategies)]
    given = [config.exit_plan, *(settings.exit_plan for settings in config.strategies.values())]
    for block, plan in zip(blocks, given, strict=True):
        if plan is not None:
            _at(block.child("exit_plan").place, partial(find_plan, plan, config.exit_plans))
    for date in config.overrides:
        placed = root.child("overrides").child(date)
        _at(placed.key_place or placed.place, partial(parse_time, date, "a date of overrides"))
        for name in config.overrides[date]:
            if name not in config.strategies:
                near = did_you_mean(name, config.strategies)
                raise ConfigError(f"{placed.child(name).key_place}: there is no strategy {name!r}; {near}")
    for number, rule in enumerate(() if config.alerts is None else config.alerts.rules or ()):
        if rule.strategy is not None and rule.strategy not in config.strategies:
            place = root.find(("alerts", "rules", number, "strategy"))[0].place
            near = did_you_mean(rule.strategy, config.strategies)
            raise ConfigError(f"{place}: there is no strategy {rule.strategy!r}; {near}")
    _at(root.child("combine").child("method").place, partial(method_of, config.combine, config.global_))


def _check_search(config: FileConfig, root: Placed) -> None:
    """Check what a search names: keys to vary, objectives, constraints; each with its own place."""
    settings, block = config.search, root.child("search")
    if block.value is None or not any(strategy.enabled for strategy in config.strategies.values()):
        return
    run = config.run()
    known = declared_parameters(run)
    if not settings.space and all(parameter.kind == "fixed" for parameter in known.values()):
        return  # a block of defaults, such as a run leaves it; a search says that it has nothing to vary
    for key, ranges in settings.space.items():
        placed = block.child("space").child(key)
        _at(placed.key_place or placed.place, partial(dimension, run, full_key(key, known), ranges))
    _at(block.child("fixed").place, partial(search_space_of, run, settings))
    space = search_space_of(run, settings)
    for number, name in enumerate(settings.objectives):
        _at(root.find(("search", "objectives", number))[0].place, partial(objective_of, name))
    constraints = ("search", "constraints")
    for number in range(len(settings.constraints.parameters)):
        one = settings.constraints.model_copy(
            update={"parameters": settings.constraints.parameters[number : number + 1]}
        )
        place = root.find((*constraints, "parameters", number))[0].place
        _at(place, partial(goal_of, run, settings.model_copy(update={"constraints": one}), space))
    _at(root.find((*constraints, "metrics"))[0].place, partial(goal_of, run, settings, space))


def _at(place: str, check: Callable[[], object]) -> None:
    try:
        check()
    except UsageError as error:
        raise ConfigError(f"{place}: {error}") from None


def _with_all_params(config: FileConfig, root: Placed) -> FileConfig:
    complete = {}
    for name, settings in config.strategies.items():
        # what is off is looked at as far as no code of a user has to run for it
        if settings.enabled or (settings.type is not None and ".py" not in settings.type and ":" not in settings.type):
            built = _built(settings, root.child("strategies").child(name))
            params = built.params.model_dump(mode="json") if settings.enabled else settings.params
            complete[name] = settings.model_copy(update={"params": params})
        else:
            complete[name] = settings
    return config.model_copy(update={"strategies": complete})


def _built(settings: StrategySettings, block: Placed) -> Strategy:
    try:
        strategy_class = find_strategy(settings.spec)
    except UsageError as error:
        named = block.child("type") if settings.type is not None else block.child("class_name")
        raise ConfigError(f"{named.place}: {error}") from None
    try:
        return build_strategy(settings.spec, settings.params)
    except ParameterError as error:
        raise ConfigError(f"{_params_place(strategy_class, settings, block)}: {error}") from None


def _params_place(strategy_class: type[Strategy], settings: StrategySettings, block: Placed) -> str:
    params = block.child("params")
    try:
        strategy_class.Params(**settings.params)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["loc"] and str(detail["loc"][0]) in params.names:
                wrong = params.child(str(detail["loc"][0]))
                return wrong.key_place if detail["type"] == "extra_forbidden" else wrong.place
    return params.key_place or block.key_place or block.place
