"""`Twin`: the blend of several opinions in plain Python, cell by cell, written from the rules and not the kernel."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stratkit.strategies.signals import Signals

DUST = 1e-6


@dataclass
class Case:
    """Everything that a blend depends on; weights and enabled per bar."""

    signals: list[Signals]
    method: str
    weights: list[list[float]]
    enabled: list[list[bool]]
    priorities: list[int]
    limits: list[int]
    every_bars: list[int]
    min_confidence: float = 0.0
    threshold: float = 0.6
    min_strategies: int = 2
    max_total: int = 0


@dataclass
class Said:
    """One strategy's opinion in one cell."""

    opinion: int
    spoken: int = 0
    verdict: str = "silent"
    confidence: float = 1.0
    change: bool = False
    before: int = 0


@dataclass
class Outcome:
    """What the twin found, by place."""

    side: dict[Any, int] = field(default_factory=dict)
    weight: dict[Any, float] = field(default_factory=dict)
    confidence: dict[Any, float] = field(default_factory=dict)
    lead: dict[Any, int] = field(default_factory=dict)
    reason: dict[Any, str] = field(default_factory=dict)
    contribution: dict[Any, float] = field(default_factory=dict)
    verdict: dict[Any, str] = field(default_factory=dict)
    counts: list[Counter[str]] = field(default_factory=list)


def opinion_of(signals: Signals, bar: int, symbol: int) -> int:
    if signals.side is not None:
        return int(signals.side[bar, symbol])
    assert signals.weight is not None
    weight = float(signals.weight[bar, symbol])
    if math.isnan(weight):
        return 0
    return 2 if weight == 0 else 1 if weight > 0 else -1


def confidence_of(signals: Signals, bar: int, symbol: int) -> float:
    return 1.0 if signals.confidence is None else float(signals.confidence[bar, symbol])


class Twin:
    """The plain blend, going forward."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.S, (self.T, self.N) = len(case.signals), case.signals[0].shape
        self.netted = case.method != "independent"
        self.averages = self.netted and all(entry.weight is not None for entry in case.signals)
        self.voiced = [[0] * self.N for _ in range(self.S)]
        self.blended = [0] * self.N
        self.led: set[tuple[int, int]] = set()  # who led an entry of which symbol since its last exit
        self.found = Outcome(counts=[Counter() for _ in range(self.S)])

    def play(self) -> Outcome:
        for bar in range(self.T):
            row = [self.listen(s, bar) for s in range(self.S)]
            if self.netted:
                for n in range(self.N):
                    self.blend_cell(row, bar, n)
                self.limit_blend(row, bar)
            else:
                self.limit_books(row)
                self.keep_books(row, bar)
            for s in range(self.S):
                for n, said in enumerate(row[s]):
                    self.found.verdict[s, bar, n] = said.verdict
                    if said.change:
                        self.found.counts[s][said.verdict] += 1
        return self.found

    def muted(self, s: int, bar: int) -> bool:
        return not self.case.enabled[bar][s] or self.case.weights[bar][s] == 0

    def is_weights(self, s: int) -> bool:
        return self.case.signals[s].weight is not None

    def listen(self, s: int, bar: int) -> list[Said]:
        case, signals = self.case, self.case.signals[s]
        row = []
        for n in range(self.N):
            said = Said(opinion_of(signals, bar, n), before=self.voiced[s][n])
            said.confidence = confidence_of(signals, bar, n)
            said.change = said.opinion in (1, -1) and said.opinion != said.before
            row.append(said)
            if bar % case.every_bars[s] != 0:
                said.verdict = "off_schedule" if said.opinion else "silent"
            elif said.opinion == 0:
                if not self.is_weights(s):
                    self.voiced[s][n] = 0
            elif said.opinion == 2 and self.muted(s, bar) and self.netted and (s, n) not in self.led:
                said.verdict, self.voiced[s][n] = "disabled", 0
            elif said.opinion == 2:
                said.spoken, self.voiced[s][n] = 2, 0
            elif self.muted(s, bar):
                said.verdict = "disabled"
            elif said.confidence < float(np.float32(case.min_confidence)) and (said.change or not self.is_weights(s)):
                said.verdict = "below_floor"
            else:
                said.spoken, self.voiced[s][n] = said.opinion, said.opinion
        if case.limits[s]:
            new = [n for n in range(self.N) if row[n].change and row[n].spoken]
            new.sort(key=lambda n: (-row[n].confidence, n))
            for n in new[case.limits[s] :]:
                self.take_back(row[n], s, n)
                row[n].verdict = "over_strategy_limit"
        return row

    def take_back(self, said: Said, s: int, n: int) -> None:
        if self.is_weights(s):
            said.spoken, self.voiced[s][n] = 0, said.before
        else:
            said.spoken, self.voiced[s][n] = (2 if said.before == -said.opinion else 0), 0

    def limit_books(self, row: list[list[Said]]) -> None:
        if not self.case.max_total:
            return
        new = [(s, n) for s in range(self.S) for n in range(self.N) if row[s][n].change and row[s][n].spoken in (1, -1)]
        new.sort(key=lambda cell: (-row[cell[0]][cell[1]].confidence, *cell))
        for s, n in new[self.case.max_total :]:
            self.take_back(row[s][n], s, n)
            row[s][n].verdict = "over_total_limit"

    def keep_books(self, row: list[list[Said]], bar: int) -> None:
        for s in range(self.S):
            given = self.case.signals[s].weight
            for n, said in enumerate(row[s]):
                self.found.side[s, bar, n] = said.spoken
                self.found.weight[s, bar, n] = float(given[bar, n]) if given is not None and said.spoken else math.nan
                if said.spoken and said.verdict == "silent":
                    said.verdict = "lead"

    def blend_cell(self, row: list[list[Said]], bar: int, n: int) -> None:
        case, found, cell = self.case, self.found, (bar, n)
        speaking = [s for s in range(self.S) if row[s][n].spoken]
        live = [s for s in speaking if not self.muted(s, bar)]
        voters = live or speaking
        w = {s: case.weights[bar][s] if live else 1.0 for s in voters}
        side, reason, confidence, lead = 0, "silent", 0.0, -1
        found.weight[cell] = math.nan
        strength = {s: w[s] * row[s][n].confidence for s in voters}
        if voters and self.averages:
            parts = {s: w[s] * self.weight(s, bar, n) for s in voters}
            net, gross = sum(parts.values()), sum(abs(part) for part in parts.values())
            net = 0.0 if abs(net) <= DUST * gross else net
            found.weight[cell] = net / sum(w.values())
            side = 2 if net == 0 else 1 if net > 0 else -1
            strength = {s: abs(part) for s, part in parts.items()}
        elif voters:
            side, reason, lead = self.elect(row, n, voters, w, strength)
        winners = [s for s in voters if row[s][n].spoken == side]
        if side:
            reason = "alone" if len(voters) == 1 else "agreed" if len(winners) == len(voters) else "won"
            if not winners:
                reason = "tie"
        if winners:
            confidence = sum(w[s] * row[s][n].confidence for s in winners) / sum(w[s] for s in winners)
            if case.method in ("highest_confidence", "priority"):
                confidence = row[lead][n].confidence
            elif case.method == "weighted_average" and not self.averages:
                mass = {v: sum(strength[s] for s in voters if row[s][n].spoken == v) for v in (1, -1, 2)}
                confidence = (mass[2] if side == 2 else abs(mass[1] - mass[-1])) / sum(w[s] for s in voters)
            if lead < 0:
                lead = max(winners, key=lambda s: (strength[s], -s))
        found.side[cell], found.reason[cell], found.lead[cell] = side, reason, lead
        found.confidence[cell] = float(np.float32(confidence))
        total = sum(strength[s] for s in winners)
        for s in range(self.S):
            share = 0.0
            if s in winners:
                share = strength[s] / total if total else w[s] / sum(w[k] for k in winners)
            found.contribution[s, bar, n] = share
            said = row[s][n]
            if not said.spoken or said.verdict != "silent":
                continue
            if s not in voters:
                said.verdict = "disabled"
            elif s not in winners:
                said.verdict = "outvoted"
            else:
                said.verdict = "lead" if s == lead else "deduplicated" if said.change else "agreed"

    def weight(self, s: int, bar: int, n: int) -> float:
        given = self.case.signals[s].weight
        assert given is not None
        return float(given[bar, n])

    def elect(
        self, row: list[list[Said]], n: int, voters: list[int], w: dict[int, float], strength: dict[int, float]
    ) -> tuple[int, str, int]:
        case, said = self.case, {s: row[s][n].spoken for s in voters}
        if case.method == "highest_confidence":
            best = max(voters, key=lambda s: (strength[s], case.priorities[s], -s))
            return said[best], "", best
        if case.method == "priority":
            best = max(voters, key=lambda s: (case.priorities[s], strength[s], -s))
            return said[best], "", best
        total = sum(w.values())
        votes = {v: sum(w[s] for s in voters if said[s] == v) for v in (-1, 1, 2)}
        heads = {v: sum(1 for s in voters if said[s] == v) for v in (-1, 1, 2)}
        if case.method == "weighted_average":
            mass = {v: sum(strength[s] for s in voters if said[s] == v) for v in (-1, 1, 2)}
            everything = mass[1] + mass[-1] + mass[2]
            if heads[2] and mass[2] >= everything * (0.5 - DUST):
                return 2, "", -1
            value = mass[1] - mass[-1]
            return (0, "tie", -1) if abs(value) <= DUST * everything else (1 if value > 0 else -1, "", -1)
        if case.method == "majority":
            above = [v for v in votes if votes[v] > total * (0.5 + DUST)]
            return (above[0], "", -1) if above else (0, "no_majority", -1)
        if case.method == "unanimous":
            if len(set(said.values())) > 1:
                return 0, "not_unanimous", -1
            return (said[voters[0]], "", -1) if len(voters) >= case.min_strategies else (0, "too_few", -1)
        reaching = [v for v in votes if heads[v] and votes[v] >= case.threshold * total * (1 - DUST)]
        enough = [v for v in reaching if heads[v] >= case.min_strategies]
        if not enough:
            return 0, "too_few" if reaching else "below_threshold", -1
        most = max(votes[v] for v in enough)
        best_sides = [v for v in enough if votes[v] >= most - total * DUST]
        return (best_sides[0], "", -1) if len(best_sides) == 1 else (0, "tie", -1)

    def limit_blend(self, row: list[list[Said]], bar: int) -> None:
        found = self.found
        new = [n for n in range(self.N) if found.side[bar, n] in (1, -1) and found.side[bar, n] != self.blended[n]]
        new.sort(key=lambda n: (-found.confidence[bar, n], found.lead[bar, n], n))
        for n in new[self.case.max_total :] if self.case.max_total else []:
            side = found.side[bar, n]
            for s in range(self.S):
                if row[s][n].spoken == side:
                    row[s][n].verdict = "over_total_limit"
                    if row[s][n].change:
                        self.take_back(row[s][n], s, n)
            found.reason[bar, n] = "total_limit"
            found.weight[bar, n] = math.nan
            found.side[bar, n] = 2 if self.blended[n] == -side and not self.averages else 0
            if found.side[bar, n] == 0:
                found.lead[bar, n], found.confidence[bar, n] = -1, 0.0
                for s in range(self.S):
                    found.contribution[s, bar, n] = 0.0
        for n in range(self.N):
            side = found.side[bar, n]
            if side == 2:
                self.led -= {(s, n) for s in range(self.S)}
            elif side:
                self.led.add((int(found.lead[bar, n]), n))
            if side or not self.averages:
                self.blended[n] = side if side in (1, -1) else 0
