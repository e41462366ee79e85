"""A filter that puts students into another class is set with `--yes`, with the real program."""

from __future__ import annotations

import json

from tests.acceptance.program import Site, consuming, publishing
from tests.support.builders.records import (
    DISTRICT,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)

STUDENTS = range(1, 21)
LISTED = [record_id(number) for number in STUDENTS]
ARRIVAL = [
    ("schools.created", school_json()),
    ("users.created", teacher_json()),
    *(("users.created", student_json(number)) for number in STUDENTS),
    ("sections.created", section_json(700, students=LISTED, name="Homeroom")),
    ("sections.created", section_json(701, students=LISTED, name="Chess")),
]


def keeping(word: str) -> str:
    return json.dumps({"rules": [{"all": [{"field": "name", "op": "is", "value": word}]}]})


async def test_a_filter_says_how_many_students_change_class_and_asks_for_a_yes(site: Site) -> None:
    async with consuming(site.broker_url or "") as consumer, site.worker():
        unasked = await site.done("filter", "set", DISTRICT, "-", stdin=keeping("Homeroom"))
        async with publishing(site.broker_url or "") as send:
            for number, (what, record) in enumerate(ARRIVAL, start=1):
                await send(json.dumps(event_json(record, what, number)).encode())
        await consumer.until(lambda: len(consumer.commits) == 1)
        same = await site.done("filter", "set", DISTRICT, "-", stdin=keeping("homeroom"))
        refused = await site.command("filter", "set", DISTRICT, "-", stdin=keeping("Chess"))
        tried = json.loads(await site.done("filter", "try", DISTRICT, "-", "--json", stdin=keeping("Chess")))
        told = await site.done("filter", "set", DISTRICT, "-", "--yes", stdin=keeping("Chess"))
        await consumer.until(lambda: len(consumer.commits) == 2)
        shown = await site.show(DISTRICT)

    assert "change class" not in unasked + same
    assert (refused.code, refused.out) == (1, "")
    assert "20 of 20 students change class" in refused.err
    assert "--yes" in refused.err
    assert len(refused.err.splitlines()) == 1
    assert tried["turnover"] == {"committed": 20, "class_changes": 20, "removed": 0}
    assert "20 of 20 students change class." in told
    assert shown["status"] == "rostered"
    assert consumer.reviews == []
