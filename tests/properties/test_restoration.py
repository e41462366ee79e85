"""Any roster can be put back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.words import RosterKind
from tests.support.builders.records import school, student
from worker.domain.messages.restoration import Difference, Restoration
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.roster import Entry, digest, school_entry, student_entry

Roster = dict[tuple[RosterKind, str], Entry]
ENTRIES = st.builds(
    lambda number, name: school_entry(school(number, name=name)), st.integers(1, 4), st.sampled_from("AB")
)
STUDENTS = st.builds(
    lambda number, name: student_entry(student(number, first_name=name), None, []),
    st.integers(1, 4),
    st.sampled_from("AB"),
)
ROSTERS = st.lists(ENTRIES | STUDENTS).map(
    lambda entries: {(entry.kind, entry.id): entry for entry in entries}
)


def sizes(roster: Roster) -> dict[str, int]:
    def of(kind: RosterKind) -> int:
        return sum(each is kind for each, _ in roster)

    return {"schools": of(RosterKind.SCHOOL), "students": of(RosterKind.STUDENT)}


@given(ROSTERS, ROSTERS)
def test_putting_differences_back_gives_the_former_roster(now: Roster, then: Roster) -> None:
    restoration = Restoration(sizes(now), digest(now.values()))

    for key in now.keys() | then.keys():
        was, entry = then.get(key), now.get(key)
        if was != entry:
            difference = Difference(*key, was.record if was else None, entry.member if entry else None, None)
            restoration.put_back(difference, difference.restored)

    assert restoration.roster() == {
        "teachers": 0,
        "classes": 0,
        **sizes(then),
        "digest": to_hex(digest(then.values())),
    }
    upserted = sum(ops["upserted"] for ops in restoration.counts.values())
    removed = sum(ops["removed"] for ops in restoration.counts.values())
    assert upserted == sum(now.get(key) != entry for key, entry in then.items())
    assert removed == len(now.keys() - then.keys())
