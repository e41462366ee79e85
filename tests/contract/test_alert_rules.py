"""Prometheus and Alertmanager accept what config/ hands to them, and the rules do what they say."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.monitoring import (
    CONFIG,
    RULE_TESTS,
    RULES,
    amtool,
    expressions,
    promtool,
    read_yaml,
    rules,
)


def test_the_rules_fire_where_they_should_and_nowhere_else() -> None:
    promtool("test", "rules", RULE_TESTS)


def test_every_rule_is_tried_once_firing_and_once_silent() -> None:
    tried = [case for test in read_yaml(RULE_TESTS)["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules()}

    assert {case["alertname"] for case in tried if case["exp_alerts"]} == names
    assert {case["alertname"] for case in tried if not case["exp_alerts"]} == names


def test_prometheus_takes_its_configuration_and_every_rule() -> None:
    printed = promtool("check", "config", CONFIG / "prometheus/prometheus.yml")

    assert f"{len(rules())} rules found" in printed
    promtool("check", "rules", RULES)


def test_prometheus_can_read_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    found = list(expressions())
    recorded = [{"record": f"panel:{number}", "expr": asked} for number, (_, asked) in enumerate(found)]
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": recorded}]}), encoding="utf-8")

    assert f"{len(found)} rules found" in promtool("check", "rules", file)


def test_alertmanager_takes_its_configuration() -> None:
    amtool("check-config", CONFIG / "alertmanager/alertmanager.yml")


def test_a_critical_alert_goes_to_whoever_is_on_call_and_a_warning_to_the_team() -> None:
    file = f"--config.file={CONFIG / 'alertmanager/alertmanager.yml'}"

    assert amtool("config", "routes", "test", file, "severity=critical").split()[0] == "on-call"
    assert amtool("config", "routes", "test", file, "severity=warning").split()[0] == "roster-team"
