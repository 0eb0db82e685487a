"""The map of the rooms holds: imports point up it, third parties stay behind their fences, names mean something.

The rules stand in tools/architecture.py; each is also shown a source that breaks it.
"""

from __future__ import annotations

import graphlib

import pytest
from architecture import (
    LONGER,
    LONGEST,
    RULES,
    Module,
    Rule,
    all_modules,
    files_are_short,
    import_order,
    imports_name_their_module,
    imports_point_up,
    inits_hold_no_code,
    modules_say_what_they_hand_on,
    names_say_something,
    nothing_is_caught_blindly,
    rooms_are_known,
    silences_give_their_reason,
    third_parties_stay_fenced,
)

MODULES = all_modules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps(rule: Rule) -> None:
    broken = [f"{module.path}: {sentence}" for module in MODULES for sentence in rule(module)]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


def test_no_modules_read_each_other_in_a_circle() -> None:
    assert len(import_order(MODULES)) >= len([module for module in MODULES if not module.is_init])


def test_a_circle_is_found() -> None:
    known = frozenset({"stratkit.risk.one", "stratkit.risk.two"})
    one = Module("stratkit/risk/one.py", "def f():\n    from stratkit.risk.two import b", known)
    two = Module("stratkit/risk/two.py", "from stratkit.risk import one", known)
    with pytest.raises(graphlib.CycleError):
        import_order([one, two])


def test_longer_files_exist_and_need_their_exception() -> None:
    lines = {module.path: len(module.source.splitlines()) for module in MODULES}
    stale = [path for path in LONGER if lines.get(path, 0) <= LONGEST]
    assert not stale, f"no longer needed: {stale}"


KNOWN = frozenset(
    f"stratkit{name}"
    for name in ("", ".errors", ".compiled", ".data", ".data.bars", ".engine", ".engine.kernel", ".cli", ".cli.main")
)
KERNEL = "stratkit/engine/kernel.py"
INIT = "stratkit/engine/__init__.py"
LAZY = "def f():\n    from stratkit.cli.main import app"
TYPED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from stratkit.cli.main import app"


BREAKS: tuple[tuple[Rule, str, str, str], ...] = (
    (rooms_are_known, "stratkit/tools/kernel.py", "", "no room"),
    (imports_point_up, KERNEL, "from stratkit.cli.main import app", "engine reads cli"),
    (imports_point_up, KERNEL, "import stratkit.cli.main", "engine reads cli"),
    (imports_point_up, KERNEL, LAZY, "line 2"),
    (imports_point_up, KERNEL, TYPED, "line 3"),
    (imports_point_up, "stratkit/errors.py", "from stratkit.data import bars", "errors reads data"),
    (imports_name_their_module, KERNEL, "from stratkit import errors as e, VERSION", "stratkit is a package"),
    (imports_name_their_module, KERNEL, "import stratkit", "stratkit is a package"),
    (imports_name_their_module, KERNEL, "from stratkit.data import Bars", "stratkit.data is a package"),
    (imports_name_their_module, KERNEL, "from . import costs", "relative"),
    (imports_name_their_module, KERNEL, "from stratkit.data.baars import Bars", "no module stratkit.data.baars"),
    (third_parties_stay_fenced, KERNEL, "import numba", "numba may be imported by compiled"),
    (third_parties_stay_fenced, KERNEL, "def f():\n    import pandas as pd", "pandas may be imported"),
    (third_parties_stay_fenced, KERNEL, "import requests", "by nobody"),
    (third_parties_stay_fenced, KERNEL, "from rich.table import Table", "by cli"),
    (inits_hold_no_code, INIT, '"""Engine."""\nLIMIT = 3', "line 2"),
    (inits_hold_no_code, INIT, "from stratkit.data.bars import Bars", "its own room"),
    (modules_say_what_they_hand_on, KERNEL, "LIMIT = 3", "docstring"),
    (names_say_something, "stratkit/engine/cost_utils.py", "", "util"),
    (names_say_something, KERNEL, "class OrderManager: ...", "manager"),
    (files_are_short, "stratkit/engine/costs.py", "\n" * 351, "351 lines"),
    (nothing_is_caught_blindly, KERNEL, "try:\n    f()\nexcept Exception:\n    pass", "line 3"),
    (nothing_is_caught_blindly, KERNEL, "try:\n    f()\nexcept:  # noqa: E722\n    pass", "everything"),
    (nothing_is_caught_blindly, KERNEL, "try:\n    f()\nexcept (OSError, Exception):\n    pass", "Exception"),
    (silences_give_their_reason, KERNEL, "x = 1  # type: ignore[assignment]", "reason"),
    (silences_give_their_reason, KERNEL, "x = 1  # noqa: E501", "reason"),
    (silences_give_their_reason, KERNEL, "# TODO later", "finish it"),
)


@pytest.mark.parametrize(("rule", "path", "source", "said"), BREAKS)
def test_a_broken_rule_is_said(rule: Rule, path: str, source: str, said: str) -> None:
    sentences = list(rule(Module(path, source, KNOWN)))
    assert len(sentences) == 1
    assert said in sentences[0]


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (imports_point_up, KERNEL, "from stratkit.data.bars import Bars"),
        (imports_name_their_module, KERNEL, "from stratkit.data import bars"),
        (imports_name_their_module, INIT, "from stratkit.engine.kernel import advance"),
        (third_parties_stay_fenced, KERNEL, "def to_frame() -> pd.DataFrame:\n    import pandas as pd"),
        (third_parties_stay_fenced, "stratkit/compiled.py", "import numba, hashlib"),
        (inits_hold_no_code, INIT, '"""Engine."""\nfrom stratkit.engine.kernel import advance'),
        (nothing_is_caught_blindly, KERNEL, "try:\n    f()\nexcept Exception:  # a strategy is user code\n    pass"),
        (silences_give_their_reason, KERNEL, "import x  # noqa: E402  reads the variable set above"),
    ],
)
def test_what_is_allowed_passes(rule: Rule, path: str, source: str) -> None:
    assert not list(rule(Module(path, source, KNOWN)))


def test_every_rule_is_shown_to_fail() -> None:
    assert {rule for rule, *_ in BREAKS} == set(RULES)


@pytest.mark.parametrize("place", ["/root/", "/home/", "/Users/", "/tmp/"])
def test_no_source_names_a_place_of_one_machine(place: str) -> None:
    named = [module.path for module in MODULES if place in module.source]
    assert not named
