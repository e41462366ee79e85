"""Districts are found by their id, by its beginning and by their name, wherever they are known from."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.cli.district_argument import district_id_of
from worker.domain.roster.section_filter import KEEP_ALL
from worker.onboarding.district_store import Description
from worker.runtime.errors import UnknownDistrictError

if TYPE_CHECKING:
    from worker.bootstrap.store import Stores

NAME = "Larkspur Schools"


@pytest.fixture
async def named(store: StoreUnderTest) -> StoreUnderTest:
    await store.onboarding.choose(DISTRICT, Description(NAME, (), None), "ada")
    await store.districts.set_filter(OTHER_DISTRICT, KEEP_ALL, "ada")
    return store


@pytest.mark.parametrize(
    ("text", "beginning", "found"),
    [
        (DISTRICT, None, [DISTRICT]),
        (DISTRICT[:5], DISTRICT[:5], [DISTRICT]),
        (DISTRICT[:5], None, []),
        (NAME.upper(), None, [DISTRICT]),
        (NAME[:5], NAME[:5].lower(), []),
        (OTHER_DISTRICT, None, [OTHER_DISTRICT]),
        ("%", "%", []),
        ("", None, []),
        ("d", "d", [DISTRICT, OTHER_DISTRICT]),
    ],
)
async def test_a_text_finds_the_districts_that_it_may_mean(
    named: StoreUnderTest, text: str, beginning: str | None, found: list[str]
) -> None:
    assert [each.district_id for each in await named.districts.districts_called(text, beginning)] == found


async def test_each_is_found_with_the_name_that_is_known(named: StoreUnderTest) -> None:
    found = await named.districts.districts_called("d", "d")

    assert {each.district_id: each.name for each in found} == {DISTRICT: NAME, OTHER_DISTRICT: None}


@pytest.mark.parametrize(
    ("text", "is_final", "found"),
    [
        (DISTRICT[:4], False, DISTRICT),
        (DISTRICT[:9].upper(), False, DISTRICT),
        (DISTRICT[:3], False, None),
        (DISTRICT[:9], True, None),
        (DISTRICT, True, DISTRICT),
        (NAME, True, DISTRICT),
    ],
)
async def test_a_command_takes_four_characters_of_an_id_but_not_for_what_cannot_be_undone(
    named: StoreUnderTest, text: str, found: str | None, *, is_final: bool
) -> None:
    asked = district_id_of(cast("Stores", named), text, is_final=is_final)

    if found is None:
        with pytest.raises(UnknownDistrictError):
            await asked
    else:
        assert await asked == found
