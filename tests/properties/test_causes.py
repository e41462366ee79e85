"""Findings folded to causes, whatever the errors are."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.records import DISTRICT, NOON
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    ErrorKey,
    Others,
    Removals,
    Removed,
    SchoolGrade,
)
from worker.domain.review.causes.folding import fold
from worker.domain.review.causes.labels import Label, LabelKind

DIGEST = "ab" * 32
FIELDS = {Code.FIELD_MISSING: ["dob", "grade"], Code.DUPLICATE_IDENTITY: ["sis_id", "email"]}
labels = st.builds(
    Label,
    st.sampled_from(LabelKind),
    st.sampled_from(["homeroom", "advisory", "math", "band", "choir"]),
    st.booleans(),
    st.booleans(),
)
errors = st.sampled_from(
    [ErrorKey(code, name) for code in Code if code.startswith("student.") for name in FIELDS.get(code, [""])]
)
places = st.builds(SchoolGrade, st.sampled_from(["north", "south", None]), st.sampled_from(["3", "4", None]))
groups = st.builds(
    Blocked,
    st.dictionaries(
        errors, st.integers(0, 99).map(lambda days: NOON - timedelta(days=days)), min_size=1, max_size=4
    ),
    st.integers(1, 400),
    places,
    st.lists(labels, max_size=3, unique=True).map(lambda found: tuple(sorted(found))),
    st.booleans(),
)
on_others = st.sampled_from([code for code in Code if not code.startswith("student.")])
facts = st.builds(
    lambda blocked, ready, codes, removed, cohorts, flags: CauseFacts(
        DISTRICT,
        sum(group.students for group in blocked) + ready,
        DIGEST,
        was_rostered=flags[0],
        has_rules=flags[1],
        current_term_only=flags[2],
        has_scope=flags[3],
        blocked=blocked,
        cohorts=cohorts,
        others=[Others(code, 2, ("north", "south"), NOON) for code in sorted(codes)],
        removals=Removals(removed, frozenset({"south"}), 10, *((9, 9) if flags[0] else (0, 0))),
    ),
    st.lists(groups, max_size=8),
    st.integers(0, 400),
    st.sets(on_others),
    st.lists(st.builds(Removed, places, st.integers(1, 50), st.booleans()), max_size=5),
    st.dictionaries(places, st.integers(1, 900), max_size=6),
    st.tuples(*[st.booleans()] * 4),
)


@given(facts, st.randoms())
def test_every_error_belongs_to_one_cause(found: CauseFacts, rng: random.Random) -> None:
    folded = fold(found)

    expected: Counter[str] = Counter()
    for group in found.blocked:
        for key in group.since:
            expected[key.code.value] += group.students
    for one in found.others:
        expected[one.code.value] += one.findings
    belonging: Counter[str] = Counter()
    for cause in folded:
        belonging.update(cause.findings)
    assert belonging == expected
    blocked_in_all = sum(group.students for group in found.blocked)
    dates = [day for group in found.blocked for day in group.since.values()] + [o.since for o in found.others]
    for cause in folded:
        assert 0 <= cause.unblocks <= cause.students <= blocked_in_all
        assert cause.findings or cause.removed
        assert len(cause.schools) <= cause.school_count
        assert cause.since in dates
        assert cause.advice
    assert sum(cause.unblocks for cause in folded) <= blocked_in_all
    assert min((cause.since for cause in folded if cause.since), default=None) == min(dates, default=None)
    again = list(found.blocked)
    rng.shuffle(again)
    assert fold(found) == folded == fold(replace(found, blocked=again, others=found.others[::-1]))
