"""`MonteCarloContent`: everything that the page of a Monte Carlo run shows."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.research.monte_carlo_record import MonteCarlo


@dataclass(frozen=True)
class MonteCarloContent:
    """A Monte Carlo run, ready to be shown: the very record that the terminal and ``--json`` show.

    `command` is the line that made it; `config_text` the resolved YAML of the run, empty where it has none.
    """

    title: str
    run: MonteCarlo
    command: str = ""
    config_text: str = ""
