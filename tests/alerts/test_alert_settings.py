"""What a rule and a channel may say, and what is said when they do not hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from docs_examples import blocks
from pydantic import BaseModel, ConfigDict, ValidationError

from stratkit.alerts.rules import DEFAULT_RULES, AlertRule, Kind
from stratkit.alerts.settings import AlertSettings, Channel
from stratkit.config_errors import explain
from stratkit.yaml_positions import load_yaml, parse_yaml


def test_the_default_rules_have_the_thresholds_of_the_tracker() -> None:
    told = {rule.label: rule.severity for rule in DEFAULT_RULES}
    assert told == {
        "no_proposals(bars=250)": "warning",
        "accuracy(least=0.55, trades=20)": "info",
        "latency(most=10)": "warning",
        "error_rate(most=0.01)": "critical",
        "memory(most=0.8)": "warning",
        "state(state=degraded)": "warning",
        "state(state=suspended)": "warning",
        "state(state=retired)": "critical",
    }


def test_none_means_the_default_rules_and_an_empty_list_none() -> None:
    assert AlertSettings().active_rules == DEFAULT_RULES
    assert AlertSettings(rules=()).active_rules == ()
    rule = AlertRule(when="drawdown", limit_pct=10)
    assert AlertSettings(rules=(rule,)).active_rules == (rule,)


def test_by_default_warnings_go_to_the_log() -> None:
    settings = AlertSettings()
    assert [channel.kind for channel in settings.channels] == ["log"]
    assert settings.severity == "warning"


@pytest.mark.parametrize(
    ("written", "filled_in"),
    [
        ({"when": "no_proposals"}, {"bars": 250}),
        ({"when": "accuracy"}, {"least": 0.55, "trades": 20}),
        ({"when": "error_rate"}, {"most": 0.01}),
        ({"when": "latency"}, {"most": 10}),
        ({"when": "memory"}, {"most": 0.8}),
        ({"when": "cap_refusals"}, {"most": 0.5, "bars": 250}),
        ({"when": "state"}, {"state": "degraded"}),
        ({"when": "accuracy", "trades": 50}, {"least": 0.55, "trades": 50}),
    ],
)
def test_a_rule_is_completed_with_the_defaults_of_its_kind(written: dict[str, Any], filled_in: dict[str, Any]) -> None:
    rule = AlertRule.model_validate(written)
    found = rule.model_dump(exclude_none=True, exclude={"when", "severity"})
    assert found == filled_in


@pytest.mark.parametrize("rule", [*DEFAULT_RULES, AlertRule(when="metric", metric="sharpe", below=0.5, name="thin")])
def test_a_resolved_rule_reads_back_as_itself(rule: AlertRule) -> None:
    assert AlertRule.model_validate(rule.model_dump(mode="json")) == rule


@pytest.mark.parametrize(
    "channel",
    [Channel(kind="log"), Channel(kind="webhook", url="https://a.example/b"), Channel(kind="file", path="a.jsonl")],
)
def test_a_resolved_channel_reads_back_as_itself(channel: Channel) -> None:
    assert Channel.model_validate(channel.model_dump(mode="json")) == channel


def test_a_name_is_made_from_what_the_rule_says_unless_it_has_one() -> None:
    assert AlertRule(when="drawdown", limit_pct=12.5).label == "drawdown(limit_pct=12.5)"
    assert AlertRule(when="latency", strategy="trend").label == "latency(most=10, strategy=trend)"
    assert AlertRule(when="metric", metric="sharpe", below=0).label == "metric(metric=sharpe, below=0)"
    assert AlertRule(when="latency", name="slow").label == "slow"


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"when": "drawdown"}, "drawdown must have limit_pct; found none: give one"),
    ({"when": "strategy_drawdown"}, "strategy_drawdown must have limit_pct; found none"),
    (
        {"when": "latency", "trades": 5},
        "latency must not have trades, which it would ignore; it takes most: leave trades out",
    ),
    ({"when": "accuracy", "bars": 5}, "it takes least, trades: leave bars out"),
    ({"when": "memory", "most": 80}, "most must be a fraction from 0 to 1; found 80: write 0.8"),
    ({"when": "error_rate", "most": 2}, "most must be a fraction from 0 to 1; found 2: write 0.02"),
    ({"when": "drawdown", "limit_pct": 10, "strategy": "trend"}, "drawdown must not have strategy"),
    ({"when": "memory", "strategy": "trend"}, "it looks at the whole run; found 'trend': leave it out"),
    ({"when": "metric"}, "metric must have metric; found none"),
    ({"when": "metric", "metric": "sharp", "below": 1}, "found 'sharp': did you mean 'sharpe'?"),
    ({"when": "metric", "metric": "sharpe"}, "metric must have above or below; found neither"),
    ({"when": "metric", "metric": "sharpe", "above": 1, "below": 0}, "found both"),
    ({"when": "accuracy", "least": 55}, "least"),
    ({"when": "no_proposals", "bars": 0}, "bars"),
    ({"when": "drawdown", "limit_pct": 101}, "limit_pct"),
    ({"when": "weather"}, "when"),
    ({"when": ["drawdown"]}, "when"),
    ({}, "when"),
    ({"when": "latency", "mots": 5}, "mots"),
)


@pytest.mark.parametrize(("written", "said"), REFUSED)
def test_a_rule_that_does_not_hold_is_refused_in_words(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AlertRule.model_validate(written)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"kind": "file"}, "file must have path; found none: give one"),
        ({"kind": "webhook"}, "webhook must have url"),
        ({"kind": "apprise"}, "apprise must have urls"),
        ({"kind": "log", "path": "a"}, "log must not have path, which it would ignore; it takes no keys"),
        ({"kind": "webhook", "url": "file:///etc/passwd"}, "url"),
        ({"kind": "webhook", "url": "https://a.example", "retries": 11}, "retries"),
        ({"kind": "webhook", "url": "https://a.example", "timeout_seconds": 0}, "timeout_seconds"),
        ({"kind": "apprise", "urls": []}, "urls"),
        ({"kind": "pigeon"}, "kind"),
    ],
)
def test_a_channel_that_does_not_hold_is_refused_in_words(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Channel.model_validate(written)
    assert said in str(refused.value)


def test_two_rules_of_one_name_are_refused() -> None:
    rule = AlertRule(when="latency")
    with pytest.raises(ValidationError, match=r"rules must have different names; found 'latency\(most=10\)' twice"):
        AlertSettings(rules=(rule, AlertRule(when="latency", severity="critical")))
    AlertSettings(rules=(rule, AlertRule(when="latency", name="again")))


def test_a_percentage_that_looks_like_a_fraction_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="limit_pct: 0.1 means 0.1 %, did you mean 10?"):
        AlertRule(when="drawdown", limit_pct=0.1)


class Whole(BaseModel):
    """A configuration file with nothing but alerts."""

    model_config = ConfigDict(extra="forbid")

    alerts: AlertSettings


def test_in_a_file_the_place_of_what_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "watch.yaml"
    path.write_text("alerts:\n  rules:\n    - {when: latency}\n    - when: drawdown\n", "utf-8")
    root = load_yaml(path)
    with pytest.raises(ValidationError) as refused:
        Whole.model_validate(root.plain())
    said = explain(refused.value, root, Whole)
    assert "watch.yaml:4:" in said
    assert said.endswith("alerts.rules.1: drawdown must have limit_pct; found none: give one")


def test_the_example_of_the_page_holds(checkout: Path) -> None:
    (example,) = [block for block in blocks(checkout / "docs/alerts.md") if block.language == "yaml"]
    root = parse_yaml(example.body, "the page")
    assert root is not None
    settings = Whole.model_validate(root.plain()).alerts
    assert [rule.when for rule in settings.active_rules] == ["drawdown", "no_proposals", "accuracy", "metric"]
    assert [channel.kind for channel in settings.channels] == ["log", "file", "webhook", "apprise"]


def test_the_page_names_every_kind_and_its_defaults(checkout: Path) -> None:
    page = (checkout / "docs/alerts.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", page, re.MULTILINE))
    for kind in get_args(Kind):
        values = {"when": kind, "limit_pct": 10} if "drawdown" in kind else {"when": kind}
        if kind == "metric":
            values |= {"metric": "sharpe", "above": 1}
        rule = AlertRule.model_validate(values).model_dump(exclude_none=True, exclude={"when", "severity"})
        shown = dict(re.findall(r"`(\w+)(?:: ([\w.]+))?`", rows[kind]))
        assert rule.keys() <= shown.keys()
        assert {name: value for name, value in shown.items() if value} == {
            name: f"{value:g}" if isinstance(value, float) else str(value)
            for name, value in rule.items()
            if name not in values
        }


@pytest.mark.parametrize("model", [AlertRule, Channel, AlertSettings])
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    assert all(field.description for field in model.model_fields.values())
