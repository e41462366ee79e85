"""What a person calls a district is taken for exactly one, or refused before anything is done."""

from __future__ import annotations

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from worker.cli.district_argument import chosen
from worker.operations.districts import NamedDistrict
from worker.runtime.errors import UnknownDistrictError

ONE = NamedDistrict(DISTRICT, "Larkspur Schools")
OTHER = NamedDistrict(OTHER_DISTRICT, "Larkspur Schools")
NEW = "66d000000000000000000001"


@pytest.mark.parametrize("text", [DISTRICT, DISTRICT[:6], "larkspur schools"])
def test_the_one_district_that_fits_is_meant(text: str) -> None:
    assert chosen(text, [ONE], may_be_new=False) == DISTRICT


def test_a_whole_id_is_meant_though_others_begin_with_it() -> None:
    longer = NamedDistrict(DISTRICT + "0", None)

    assert chosen(DISTRICT, [ONE, longer], may_be_new=False) == DISTRICT


def test_several_that_fit_are_named_and_none_is_taken() -> None:
    with pytest.raises(UnknownDistrictError, match=f"{DISTRICT}.*{OTHER_DISTRICT}"):
        chosen("larkspur schools", [ONE, OTHER], may_be_new=True)


@pytest.mark.parametrize("text", ["DISTRICT", "", "66d0", NEW + "0", NEW.upper(), "66d00000000000000000000g"])
def test_what_is_neither_known_nor_an_id_makes_no_new_district(text: str) -> None:
    with pytest.raises(UnknownDistrictError, match="there is no district"):
        chosen(text, [], may_be_new=True)


def test_only_an_order_that_can_begin_with_a_new_district_takes_a_new_id() -> None:
    assert chosen(NEW, [], may_be_new=True) == NEW
    with pytest.raises(UnknownDistrictError, match="rostering districts"):
        chosen(NEW, [], may_be_new=False)
