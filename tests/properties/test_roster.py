"""Digests and parts of any roster."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.words import RosterKind
from tests.support.builders.roster import by_the_contract, packed
from worker.domain.roster.canonical import MODULUS, canonical, from_bytes, to_bytes, to_hex
from worker.domain.roster.roster import Entry, PartLimits, digest

Json = dict[str, Any]
TEXTS = st.text('aZé李😀\u2028"\\ \t/', max_size=4)
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS | st.lists(TEXTS, max_size=2)
RECORDS = st.dictionaries(TEXTS, VALUES | st.dictionaries(TEXTS, VALUES, max_size=2), max_size=3)
ROSTERS = st.lists(st.tuples(st.sampled_from(list(RosterKind)), TEXTS, RECORDS), max_size=4)


@given(ROSTERS, ROSTERS)
def test_a_reader_can_keep_the_digest_up_as_he_applies_changes(
    kept: list[tuple[RosterKind, str, Json]], removed: list[tuple[RosterKind, str, Json]]
) -> None:
    whole = [Entry(kind, identifier, canonical(record)) for kind, identifier, record in kept + removed]

    number = digest(whole) - digest(whole[len(kept) :])

    assert to_hex(number) == by_the_contract([(str(kind), key, record) for kind, key, record in kept])
    assert from_bytes(to_bytes(number)) == number % MODULUS


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 4), st.integers(10, 60))
def test_parts_hold_every_change_once_within_both_limits(sizes: list[int], changes: int, size: int) -> None:
    every = [json.dumps(f"{number}:{'x' * length}") for number, length in enumerate(sizes)]

    parts = packed(every, PartLimits(changes, size))

    assert [one for part in parts for one in json.loads(part)] == [json.loads(one) for one in every]
    assert all(len(json.loads(part)) <= changes for part in parts)
    assert all(len(part) <= size + 1 or len(json.loads(part)) == 1 for part in parts)
    assert all(json.loads(part) for part in parts) or not every
