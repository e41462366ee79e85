"""Case 11: a student is in scope if any of his schools is; the committed school stays the primary one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.trial.service import try_filter

DISTRICT = "66d00000000000000000000b"
HIGH, CAREER = "66e0000000000000000b0001", "66e0000000000000000b0002"
EVERYBODY = 12
TURNED = 10


async def turned(store: StoreUnderTest) -> CaseRunner:
    case = CaseRunner(store, case_folder(11))
    await case.set_filter(DISTRICT, "filter.json")
    await case.happen("01-district.ndjson", "02-primary-school-turns.ndjson")
    return case


async def test_students_whose_primary_school_turns_stay_for_their_other_school(store: StoreUnderTest) -> None:
    case = await turned(store)

    schools = [record["school_id"] for record in case.students().values()]
    assert sorted(schools) == [HIGH] * (EVERYBODY - TURNED) + [CAREER] * TURNED
    assert case.reviews.messages == []
    assert ("school", CAREER) in case.roster()


async def test_so_counts_whoever_counts_a_filter(store: StoreUnderTest) -> None:
    case = await turned(store)
    section_filter = SectionFilter.model_validate(
        json.loads((case.folder / "filter.json").read_text()), strict=False
    )

    trial = await try_filter(store.trials, DISTRICT, section_filter)
    _, builder = await store.pictures.read(DISTRICT)
    picture = builder.build()

    assert trial["coverage"]["exactly_one"] == EVERYBODY
    assert picture.count(section_filter).exactly_one == EVERYBODY
    assert picture.within(section_filter).students == EVERYBODY


async def test_a_student_leaves_and_comes_back_with_his_school(store: StoreUnderTest, tmp_path: Path) -> None:
    case = await turned(store)
    lines = (case.folder / "02-primary-school-turns.ndjson").read_text().splitlines()
    event = json.loads(lines[0])
    role = event["data"]["object"]["roles"]["student"]
    story = []
    for number, schools in enumerate(([CAREER, " ", CAREER], None, [CAREER, HIGH, HIGH, "66eunknown"])):
        role["schools"] = schools
        story.append(tmp_path / f"{number}.ndjson")
        story[-1].write_text(json.dumps(event | {"id": f"692b0000000000000b9{number:05}"}))

    counts = []
    for file in story:
        await case.happen(file)
        counts.append(len(case.students()))

    assert counts == [EVERYBODY - 1, EVERYBODY - 1, EVERYBODY]


async def test_a_scope_by_name_follows_the_schools_name(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, case_folder(11))
    wanted = json.loads((case.folder / "filter.json").read_text())
    await case.set_filter(DISTRICT, wanted | {"scope": {"schools": ["career  CENTER"]}})
    await case.happen("01-district.ndjson")
    school = next(
        json.loads(line)
        for line in (case.folder / "01-district.ndjson").read_text().splitlines()
        if "Career Center" in line
    )
    school |= {"id": "692b0000000000000b999999", "type": "schools.updated"}
    school["data"]["object"]["name"] = "Technical Center"
    (tmp_path / "renamed.ndjson").write_text(json.dumps(school))

    before = await store.rows("SELECT (counts ->> 'roster:student')::int AS students FROM districts")
    await case.happen(tmp_path / "renamed.ndjson")
    after = await store.rows(
        "SELECT coalesce(counts ->> 'roster:student', '0')::int AS students FROM districts"
    )

    assert [before[0]["students"], after[0]["students"]] == [EVERYBODY, 0]


async def test_an_unreadable_list_of_schools_removes_nobody(store: StoreUnderTest, tmp_path: Path) -> None:
    case = await turned(store)
    line = (case.folder / "02-primary-school-turns.ndjson").read_text().splitlines()[0]
    event = json.loads(line) | {"id": "692b0000000000000b999999"}
    event["data"]["object"]["roles"]["student"]["schools"] = 7
    (tmp_path / "odd.ndjson").write_text(json.dumps(event))

    await case.happen(tmp_path / "odd.ndjson")

    assert case.dead_letters.messages == []
    assert len(case.students()) == EVERYBODY
    assert [one["field"] for one in case.last_review["findings"]["items"]] == ["schools"]
