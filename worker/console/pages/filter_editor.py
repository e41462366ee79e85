"""The editor of a section filter: rules by forms, what they give while one types, a full trial, and saving.

A rule may hold a teacher's name: it travels in the bodies of forms, and never in an address.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.class_change_confirmation import Unconfirmed, confirmed_moves
from worker.console.console import Console, done, of_district
from worker.console.filter_forms import (
    FIELDS,
    MOST_CONDITIONS,
    MOST_RULES,
    OPERATORS,
    FilterDraft,
    draft_from,
    draft_of,
)
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.console.pages.filters import in_words
from worker.domain.preflight.order_reason import checked_reason
from worker.domain.preflight.turnover import FilterEffect
from worker.domain.roster.section_filter import parse_filter
from worker.operations.trial.service import try_filter
from worker.runtime.count_text import counted
from worker.runtime.errors import FilterChanged, FilterError, StoreUnavailable, TrialTooLong
from worker.suggest.coverage import FilterCoverage

OPENING_SECONDS: Final = 2.0
"""For a first count, while somebody waits for the form."""
COUNTING_SECONDS: Final = 25.0
"""For a count that the form waits for in the background: the first one reads the district."""
TRIAL_SECONDS: Final = 240.0
LISTED_CELLS: Final = 30


def pages(console: Console) -> list[Route]:
    """Return the editor and its counting."""
    path = "/districts/{district}/filter"
    return [
        Route("GET", f"{path}/edit", partial(_open, console), Permission.REVIEW),
        Route("POST", f"{path}/edit", partial(_posted, console), Permission.REVIEW),
        Route("POST", f"{path}/coverage", partial(_count, console), Permission.REVIEW),
    ]


async def _open(console: Console, request: web.Request) -> web.Response:
    current = await console.districts.current_filter(request.match_info["district"])
    draft = draft_of(current.section_filter, current.version)
    return await _editor(console, request, draft, looks=True)


async def _posted(console: Console, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    if "rule_field" in form or "filter" in form:
        return await _opened_with(console, request, form)
    draft = draft_from(form, tuple(str(one) for one in form.getall("school", ())))
    match text_of(form, "do"):
        case "save":
            return await _save(console, request, district_id, draft)
        case "trial":
            return await _trial(console, request, district_id, draft)
        case button:
            return await _editor(console, request, draft.pressed(button), focus=button)


async def _opened_with(console: Console, request: web.Request, form: Any) -> web.Response:
    """Open the editor with a rule more, or with another filter than the one in force."""
    current = await console.districts.current_filter(request.match_info["district"])
    draft = draft_of(current.section_filter, current.version)
    if "rule_field" in form:
        rule = (text_of(form, name) for name in ("rule_field", "rule_op", "rule_value"))
        return await _editor(console, request, draft.with_rule(*rule), looks=True)
    try:
        draft = draft_of(parse_filter(text_of(form, "filter")), current.version)
    except FilterError as error:
        refused = RefusedForm("open", f"This filter cannot be opened: {error}", 422)
        return await _editor(console, request, draft, refused=refused, looks=True)
    return await _editor(console, request, draft, looks=True)


async def _save(console: Console, request: web.Request, district_id: str, draft: FilterDraft) -> web.Response:
    await console.check_known(district_id)
    try:
        async with ordering("save", draft.reason):
            section_filter, reason = draft.to_filter(), checked_reason(draft.reason)
            if not draft.is_sure:
                await _check_coverage(console, district_id, draft)
        async with ordering("save", draft.reason):
            confirmed = await confirmed_moves(console, district_id, section_filter, draft.confirmed)
            await console.districts.set_filter(
                district_id,
                section_filter,
                who(request).name,
                reason,
                instead_of=draft.version,
                confirmed=confirmed,
            )
    except NotDone as no:
        if isinstance(no.__cause__, Unconfirmed):
            effect = no.__cause__.effect
            return await _editor(console, request, draft, refused=no.refused, effect=effect)
        if isinstance(no.__cause__, FilterChanged):
            return await _changed_meanwhile(console, request, district_id, draft, no.refused)
        return await _editor(console, request, draft, refused=no.refused)
    raise done(of_district(district_id, "filter"), "filter-set")


async def _check_coverage(console: Console, district_id: str, draft: FilterDraft) -> None:
    """Raise `FilterError` where the filter leaves somebody, and nobody said that this is meant."""
    coverage = await console.pictures.count(district_id, draft.to_filter(), COUNTING_SECONDS)
    left = coverage.none + coverage.several if coverage else 0
    if coverage and left:
        raise FilterError(
            f"{left:,} of {counted(coverage.students, 'student')} would not have exactly one class, and "
            "nothing is "
            "committed until they do. To save it all the same, tick “Save anyway”"
        )


async def _changed_meanwhile(
    console: Console, request: web.Request, district_id: str, draft: FilterDraft, refused: RefusedForm
) -> web.Response:
    """Show what somebody else set, and keep what was typed: to save again is to replace that."""
    current = await console.districts.current_filter(district_id)
    told = replace(
        refused, text=f"{refused.text} Your changes are still here. If you save again, you replace theirs."
    )
    return await _editor(
        console,
        request,
        replace(draft, version=current.version),
        refused=told,
        looks=True,
        theirs=in_words(current.section_filter, await console.pictures.schools(district_id)),
    )


async def _trial(
    console: Console, request: web.Request, district_id: str, draft: FilterDraft
) -> web.Response:
    await console.check_known(district_id)
    try:
        section_filter = draft.to_filter()
        async with asyncio.timeout(TRIAL_SECONDS):
            result = await try_filter(console.trials, district_id, section_filter)
    except FilterError as error:
        return await _editor(console, request, draft, refused=RefusedForm("trial", f"{error}.", 422))
    except (StoreUnavailable, TrialTooLong, TimeoutError) as error:
        text = f"No preview available now ({error or 'it took too long'}). Nothing was changed."
        return await _editor(console, request, draft, refused=RefusedForm("trial", text, 503))
    return await _editor(console, request, draft, trial=result)


async def _count(console: Console, request: web.Request) -> web.Response:
    """Return what the draft would give, and nothing else: what takes the old count's place."""
    district_id, form = request.match_info["district"], await request.post()
    draft = draft_from(form, tuple(str(one) for one in form.getall("school", ())))
    counted = await _counted(console, district_id, draft, COUNTING_SECONDS)
    return console.render(request, "_coverage.html", **counted)


async def _counted(console: Console, district_id: str, draft: FilterDraft, within: float) -> dict[str, Any]:
    """Return what the count's template needs."""
    coverage: FilterCoverage | None = None
    wrong = None
    names = await console.pictures.schools(district_id)
    words = None
    try:
        section_filter = draft.without_blanks().to_filter()
        words = in_words(section_filter, names)
        coverage = await console.pictures.count(district_id, section_filter, within)
    except FilterError as error:
        wrong = f"{error}."
    left = [cell for cell in coverage.cells if cell.none or cell.several] if coverage else []
    return {
        "coverage": coverage,
        "cells": left[:LISTED_CELLS],
        "more_cells": max(0, len(left) - LISTED_CELLS),
        "has_blanks": draft.has_blanks,
        "wrong": wrong,
        "words": words,
    }


async def _editor(
    console: Console,
    request: web.Request,
    draft: FilterDraft,
    *,
    refused: RefusedForm | None = None,
    trial: dict[str, Any] | None = None,
    theirs: dict[str, Any] | None = None,
    effect: FilterEffect | None = None,
    looks: bool = False,
    focus: str = "",
) -> web.Response:
    district_id = request.match_info["district"]
    details = await console.districts.show(district_id)
    if looks:
        await console.audit_lookup(request, district_id, "filter")
    schools = await console.pictures.schools(district_id)
    named = schools | {school: school for school in draft.schools if school not in schools}
    counted = await _counted(console, district_id, draft, OPENING_SECONDS)
    picture = await console.pictures.ready(district_id, 0)
    return console.render(
        request,
        "filter_editor.html",
        details=details,
        draft=draft,
        refused=refused,
        trial=trial,
        theirs=theirs,
        effect=effect,
        school_names=schools,
        schools=sorted(named.items(), key=lambda one: (one[1].casefold(), one[0])),
        grades=sorted({" ".join(grade.split()) for grade in picture.grades}) if picture else [],
        fields=FIELDS,
        operators=OPERATORS,
        most_rules=MOST_RULES,
        most_conditions=MOST_CONDITIONS,
        focus=focus,
        **counted,
    )
