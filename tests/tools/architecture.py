"""The rules of the map of rooms: each a function from one parsed module to sentences about what breaks it.

Imports inside functions and under `TYPE_CHECKING` count like any other.
"""

from __future__ import annotations

import ast
import graphlib
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Data moves down this list, imports point up it. Names on one line are one room.
ROOMS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in (
        "errors seeds registry frequency panel plans controls compiled",
        "inference",
        "data",
        "features",
        "regimes",
        "strategies",
        "combine",
        "risk",
        "engine",
        "analytics",
        "adaptive",
        "runs",
        "backtest",
        "research",
        "reports",
        "alerts",
        "learning",
        "testing",
        "yaml_text yaml_positions config_errors config",
        "cli __main__",
    )
)
LEVEL = {name: level for level, names in enumerate(ROOMS) for name in names}

# who may import which third party; a package that is not listed may be imported by nobody
FENCES: dict[str, str] = {
    "numpy": "*",
    "scipy": "*",
    "pydantic": "*",
    "pydantic_core": "*",
    "numba": "compiled",
    "platformdirs": "compiled data runs config",
    "typer": "cli",
    "rich": "cli",
    "matplotlib": "reports",
    "plotly": "reports",
    "jinja2": "reports",
    "markupsafe": "reports",
    "talib": "features",
    "pandas": "data regimes strategies runs reports learning",  # and functions that hand out a frame
    "pyarrow": "data runs reports",
    "ruamel": "yaml_positions config",
    "exchange_calendars": "data",
    "optuna": "research",
    "cmaes": "research",
    "dask": "research",
    "distributed": "research",
    "arch": "inference regimes strategies",
    "statsmodels": "inference regimes strategies",
    "hmmlearn": "regimes",
    "ruptures": "regimes",
    "jumpmodels": "regimes",
    "apprise": "alerts",
    "sqlite3": "runs",
    "torch": "learning",
    "gymnasium": "learning",
    "sklearn": "learning features",  # of its models features use a small forest, which ranks and decides nothing
    "pytest": "testing",
    "hypothesis": "testing",
}
STANDARD = sys.stdlib_module_names - FENCES.keys()

EMPTY_NAMES = ("util", "helper", "common", "manager", "processor")
LONGEST = 350
# a file that may be longer, with the reason and its own limit
LONGER: dict[str, tuple[int, str]] = {}


@dataclass(frozen=True)
class Module:
    """One source file: its path below the checkout, its text, and what can be read from both."""

    path: str
    source: str
    modules: frozenset[str]  # the dotted names of all modules of the package

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        return [*self.name.split("."), ""][1]

    @property
    def is_init(self) -> bool:
        return self.path.endswith("__init__.py")

    @cached_property
    def comments(self) -> dict[int, str]:
        tokens = tokenize.generate_tokens(io.StringIO(self.source).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


@dataclass(frozen=True)
class Import:
    """One imported dotted name (`module`, or `module.attribute`) on one line, and what stands around it."""

    line: int
    module: str
    attribute: str | None
    relative: bool
    around: str  # "TYPE_CHECKING" in its block, in a function what it returns, else ""


def imports(module: Module) -> Iterator[Import]:
    """Every import of a module, wherever it stands."""

    def walk(node: ast.AST, around: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = around
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                inside = ast.unparse(child.returns) if child.returns else ""
            elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                inside = "TYPE_CHECKING"
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(child.lineno, alias.name, None, False, inside)
            elif isinstance(child, ast.ImportFrom):
                for alias in child.names:
                    yield Import(child.lineno, child.module or "", alias.name, child.level > 0, inside)
            else:
                yield from walk(child, inside)

    return walk(module.tree, "")


def imported_modules(module: Module) -> Iterator[tuple[Import, str]]:
    """Imports of the package's own modules: the import and the dotted name of the module it reads."""
    for entry in imports(module):
        if entry.module.partition(".")[0] == "stratkit":
            whole = f"{entry.module}.{entry.attribute}"
            yield entry, whole if whole in module.modules else entry.module


# the rules


def rooms_are_known(module: Module) -> Iterator[str]:
    """A module stands in a room of the map."""
    if module.name != "stratkit" and module.room not in LEVEL:
        yield f"{module.room!r} is no room of the map"


def imports_point_up(module: Module) -> Iterator[str]:
    """A module imports from its own room and from rooms above it."""
    here = LEVEL.get(module.room, -1)
    for entry, target in imported_modules(module):
        room = [*target.split("."), ""][1]
        if LEVEL.get(room, here) > here and room != module.room:
            yield f"line {entry.line}: {module.room or 'stratkit'} reads {room}, which stands below it"


def imports_name_their_module(module: Module) -> Iterator[str]:
    """Nothing is imported relatively, from `stratkit` itself, or through a package's `__init__`."""
    packages = {name.rpartition(".")[0] for name in module.modules}
    for entry in imports(module):
        if entry.relative:
            yield f"line {entry.line}: a relative import does not say which room it reads"
    for entry, target in imported_modules(module):
        if target == "stratkit" or (target in packages and not module.is_init):
            yield f"line {entry.line}: {target} is a package; name the module that holds {entry.attribute or 'it'}"
        elif target not in module.modules:
            yield f"line {entry.line}: there is no module {target}"


def third_parties_stay_fenced(module: Module) -> Iterator[str]:
    """A third party is imported only where the map allows it."""
    for entry in imports(module):
        top = entry.module.partition(".")[0]
        if entry.relative or top in STANDARD or top == "stratkit":
            continue
        allowed = FENCES.get(top, "").split()
        if top == "pandas" and entry.around.startswith(("pd.", "TYPE_CHECKING")):
            continue
        if "*" not in allowed and module.room not in allowed:
            yield f"line {entry.line}: {top} may be imported by {', '.join(allowed) or 'nobody'}"


def inits_hold_no_code(module: Module) -> Iterator[str]:
    """A package's `__init__` holds a docstring and re-exports of its own room, at most by a lazy `__getattr__`."""
    if not module.is_init:
        return
    for entry, target in imported_modules(module):
        if not target.startswith(module.name):
            yield f"line {entry.line}: an __init__ re-exports its own room, not {target}"
    for statement in module.tree.body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
                continue
            case ast.Assign(targets=[ast.Name(id="__all__" | "_WHERE")]) | ast.AnnAssign(target=ast.Name(id="_WHERE")):
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.FunctionDef(name="__getattr__" | "__dir__") if len(statement.body) <= 8:
                continue
        yield f"line {statement.lineno}: an __init__ holds no code"


def modules_say_what_they_hand_on(module: Module) -> Iterator[str]:
    """A module begins with a docstring."""
    if not ast.get_docstring(module.tree):
        yield "the first line must be a docstring that says what the module hands on"


def names_say_something(module: Module) -> Iterator[str]:
    """No file or class is called after nothing in particular."""
    classes = [node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    for name in [*module.path.split("/"), *classes]:
        for empty in EMPTY_NAMES:
            if empty in name.lower():
                yield f"{name}: {empty!r} names no idea"


def files_are_short(module: Module) -> Iterator[str]:
    """A file that grows long holds a second idea."""
    limit, _ = LONGER.get(module.path, (LONGEST, ""))
    lines = len(module.source.splitlines())
    if lines > limit:
        yield f"{lines} lines, at most {limit}: look for the second idea in it"


def nothing_is_caught_blindly(module: Module) -> Iterator[str]:
    """What catches everything says on its line why it may."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {"everything" if kind is None else ast.unparse(kind) for kind in kinds}
        blind = names & {"everything", "Exception", "BaseException"}
        if blind and not _has_reason(module.comments.get(node.lineno, "")):
            yield f"line {node.lineno}: catches {', '.join(blind)} without a reason on the line"


def silences_give_their_reason(module: Module) -> Iterator[str]:
    """A silenced checker comes with the reason, and nothing is left to be done."""
    for line, comment in module.comments.items():
        if re.search(r"type: ignore|noqa|pragma: no cover", comment) and not _has_reason(comment):
            yield f"line {line}: {comment} needs its reason beside it"
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", comment):
            yield f"line {line}: finish it or leave it out"


def _has_reason(comment: str) -> bool:
    bare = re.sub(r"type: ignore(\[[\w, -]*\])?|noqa(: ?[A-Z]+\d+(, ?[A-Z]+\d+)*)?|pragma: no cover", "", comment)
    return len(re.findall(r"\w+", bare)) >= 3


Rule = Callable[[Module], Iterator[str]]
RULES: tuple[Rule, ...] = (
    rooms_are_known,
    imports_point_up,
    imports_name_their_module,
    third_parties_stay_fenced,
    inits_hold_no_code,
    modules_say_what_they_hand_on,
    names_say_something,
    files_are_short,
    nothing_is_caught_blindly,
    silences_give_their_reason,
)


def all_modules() -> list[Module]:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "stratkit").rglob("*.py")}
    names = frozenset(Module(path, "", frozenset()).name for path in sources)
    return [Module(path, source, names) for path, source in sorted(sources.items())]


def import_order(modules: list[Module]) -> list[str]:
    """The modules in an order in which each stands after those it reads; raises `CycleError`."""
    files = [module for module in modules if not module.is_init]
    graph = {module.name: {target for _, target in imported_modules(module)} for module in files}
    return list(graphlib.TopologicalSorter(graph).static_order())
