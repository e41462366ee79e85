"""The argument DISTRICT of commands: an id, the beginning of one, or a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from worker.bootstrap import store as app
from worker.cli.terminal import some
from worker.operations.districts import NamedDistrict
from worker.runtime.errors import UnknownDistrictError

SHORTEST_BEGINNING: Final = 4
"""Characters of an id that are taken for its beginning: an order on a district is no guess."""
LISTED: Final = 5
_CLEVER_ID: Final = re.compile(r"[0-9a-f]{24}")


async def district_id_of(
    store: app.Stores, text: str, *, may_be_new: bool = False, is_final: bool = False
) -> str:
    """Return the id of the district that a person means by `text`.

    `may_be_new` lets a whole Clever id through that was never seen here; `is_final` takes no beginning of an
    id, since what is ordered cannot be undone. Raises `UnknownDistrictError` where the text means no
    district, or several.
    """
    beginning = text.lower() if len(text) >= SHORTEST_BEGINNING and not is_final else None
    return chosen(text, await store.districts.districts_called(text, beginning), may_be_new=may_be_new)


def chosen(text: str, found: Sequence[NamedDistrict], *, may_be_new: bool) -> str:
    """Return which of the districts that were found for a text is meant; raises `UnknownDistrictError`."""
    exact = [each for each in found if each.district_id == text]
    if len(exact or found) == 1:
        return (exact or found)[0].district_id
    if found:
        several = [f"{each.district_id} ({each.name})" if each.name else each.district_id for each in found]
        raise UnknownDistrictError(
            f"{text!r} matches {some(several, len(several), LISTED)}: use one of these IDs"
        )
    if may_be_new and _CLEVER_ID.fullmatch(text):
        return text
    raise UnknownDistrictError(
        f"there is no district {text!r} here: expected an ID, at least its first {SHORTEST_BEGINNING} "
        "characters, or a name; see `rostering districts`"
    )
