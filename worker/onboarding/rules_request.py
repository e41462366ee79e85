"""Which sharing rules a district is asked for: the first suggestion of its latest review or search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.domain.review.sharing_rules import sharing_rules, why_not_sharing_rules
from worker.domain.review.suggestion_texts import StudentsPlaced, no_sharing_rules_text
from worker.onboarding.district_store import RulesAsked
from worker.runtime.errors import OrderRefused


class NoSharingRules(OrderRefused):
    """The first suggestion works as a section filter only; the text says why."""


class NoSuggestions(OrderRefused):
    """There is nothing to ask for; the text says why."""


def rules_to_request(details: Mapping[str, Any]) -> RulesAsked:
    """Return the first suggestion of a district's latest review or search as the rules to ask it for.

    Raises `NoSuggestions` where there is none, and `NoSharingRules` where Clever's sharing rules cannot say
    the first one.
    """
    found, _ = latest_suggestions(details)
    if not found:
        raise NoSuggestions(_why_none(details))
    first = found[0]
    if (why := why_not_sharing_rules(first)) is not None:
        raise NoSharingRules(no_sharing_rules_text(why, "the first suggestion").removesuffix("."))
    return RulesAsked(sharing_rules(first["text"]), StudentsPlaced(**first["coverage"]))


def latest_suggestions(details: Mapping[str, Any]) -> tuple[Sequence[Mapping[str, Any]], str]:
    """Return what the review that a district is in suggests, or a search that was made after it, and when.

    Where there is neither, nothing, and a blank time.
    """
    review, search = details.get("review"), details.get("search")
    if search is not None and (review is None or search["made_at"] > review["decided_at"]):
        return search["suggestions"], search["made_at"]
    return (review["suggestions"], review["decided_at"]) if review is not None else ([], "")


def _why_none(details: Mapping[str, Any]) -> str:
    if details.get("review") is None and details.get("search") is None:
        return "there are no sharing rules to request, because the district is not in review"
    return "there are no sharing rules to request, because no suitable section filter was found"
