"""Suggestions kept with a district, and the picture that new ones are found in, inside its evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from schemas.messages.review import Suggestion
from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.suggest.pictures import read_picture, read_standing_classes
from worker.domain.review.kept_suggestions import KeptSuggestions, SearchInput
from worker.domain.roster.days import day_in
from worker.pipeline.evaluate.state import ClosedWindow, DistrictState

if TYPE_CHECKING:  # NumPy is slow to load, and most commands count nothing
    from worker.suggest.picture_builder import PictureBuilder

_SQL: Final = statements.load("suggest/kept_suggestions")


def _can_be_said(suggestions: list[dict[str, Any]]) -> bool:
    try:
        for suggestion in suggestions:
            Suggestion.model_validate(suggestion)
    except ValidationError:
        return False
    return True


class PostgresKeptSuggestions:
    """`Advised` of `worker.pipeline.evaluate.unit_of_work`, on one connection in a transaction."""

    window: ClosedWindow
    state: DistrictState
    _connection: Connection

    async def advice(self) -> KeptSuggestions | None:
        """Return what was suggested last; None where nothing was, or it is not known for what.

        Nor where a review of this version cannot say it: then a search is made again.
        """
        row = await self._connection.fetchrow(_SQL["advice"], self.window.district_id)
        if row is None or not _can_be_said(row["suggestions"]):
            return None
        found_for = SearchInput(
            row["filter_version"], row["input_batch"], row["in_none"], row["unplaced"] - row["in_none"]
        )
        return KeptSuggestions(row["made_at"], found_for, row["suggestions"])

    async def keep_advice(self, advice: KeptSuggestions) -> None:
        """Keep what was suggested, in the place of what was before."""
        await self._connection.execute(
            _SQL["keep_advice"],
            self.window.district_id,
            advice.made_at,
            advice.found_for.filter_version,
            advice.found_for.none + advice.found_for.several,
            list(advice.suggestions),
            advice.found_for.batch,
            advice.found_for.none,
        )

    async def standing_classes(self) -> dict[str, int]:
        """Return the classes of the last commit, with how many of its students each section still lists."""
        return await read_standing_classes(self._connection, self.window.district_id)

    async def picture(self) -> PictureBuilder:
        """Read the district as it is staged in this evaluation, and let the transaction wait for a search."""
        await self._connection.execute(_SQL["wait_for_a_search"])
        today = day_in(self.state.policy.time_zone, self.window.now)
        days = self.state.policy.term_grace_days
        return await read_picture(self._connection, self.window.district_id, today, days)
