"""The engine: bars and targets in, a `BacktestResult` out. `simulate` is the way in from your own code."""

from stratkit.engine.result import BacktestResult as BacktestResult
from stratkit.engine.settings import AccountSettings as AccountSettings
from stratkit.engine.settings import CostSettings as CostSettings
from stratkit.engine.settings import ExecutionSettings as ExecutionSettings
from stratkit.engine.simulate import simulate as simulate
