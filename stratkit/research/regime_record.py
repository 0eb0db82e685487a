"""`regime_record`: a study of regimes as plain values, for ``--json`` and regime.json: all of it, in full."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from stratkit.analytics.regime_facts import RegimeFacts
from stratkit.panel import format_time
from stratkit.research.regime_comparison import MethodComparison
from stratkit.research.regime_of_run import RunByRegime
from stratkit.research.regime_study import LabelledSeries, RegimeStudy

SCHEMA: Final = "stratkit.regime/1"


def regime_record(
    study: RegimeStudy, compared: MethodComparison | None = None, run: RunByRegime | None = None
) -> dict[str, Any]:
    """Return a study as plain values: fractions, figures a year where a name ends with ann, NaN where undefined."""
    return {
        "schema": SCHEMA,
        "method": study.method,
        "causal": study.labels.causal,
        "rule": study.labels.rule,
        "names": list(study.labels.names),
        "settings": study.settings.model_dump(mode="json"),
        "seed": study.seed,
        "data": _data(study),
        "refits": list(study.refit_times),
        "series": [_series(study, one) for one in study.series],
        "left_out": [{"series": name, "reason": why} for name, why in study.left_out],
        "compared": None if compared is None else _compared(compared),
        "run": None if run is None else _run(study, run),
        "warnings": [
            {"code": code, "text": text} for code, text in (*study.warnings, *(() if run is None else run.warnings))
        ],
    }


def _data(study: RegimeStudy) -> dict[str, Any]:
    times = study.times
    return {
        "bars": len(times), "symbols": study.symbols, "frequency": study.bars.frequency,
        "first": format_time(int(times[0])), "last": format_time(int(times[-1])),
        "bars_per_year": study.bars_per_year, "risk_free_ann": study.risk_free_ann, "sha256": study.bars.digest,
    }  # fmt: skip


def _series(study: RegimeStudy, one: LabelledSeries) -> dict[str, Any]:
    return {"name": one.name, **_facts(study, one.facts)}


def _facts(study: RegimeStudy, facts: RegimeFacts) -> dict[str, Any]:
    now = facts.current
    return {
        "bars": facts.bars,
        "unlabelled": facts.unlabelled,
        "now": {
            "regime": None if now < 0 else facts.names[now],
            "at": format_time(int(study.times[facts.last_bar])),
            "since": format_time(int(study.times[facts.since])),
            "confidence": facts.confidence,
        },
        "regimes": [{**asdict(row), "few_episodes": row.has_few_episodes} for row in facts.rows],
        "transition": facts.transition.tolist(),
        "moves": facts.moves.tolist(),
    }


def _compared(found: MethodComparison) -> dict[str, Any]:
    return {
        "series": found.series,
        "methods": [
            {
                "method": one.method, "causal": one.causal, "reason": one.reason,
                "rule": "" if one.labels is None else one.labels.rule,
                "regimes": [] if one.facts is None else [
                    {"name": row.name, "bars": row.bars, "share": row.share, "episodes": row.episodes}
                    for row in one.facts.rows
                ],
                "episodes": one.episodes, "mean_bars": one.mean_bars,
            }
            for one in found.methods
        ],
        "agreement": [
            {"methods": [found.methods[at].method, found.methods[other].method], **asdict(pair)}
            for at, row in enumerate(found.agreements)
            for other, pair in enumerate(row)
            if other > at and pair is not None
        ],
    }  # fmt: skip


def _run(study: RegimeStudy, run: RunByRegime) -> dict[str, Any]:
    split = run.split
    facts = _facts(study, run.account)
    return {
        "run_id": run.run_id,
        "trades": [asdict(row) for row in split.rows],
        "closed_trades": split.trades, "pnl": split.pnl,
        "open_trades": split.open_trades, "open_pnl": split.open_pnl,
        "account": {"by": run.account_by, "bars": facts["bars"], "unlabelled": facts["unlabelled"],
                    "regimes": facts["regimes"]},
    }  # fmt: skip
