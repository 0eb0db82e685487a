"""`sentence`: one alert in words: what was expected, what was found, since when."""

from __future__ import annotations

import re
from typing import Final

from stratkit.adaptive.health import STATE_NAMES
from stratkit.alerts.rules import AlertRule

_AT_THE_END = ("latency", "memory", "metric")
_WORST: Final = re.compile(r"^, [^:;]* at worst")


def sentence(
    rule: AlertRule, strategy: str | None, value: float, worst: float, since: str, until: str | None, why: str = ""
) -> str:
    """Return the sentence of one episode; `since` and `until` are times as text, None = it lasts; `why` ends it.

    >>> rule = AlertRule(when="latency", most=10)
    >>> sentence(rule, "trend", 12.5, 12.5, "2015-06-30", None)
    'trend: expected at most 10 ms per bar; found 12.5 ms, over the whole run.'
    """
    found = _found(rule, value)
    if rule.when in _AT_THE_END:
        when = ", over the whole run"
    else:
        when = f", since {since}" if until is None else f", from {since} until {until}"
    further = "" if worst == value else f", {_amount(rule, worst)} at worst"
    reason = f": {why}" if why else ""
    return f"{strategy or 'the account'}: expected {_expected(rule)}; found {found}{when}{further}{reason}."


def as_told_first(message: str, since: str, until: str | None) -> str:
    """Return a sentence without what only came later: that it ended, and how far it went.

    >>> told = "a: expected at least 55 % to win; found 30 %, from 2001-02-03 until 2001-04-05, 25 % at worst: luck."
    >>> as_told_first(told, "2001-02-03", "2001-04-05")
    'a: expected at least 55 % to win; found 30 %, since 2001-02-03: luck.'
    """
    when = f", since {since}" if until is None else f", from {since} until {until}"
    head, found, rest = message.partition(when)
    return f"{head}, since {since}{_WORST.sub('', rest)}" if found else message


def _expected(rule: AlertRule) -> str:
    match rule.when:
        case "no_proposals":
            return f"to ask for something within {rule.bars} bars"
        case "drawdown":
            return f"equity less than {rule.limit_pct:g} % below its peak"
        case "strategy_drawdown":
            return f"P&L less than {rule.limit_pct:g} % of the initial cash below its peak"
        case "accuracy":
            return f"at least {_percent(rule.least)} of the last {rule.trades} trades to win"
        case "error_rate":
            return f"faults in at most {_percent(rule.most)} of the times it was asked"
        case "latency":
            return f"at most {rule.most:g} ms per bar"
        case "memory":
            return f"at most {_percent(rule.most)} of the machine's memory in use"
        case "cap_refusals":
            return f"caps to refuse at most {_percent(rule.most)} of the entries within {rule.bars} bars"
        case "state":
            return "to stay active" if rule.state == "degraded" else f"not to become {rule.state}"
        case "metric":
            bound = f"at least {rule.below:g}" if rule.above is None else f"at most {rule.above:g}"
            return f"{rule.metric} {bound}"


def _found(rule: AlertRule, value: float) -> str:
    amount = _amount(rule, value)
    return f"nothing for {amount}" if rule.when == "no_proposals" else amount


def _amount(rule: AlertRule, value: float) -> str:
    match rule.when:
        case "no_proposals":
            return f"{value:.0f} bars"
        case "state":
            return STATE_NAMES[int(value)]
        case "latency":
            return f"{value:.4g} ms"
        case "metric":
            return f"{value:.4g}"
    return _percent(value)


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.4g} %"
