"""`raise_alerts`: the alerts of a run, one per episode of a rule; and the rules that could not be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stratkit.alerts.alert import Alert
from stratkit.alerts.courses import Course, Unknown, course_of
from stratkit.alerts.observed import Observed
from stratkit.alerts.rules import OF_ACCOUNT, AlertRule
from stratkit.alerts.sentences import sentence
from stratkit.panel import format_time


class _Episode(NamedTuple):
    bar: int
    until_bar: int | None
    value: float
    worst: float


def raise_alerts(rules: Sequence[AlertRule], observed: Observed) -> tuple[Alert, ...]:
    """Return one alert for each stretch of bars in which a rule's condition was true without a break.

    They are in order of their bar, then of the rules, then of the strategies.
    """
    alerts = [
        _alert(rule, observed, strategy, course, episode)
        for rule, strategy, course in _judged(rules, observed)
        if isinstance(course, Course)
        for episode in _episodes(course)
    ]
    return tuple(sorted(alerts, key=lambda alert: alert.bar))  # sorting keeps the order of rules and strategies


def unjudged(rules: Sequence[AlertRule], observed: Observed) -> tuple[str, ...]:
    """Return a sentence for each rule, and strategy, that the run holds too little for: silence is no praise."""
    return tuple(
        f"{rule.label} was not judged for {strategy or 'the account'}: {course.reason}."
        for rule, strategy, course in _judged(rules, observed)
        if isinstance(course, Unknown)
    )


def _judged(rules: Sequence[AlertRule], observed: Observed) -> Iterator[tuple[AlertRule, str | None, Course | Unknown]]:
    for rule in rules:
        for strategy in _subjects(rule, observed):
            yield rule, strategy, course_of(rule, observed, strategy)


def _subjects(rule: AlertRule, observed: Observed) -> tuple[str | None, ...]:
    if rule.when in OF_ACCOUNT:
        return (None,)
    return observed.strategies if rule.strategy is None else (rule.strategy,)


def _episodes(course: Course) -> list[_Episode]:
    edges = np.flatnonzero(np.diff(course.true.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return []
    last = len(course.true)
    cuts = edges if edges[-1] < last else edges[:-1]  # reduceat goes on to the end by itself
    worst = course.sign * np.maximum.reduceat(course.sign * course.value, cuts)[::2]
    until = [None if end == last else end for end in ends.tolist()]
    return [*map(_Episode, starts.tolist(), until, course.value[starts].tolist(), worst.tolist())]


def _alert(rule: AlertRule, observed: Observed, strategy: str | None, course: Course, episode: _Episode) -> Alert:
    bar, until_bar, value, worst = episode
    time = int(observed.times[bar])
    until = None if until_bar is None else int(observed.times[until_bar])
    cleared = None if until is None else format_time(until)
    return Alert(
        rule=rule.label,
        kind=rule.when,
        severity=rule.severity,
        strategy=strategy,
        bar=bar,
        time=time,
        value=value,
        worst=worst,
        threshold=course.threshold,
        message=sentence(rule, strategy, value, worst, format_time(time), cleared, course.why.get(bar, "")),
        until_bar=until_bar,
        until=until,
    )
