"""`judged_entries`: the ledger entries of a judgement of what adapts, counted as the arms of an A/B test are.

Every configuration that was replayed is one trial, the fixed profiles among them: the best of those was picked by its
result. The seeds of one arm are one trial, for none of them is picked.
"""

from __future__ import annotations

from dataclasses import replace

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.research.ab_replay import told_card
from stratkit.research.adaptive_judgement import AdaptiveJudgement
from stratkit.research.provenance import run_manifest
from stratkit.runs.ledger_entry import LedgerEntry
from stratkit.runs.own_trial import own_trial


def judged_entries(judgement: AdaptiveJudgement, bars: Bars, run_id: str) -> list[LedgerEntry]:
    """Return the trials of a judgement made on `bars`, those of equal configurations once."""
    base = judgement.base.arm.config
    shared = run_manifest(base, _plain(base), bars, {}, ())
    found: dict[str, LedgerEntry] = {}
    for number, one in enumerate(judgement.arms):
        config, first, card = one.arm.config, one.replays.first, one.replays.card
        same = list(config.enabled()) == list(base.enabled())
        manifest = shared if same else run_manifest(config, _plain(config), bars, {}, ())
        entry = own_trial(
            {**manifest, "config": _plain(config)}, told_card(card), first.times, first.equity,
            run_id=run_id, kind="abtest",
        )  # fmt: skip
        found.setdefault(entry.identity, replace(entry, number=number))
    return list(found.values())


def _plain(config: RunConfig) -> dict[str, object]:
    return config.model_dump(mode="json", by_alias=True)
