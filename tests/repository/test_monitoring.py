"""The rules and the dashboard speak of metrics that there are, and the dashboard is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.monitoring import CONFIG, OURS, RULES, dashboard, expressions, read_yaml, rules
from worker.runtime.metrics import Metrics

SEVERITIES = {"warning", "critical"}
RECENT_SCHEMA = 39
UNITS = {"short", "s", "cps", "bytes"}


def known() -> Iterator[str]:
    """Yield the name of every metric as Prometheus stores it."""
    for metric in Metrics().registry.collect():
        match metric.type:
            case "counter":
                yield f"{metric.name}_total"
            case "histogram":
                yield from (f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))
            case _:
                yield metric.name


def named() -> set[str]:
    """Return every metric of ours that a rule or a panel names."""
    texts = [rule["expr"] for rule in rules()] + [asked for _, asked in expressions()]
    return {name for text in texts for name in OURS.findall(text)}


def test_every_metric_that_is_named_is_one_that_the_worker_has() -> None:
    assert named() - set(known()) == set()


def test_every_rule_says_how_bad_it_is_what_is_wrong_and_where_to_read_on() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in SEVERITIES, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["alert"]
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert 'job="rostering"' in rule["expr"], rule["alert"]


def test_gauges_that_are_counted_in_the_database_are_never_added_up_over_workers() -> None:
    texts = [rule["expr"] for rule in rules()] + [asked for _, asked in expressions()]
    shared = (
        *("districts", "onboarding_districts", "incidents", "outbox_", "mails_for_a_person"),
        *("windows_due", "window_overdue", "dead_letters_waiting"),
    )

    added = [text for text in texts for gauge in shared if f"sum(rostering_{gauge}" in text.replace(" ", "")]
    assert added == []


def test_the_job_of_the_rules_is_the_one_that_is_scraped() -> None:
    scraped = read_yaml(CONFIG / "prometheus/prometheus.yml")["scrape_configs"]

    assert [job["job_name"] for job in scraped] == ["rostering"]
    assert read_yaml(CONFIG / "prometheus/prometheus.yml")["rule_files"] == [RULES.name]


def test_every_panel_has_an_id_of_its_own_and_what_a_reader_needs() -> None:
    panels = dashboard()["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in shown(panels):
        assert panel["title"], panel["id"]
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["targets"], panel["title"]


def test_no_panel_lies_over_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_the_dashboard_works_with_any_data_source_and_is_of_a_recent_kind() -> None:
    document = dashboard()
    variables = {each["name"]: each["type"] for each in document["templating"]["list"]}

    assert document["schemaVersion"] >= RECENT_SCHEMA
    assert variables["datasource"] == "datasource"
    sources = {target["datasource"]["uid"] for panel in shown() for target in panel["targets"]}
    assert sources | {panel["datasource"]["uid"] for panel in shown()} == {"${datasource}"}


def shown(panels: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Return the panels that show something: all but the rows' titles."""
    return [panel for panel in panels or dashboard()["panels"] if panel["type"] != "row"]
