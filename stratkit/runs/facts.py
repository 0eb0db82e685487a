"""`RunFacts`: what the files of one run say about it, read from its folder and from nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from stratkit.errors import DataError, UsageError
from stratkit.runs.find import started_at
from stratkit.runs.folder import RunRecord
from stratkit.runs.remarks import Remarks, read_remarks
from stratkit.runs.stamps import iso

TABLES: Final = ("trades.parquet", "fills.parquet", "equity.parquet", "decisions.parquet")
ReadConfig: TypeAlias = Callable[[Path], Mapping[str, Any]]  # a YAML file as plain values


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run.

    `metrics` are those of metrics.json, each with its label, unit and formula; `config` is the
    resolved configuration, empty when the folder tells it in no way that could be read; `rows` are
    the rows of its tables by file name, `start` and `end` the first and last bar [ISO, UTC], None
    where the table cannot be read; `evidence` is what it was worth among the trials up to then, empty where nobody
    counted. `problems` are sentences about damaged files.
    """

    record: RunRecord
    started: str
    strategy: str
    metrics: tuple[Mapping[str, Any], ...]
    card: Mapping[str, Any]
    manifest: Mapping[str, Any]
    system: Mapping[str, Any]
    config: Mapping[str, Any]
    rows: Mapping[str, int]
    start: str | None
    end: str | None
    remarks: Remarks
    problems: tuple[str, ...]
    evidence: Mapping[str, Any]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The configuration of its strategy."""
        block = _mapping(self.config.get("strategies")).get(self.strategy)
        return _mapping(block)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters that its strategy traded with; those of a walk-forward changed on the way."""
        if self.evidence.get("kind") == "walkforward":
            return {"chosen": "fold by fold"}
        return _mapping(self.settings.get("params"))

    @property
    def strategies(self) -> Mapping[str, Mapping[str, Any]]:
        """The configurations of all strategies that took part, by name."""
        blocks = _mapping(self.config.get("strategies"))
        return {name: _mapping(block) for name, block in blocks.items() if _mapping(block).get("enabled")}

    @property
    def data_digests(self) -> Mapping[str, str]:
        """The digest of each symbol's bars."""
        return _mapping(self.manifest.get("data_digests"))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols whose bars it was given."""
        return tuple(self.data_digests)

    @property
    def bars(self) -> int | None:
        """How many bars were replayed."""
        return self.rows.get("equity.parquet")

    @property
    def seconds(self) -> float | None:
        """How long it took [s]."""
        spent = [value for value in _mapping(self.system.get("seconds")).values() if isinstance(value, int | float)]
        return round(sum(spent), 3) if spent else None

    def values(self) -> dict[str, float | None]:
        """Return its metrics by name; None where one is undefined."""
        return {str(metric["name"]): metric["value"] for metric in self.metrics}


def read_facts(record: RunRecord, read_config: ReadConfig | None = None) -> RunFacts:
    """Return what the files of a run say; `read_config` reads config.yaml where the manifest has no configuration.

    Raises `DataError` when its manifest or its metrics cannot be read; other damage is listed in `problems`.
    """
    manifest, card = read_json(record.path("manifest.json")), read_json(record.path("metrics.json"))
    problems: list[str] = []
    system = _optional(record.path("system.json"), problems)
    rows, span = _tables(record, problems)
    return RunFacts(
        record=record,
        started=started_at(record.folder),
        strategy=str(card.get("strategy", "")),
        metrics=_metrics(record, card),
        card=card,
        manifest=manifest,
        system=system,
        config=_config(record, manifest, read_config, problems),
        rows=rows,
        start=span[0],
        end=span[1],
        remarks=_remarks(record, problems),
        problems=tuple(problems),
        evidence=_optional(record.path("evidence.json"), problems) if record.path("evidence.json").exists() else {},
    )


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the object in a JSON file of a run; raise `DataError` when there is none."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DataError(f"{path} must be readable: {error.strerror or error}") from error
    except ValueError as error:
        size = path.stat().st_size
        raise DataError(
            f"{path} must be JSON; found {size:,} bytes that are not: the file is damaged, run the backtest again"
        ) from error
    if not isinstance(value, dict):
        raise DataError(f"{path} must hold a JSON object; found {type(value).__name__}: it was not written by stratkit")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _metrics(record: RunRecord, card: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    metrics = card.get("metrics")
    if not isinstance(metrics, list) or not all({"name", "value"} <= _mapping(metric).keys() for metric in metrics):
        raise DataError(f"{record.path('metrics.json')} must list metrics with name and value: it is damaged")
    return tuple(metrics)


def _optional(path: Path, problems: list[str]) -> Mapping[str, Any]:
    try:
        return read_json(path)
    except DataError as error:
        problems.append(str(error))
        return {}


def _config(
    record: RunRecord, manifest: Mapping[str, Any], read_config: ReadConfig | None, problems: list[str]
) -> Mapping[str, Any]:
    if config := _mapping(manifest.get("config")):
        return config
    if read_config is None:
        return {}
    try:
        return read_config(record.path("config.yaml"))
    except (OSError, UsageError) as error:
        problems.append(f"{record.path('config.yaml')} cannot be read: {error}")
        return {}


def _remarks(record: RunRecord, problems: list[str]) -> Remarks:
    try:
        return read_remarks(record.folder)
    except DataError as error:
        problems.append(str(error))
        return Remarks()


def _tables(record: RunRecord, problems: list[str]) -> tuple[dict[str, int], tuple[str | None, str | None]]:
    """Return the rows of each table and the first and last stamp of the equity, from the files' footers."""
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    rows: dict[str, int] = {}
    span: tuple[str | None, str | None] = (None, None)
    for name in TABLES:
        try:
            footer = pq.read_metadata(record.path(name))
        except (OSError, ArrowException) as error:
            problems.append(f"{record.path(name)} cannot be read: {_reason(error)}")
            continue
        rows[name] = footer.num_rows
        if name == "equity.parquet":
            span = _span(footer)
    return rows, span


def _span(footer: Any) -> tuple[str | None, str | None]:
    # raw: as values, pyarrow would import pandas
    known = [footer.row_group(group).column(0).statistics for group in range(footer.num_row_groups)]
    if not known or any(one is None or not one.has_min_max for one in known):
        return None, None
    return iso(min(one.min_raw for one in known)), iso(max(one.max_raw for one in known))


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    return f"it is damaged or was cut off ({str(error).splitlines()[0].rstrip('.')})"
