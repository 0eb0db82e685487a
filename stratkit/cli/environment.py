"""`say_variables`: which variables of the environment hold in a configuration, in one line of talk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stratkit.cli.terminal import Terminal

if TYPE_CHECKING:
    from stratkit.config import FileConfig


def say_variables(terminal: Terminal, *configs: FileConfig | None) -> None:
    """Say once which variables of the environment hold in any of some configurations; nothing where none does."""
    from stratkit.adaptive.environment import variables_in

    found = [name for one in configs if one is not None for name in variables_in(one.plain(), os.environ)]
    if found:
        terminal.say(
            f"from the environment: {', '.join(f'{name}={os.environ[name]}' for name in dict.fromkeys(found))}"
        )
