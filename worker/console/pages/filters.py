"""A district's section filter: the one in force, those before it, and what would serve better."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from aiohttp import web

from schemas.timestamps import instant
from worker.console.access.identity import Permission, who
from worker.console.class_change_confirmation import Unconfirmed, confirmed_moves
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.domain.preflight.order_reason import checked_reason
from worker.domain.preflight.policy import Code
from worker.domain.review.sharing_rules import sharing_rules, why_not_sharing_rules
from worker.domain.review.suggestion_texts import (
    CUT_SHORT,
    WORKS_AS_SHARING_RULES,
    StudentsPlaced,
    as_good_text,
    classes_text,
    leftover_text,
    no_sharing_rules_text,
)
from worker.domain.roster.scope_counts import ScopeValue
from worker.domain.roster.section_filter import SectionFilter, parse_filter
from worker.onboarding.rules_request import latest_suggestions
from worker.operations.district_queries import FindingsAsked
from worker.operations.districts import FilterVersion
from worker.operations.filter_search import find_filters
from worker.suggest.wording import can_share, filter_text, rule_text

SEARCH_SECONDS: Final = 20.0
"""For suggestions that somebody waits for; the command `filter suggest` takes its time."""
NOTICES["filter-set"] = (
    "Saved. The district is being evaluated again with the new filter. This page and the overview show "
    "the result."
)


def pages(console: Console) -> list[Route]:
    """Return the filter, its suggestions, and the adoption of one."""
    path = "/districts/{district}/filter"
    return [
        Route("GET", path, partial(_filter, console), Permission.SEE_PERSONAL),
        Route("POST", f"{path}/suggest", partial(_suggest, console), Permission.REVIEW),
        Route("POST", f"{path}/adopt", partial(_adopt, console), Permission.REVIEW),
    ]


async def _filter(
    console: Console,
    request: web.Request,
    refused: RefusedForm | None = None,
    found: Sequence[Mapping[str, Any]] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> web.Response:
    district_id = request.match_info["district"]
    details = await console.districts.show(district_id)
    versions = await console.districts.filters(district_id)
    names = await console.pictures.schools(district_id)
    await console.audit_lookup(request, district_id, "filter")
    current = versions[-1] if versions else await console.districts.current_filter(district_id)
    known = _known(details, current) if found is None else found
    return console.render(
        request,
        "filter.html",
        details=details,
        current=_version_view(current, names),
        history=[_version_view(one, names) for one in reversed(versions[:-1])],
        suggestions=[_suggestion(one, names) for one in known],
        CUT_SHORT=CUT_SHORT,
        WORKS_AS_SHARING_RULES=WORKS_AS_SHARING_RULES,
        was_searched=found is not None,
        search_seconds=SEARCH_SECONDS,
        refused=refused,
        asked=asked,
        school_names=names,
        nothing=await _matching_nothing(console, details),
    )


def _known(details: Mapping[str, Any], current: FilterVersion) -> Sequence[Mapping[str, Any]]:
    """Return what the latest review or search suggests; of a search, what it found for the current filter."""
    found, made_at = latest_suggestions(details)
    if details["review"] is None and current.set_at is not None and made_at < instant(current.set_at):
        return []
    return [one for one in found if one["filter"] is not None]


async def _matching_nothing(console: Console, details: dict[str, Any]) -> list[ScopeValue]:
    """Return what the scope of the filter in force names and nobody has, as it was found last."""
    code = Code.SCOPE_MATCHES_NOTHING.value
    if not details["findings"]["by_code"].get(code):
        return []
    found = await console.views.findings(details["district_id"], FindingsAsked(code=code))
    return [ScopeValue(one.detail["field"], one.detail["value"]) for one in found]


async def _suggest(console: Console, request: web.Request) -> web.Response:
    """Look for suggestions now: the same answer as the page of the filter, with what was found."""
    district_id = request.match_info["district"]
    try:
        async with ordering("suggest"):
            picture = await console.pictures.of(district_id)
            classes = await console.pictures.standing_classes(district_id)
            found = await find_filters(
                console.districts, district_id, lambda: picture, SEARCH_SECONDS, classes=classes
            )
    except NotDone as no:
        return await _filter(console, request, no.refused)
    return await _filter(console, request, found=[one.to_json() for one in found])


async def _adopt(console: Console, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    await console.check_known(district_id)
    reason, version = text_of(form, "reason"), text_of(form, "version")
    try:
        async with ordering("adopt", reason):
            chosen, said = parse_filter(text_of(form, "filter")), checked_reason(reason)
            before = int(version) if version.isascii() and version.isdigit() else 0
            confirmed = await confirmed_moves(console, district_id, chosen, text_of(form, "confirmed"))
            await console.districts.set_filter(
                district_id, chosen, who(request).name, said, instead_of=before, confirmed=confirmed
            )
    except NotDone as no:
        asked = None
        if isinstance(no.__cause__, Unconfirmed):
            asked = {"effect": no.__cause__.effect, "filter": text_of(form, "filter"), "version": version}
        return await _filter(console, request, no.refused, asked=asked)
    raise done(of_district(district_id, "filter"), "filter-set")


def in_words(section_filter: SectionFilter, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a filter as pages tell it; `names` are those of the schools."""
    scope, text = section_filter.scope, filter_text(section_filter, names)
    return {
        "rules": [rule_text(rule, names) for rule in section_filter.rules],
        "is_first_match": section_filter.strategy == "first_match" and len(section_filter.rules) > 1,
        "current_term_only": section_filter.current_term_only,
        "grades": scope.grades,
        "schools": [names.get(school, school) for school in scope.schools],
        "text": "\n".join(sharing_rules(text)) if can_share(section_filter) else text,
        "can_share": can_share(section_filter),
        "json": json.dumps(section_filter.model_dump(mode="json"), ensure_ascii=False),
    }


def _version_view(version: FilterVersion, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": version.version,
        "actor": version.actor,
        "set_at": version.set_at,
        "reason": version.reason,
        "filter": in_words(version.section_filter, names),
    }


def _suggestion(one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    placed, why = StudentsPlaced(**one["coverage"]), why_not_sharing_rules(one)
    return {
        **one,
        "json": json.dumps(one["filter"], ensure_ascii=False),
        "text": one["text"] if why else "\n".join(sharing_rules(one["text"])),
        "placed": placed,
        "kept": classes_text(one.get("classes")),
        "as_good_text": as_good_text(one.get("as_good", ()), one.get("as_good_count", 0)),
        "no_sharing_rules": None if why is None else no_sharing_rules_text(why),
        "leftovers": [leftover_text(left, names.get(left["school"])) for left in one.get("leftovers", [])],
        "reason": f"Suggested: {placed.text}",
    }
