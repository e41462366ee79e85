"""What is told of an incident: once when it begins, where its picture changes, and once when it is over."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from schemas.messages.alert import AlertMessage
from schemas.words import AlertStatus
from tests.support.builders.incidents import FLAP, OTHER, WORSE, WRONG, told
from tests.support.builders.records import DISTRICT, later
from tests.support.fixtures.incidents import EVALUATED
from worker.domain.alerts.codes import CATALOGUE, INSPECTED, PREFLIGHT_FAILED
from worker.domain.alerts.incidents import NO_DISTRICT, AlertRules, Memory, alert, dedup_key, step


def test_an_incident_is_told_once_when_it_begins_and_once_when_it_is_over() -> None:
    assert told((0, None), (1, WRONG), (2, WRONG), (3, None), (4, None)) == ["firing 1", "resolved 3"]


def test_other_figures_are_no_news_and_another_picture_is() -> None:
    assert told((1, WRONG), (2, WORSE), (3, OTHER), (4, OTHER)) == ["firing 1", "updated 3"]


def test_a_second_change_of_the_picture_waits_for_its_turn() -> None:
    assert told((1, WRONG), (2, OTHER), (3, WRONG), (90, WRONG)) == ["firing 1", "updated 2"]
    assert told((1, WRONG), (2, OTHER), (3, WRONG), (102, WRONG))[2:] == ["updated 102"]
    assert told((1, WRONG), (2, OTHER), (3, WRONG), (4, OTHER), (102, OTHER)) == ["firing 1", "updated 2"]


def test_an_incident_that_keeps_coming_back_is_over_once_it_has_stayed_away() -> None:
    begins = [(1.0, WRONG), (2.0, None), (3.0, WRONG), (4.0, None), (5.0, WRONG)]
    first = ["firing 1", "resolved 2", "firing 3", "resolved 4", "firing 5"]

    assert told(*begins, (6, None), (7, WRONG), (8, None), (107, None)) == first
    assert told(*begins, (6, None), (7, WRONG), (8, None), (108, None)) == [*first, "resolved 108"]


def test_what_comes_back_after_a_long_time_is_an_incident_like_any_other() -> None:
    seen = [(1, WRONG), (2, None), (3, WRONG), (4, None), (104, None), (105, WRONG), (106, None)]

    assert told(*seen) == ["firing 1", "resolved 2", "firing 3", "resolved 4", "firing 105", "resolved 106"]


def test_without_damping_every_change_is_told() -> None:
    seen = [(second, WRONG if second % 2 else None) for second in range(10)]

    assert len(told(*seen, flap=timedelta(0))) == 9


def test_an_incident_that_is_over_is_forgotten_after_a_while() -> None:
    open_, _ = step(None, WRONG, later(0), FLAP)
    over, _ = step(open_, None, later(1), FLAP)

    assert step(over, None, later(50), FLAP)[0] == over
    assert step(over, None, later(101), FLAP) == (None, None)


def message(
    memory: Memory,
    status: AlertStatus,
    rules: AlertRules = AlertRules(),  # noqa: B008
    **changed: str,
) -> AlertMessage:
    given_ = {"district_id": DISTRICT, "code": PREFLIGHT_FAILED} | changed
    made = alert(**given_, memory=memory, status=status, rules=rules)
    assert made.routing_key == f"alert.{json.loads(made.body)['severity']}"
    return AlertMessage.model_validate_json(made.body)


BEGUN = Memory(later(1), WRONG, WRONG.picture, later(1))
ENDED = Memory(later(1), WRONG, None, later(61))


def test_the_alerts_of_an_incident_are_known_by_one_key_and_its_beginning() -> None:
    firing, resolved = message(BEGUN, AlertStatus.FIRING), message(ENDED, AlertStatus.RESOLVED)

    assert firing.dedup_key == resolved.dedup_key == f"preflight.failed/{DISTRICT}"
    assert firing.starts_at == resolved.starts_at == later(1)
    assert (firing.ends_at, resolved.ends_at) == (None, later(61))
    assert firing.alert_id != resolved.alert_id
    assert (firing.counts, resolved.counts) == (WRONG.counts, {})


def test_an_alert_says_what_is_wrong_and_at_the_end_why_it_is_over() -> None:
    firing, resolved = message(BEGUN, AlertStatus.FIRING), message(ENDED, AlertStatus.RESOLVED)
    purged = message(ENDED, AlertStatus.RESOLVED, ending="The district was purged.")

    assert firing.district_id == DISTRICT
    assert firing.summary == WRONG.summary
    assert resolved.summary == CATALOGUE[PREFLIGHT_FAILED].ending
    assert purged.summary == "The district was purged."


def test_updates_of_an_incident_are_counted() -> None:
    begun, _ = step(None, WRONG, later(0), FLAP)
    first, _ = step(begun, OTHER, later(1), FLAP)
    second, _ = step(first, WRONG, later(102), FLAP)

    assert [one.updates for one in (begun, first, second) if one] == [0, 1, 2]


def test_an_alert_that_is_nobodys_has_no_district() -> None:
    made = message(BEGUN, AlertStatus.FIRING, district_id=NO_DISTRICT, code="dead_letters.waiting")

    assert (made.district_id, made.dedup_key) == (None, "dead_letters.waiting/-")


@pytest.mark.parametrize(
    ("public_url", "district", "url"),
    [
        (None, DISTRICT, None),
        ("https://r.test", DISTRICT, f"https://r.test/districts/{DISTRICT}"),
        ("https://r.test", "../a?b#c", "https://r.test/districts/..%2Fa%3Fb%23c"),
        ("https://r.test/at/", NO_DISTRICT, "https://r.test/at/"),
    ],
)
def test_alerts_point_to_districts_pages(public_url: str | None, district: str, url: str | None) -> None:
    made = message(BEGUN, AlertStatus.FIRING, AlertRules(public_url=public_url), district_id=district)

    assert made.url == url


def test_every_code_is_found_by_somebody_and_said_in_a_sentence() -> None:
    assert set(EVALUATED) | set(INSPECTED) | {"baseline.refused"} == set(CATALOGUE)
    assert all(kind.meaning.endswith((".", "?")) and kind.ending.endswith(".") for kind in CATALOGUE.values())
    assert dedup_key(DISTRICT, PREFLIGHT_FAILED) == f"preflight.failed/{DISTRICT}"
