"""How much of a district an evaluation looks at again, beside what its batch changed."""

from __future__ import annotations

from datetime import date
from enum import IntEnum

from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.terms import DistrictTerms, crosses_boundary
from worker.pipeline.evaluate.state import DistrictState


class Extent(IntEnum):
    """What is looked at, from the least to the most."""

    CHANGES = 0
    """What the batch changed, and what those changes touch."""
    SECTIONS = 1
    """Every section too, and the students of those that the filter begins or ceases to keep."""
    EVERYTHING = 2


def extent(state: DistrictState, day: date, terms: DistrictTerms) -> Extent:
    """Return how much to look at, by what else changed since the last evaluation.

    `terms` are those that are staged now. A term that these changes moved may have crossed a boundary unseen
    here, or not have: either way all of its sections are looked at for the change itself.
    """
    if state.evaluated_policy is None:
        return Extent.EVERYTHING if state.is_partly_loaded else Extent.CHANGES  # which are all there is
    if state.evaluated_policy != state.policy.fingerprint():
        return Extent.EVERYTHING
    if state.evaluated_filter_version != state.filter_version:
        return _by_filters(state.evaluated_filter, state.section_filter)
    has_crossed = crosses_boundary(terms.all(), state.evaluated_on or day, day, state.policy.term_grace_days)
    return Extent.SECTIONS if has_crossed else Extent.CHANGES


def _by_filters(before: SectionFilter | None, after: SectionFilter) -> Extent:
    """Return how much another filter asks for: what a student is depends on its scope and its strategy."""
    if before is None or (before.scope, before.strategy) != (after.scope, after.strategy):
        return Extent.EVERYTHING
    return Extent.SECTIONS
