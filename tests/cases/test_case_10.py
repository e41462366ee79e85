"""Case 10: unique values are compared folded, and published as they came."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d00000000000000000000a"
WRITTEN_TWICE = {"sis_id": 10, "email": 2}
"""Students that share a value with another, by field: five pairs, and one."""


async def told(store: StoreUnderTest) -> CaseRunner:
    case = CaseRunner(store, case_folder(10))
    await case.set_policy(DISTRICT, "policy.json")
    await case.happen("01-district.ndjson")
    return case


def twice(case: CaseRunner) -> dict[str, int]:
    """Return how many students the last review says have another's value, by field."""
    items = case.last_review["findings"]["items"]
    return dict(Counter(item["field"] for item in items if item["code"] == "student.duplicate_identity"))


async def test_two_students_with_one_id_written_two_ways_are_told(store: StoreUnderTest) -> None:
    case = await told(store)

    assert twice(case) == WRITTEN_TWICE
    assert case.commits.messages == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stra\u00dfe-1", "STRASSE-1"),
        ("\ufb01n7", "FIN7"),
        ("S\u00ad3", "s3"),
        ("\u200fS4\u00a0", "S4"),
        ("\u216b", "xii"),
        ("\u0130-5", "i\u0307-5"),
        ("Zoe\u200b\u0301", "ZO\u00c9"),
    ],
)
async def test_so_are_those_with_other_spellings_and_both_are_published_as_they_came(
    store: StoreUnderTest, tmp_path: Path, one: str, other: str
) -> None:
    text = (case_folder(10) / "01-district.ndjson").read_text()
    first_pair = [line for line in text.splitlines() if not _is_other_pair(line)]
    story = "\n".join(first_pair).replace('"S-100 "', json.dumps(other)).replace('"S-100"', json.dumps(one))
    (tmp_path / "pair.ndjson").write_text(story)
    case = CaseRunner(store, tmp_path)

    await case.happen("pair.ndjson")
    held_back = twice(case)
    await case.set_policy(DISTRICT, {"unique_fields": []})
    await case.evaluate()

    assert held_back == {"sis_id": 2}
    assert {record["sis_id"] for record in case.students().values()} == {one, other}


def _is_other_pair(line: str) -> bool:
    return '"Park"' in line and "Kid0" not in line and "Twin0" not in line


@pytest.mark.alone("other settings have every district judged again, the shadow too")
async def test_a_district_judged_before_values_were_folded_is_judged_again(store: StoreUnderTest) -> None:
    case = await told(store)
    await store.rows("UPDATE identities SET value_digest = sha256(value_digest || student_id::bytea)")
    await store.rows("DELETE FROM findings WHERE code = 'student.duplicate_identity'")
    await store.rows(
        "UPDATE districts SET policy_fingerprint = 'of the version before', error_digest = '\\x00'"
    )
    await store.rows("UPDATE districts SET counts = counts - 'errors' - 'code:student.duplicate_identity'")

    asked = await store.evaluations.demand_policy()
    await case.evaluate()

    found = await store.rows(
        "SELECT detail ->> 'field' AS field, count(*) FROM findings"
        " WHERE open AND code = 'student.duplicate_identity' GROUP BY 1"
    )
    assert asked == 1
    assert {row["field"]: row["count"] for row in found} == WRITTEN_TWICE
    assert await store.evaluations.demand_policy() == 0
