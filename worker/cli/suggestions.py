"""The command `filter suggest`: the filters that suit a district best, found from its own sections."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from worker.bootstrap.store import Stores
from worker.cli.context import CommandContext
from worker.cli.terminal import progress_bars
from worker.cli.terminal_output import say
from worker.domain.review.sharing_rules import why_not_sharing_rules
from worker.domain.review.suggestion_texts import (
    CUT_SHORT,
    WORKS_AS_SHARING_RULES,
    StudentsPlaced,
    as_good_text,
    best_text,
    classes_text,
    leftover_text,
    no_sharing_rules_text,
)
from worker.operations.filter_search import find_filters
from worker.runtime.count_text import counted
from worker.runtime.errors import OrderRefused, UsageError
from worker.suggest.suggestions import Suggestion

SECONDS = 240.0
NOTHING_FOUND = "No suitable section filter found. See `rostering show` for what is wrong."
LISTED = 5
"""Schools' grades with leftovers that the terminal lists; the JSON has more."""


@click.command()
@click.argument("district")
@click.option("--json", "as_json", is_flag=True, help="Print the list of suggestions as JSON.")
@click.option("--pick", type=click.IntRange(1, 5), help="Print only the filter of this suggestion, as JSON.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 3600),
    default=SECONDS,
    show_default=True,
    help="Stop the search after this time and show what was found.",
)
@click.pass_obj
def suggest(ctx: CommandContext, district: str, as_json: bool, pick: int | None, seconds: float) -> None:
    """Search for filters that give every student exactly one class. The district is not changed.

    `rostering onboarding request-rules` asks for the first one.
    """
    found, none_because = ctx.on_district(district, partial(_suggest, ctx.actor, seconds))
    if pick is not None:
        if not found:
            raise OrderRefused(none_because)
        if pick > len(found):
            raise UsageError(f"--pick {pick}: expected 1 to {len(found)}")
        filter_json = found[pick - 1].section_filter.model_dump(mode="json")
        say(json.dumps(filter_json, indent=2, ensure_ascii=False))
    elif as_json:
        say(json.dumps([one.to_json() for one in found], ensure_ascii=False))
    else:
        ctx.console.print(suggestions_report(district, found, none_because))


def suggestions_report(
    district: str, found: Sequence[Suggestion], none_because: str = NOTHING_FOUND
) -> RenderableType:
    """Return the suggestions for a terminal, or why there are none."""
    if not found:
        return Text(none_because, "yellow")
    parts: list[RenderableType] = [_verdict(found)]
    for place, one in enumerate(found, start=1):
        parts += [Text(), _headline(place, one), Padding(_facts(one), (0, 0, 0, 3))]
    if new := next((place for place, one in enumerate(found, start=1) if not one.is_in_force), None):
        commands = (
            f"rostering filter suggest {district} --pick {new} > filter.json",
            f"rostering filter try {district} filter.json",
        )
        parts += [Text(f"\nTo try number {new}:", "dim"), *(Text(f"  {line}", "dim") for line in commands)]
    return Group(*parts)


def _verdict(found: Sequence[Suggestion]) -> Text:
    best = found[0]
    placed = StudentsPlaced(best.exactly_one, best.none, best.several)
    verdict = Text(best_text(placed, is_in_force=best.is_in_force), "yellow" if placed.unplaced else "green")
    if best.was_cut_short:
        verdict.append(f"\n{CUT_SHORT}", "yellow")
    return verdict


def _headline(place: int, one: Suggestion) -> Text:
    return Text.assemble(
        (f"{place}. ", "bold"), (one.text, "bold"), (" (current)" if one.is_in_force else "", "dim")
    )


def _facts(one: Suggestion) -> RenderableType:
    placed = StudentsPlaced(one.exactly_one, one.none, one.several)
    counts = Text.assemble(f"{placed.text}. ", (placed.unplaced_text, "yellow"))
    counts.rstrip()
    why = why_not_sharing_rules(one.to_json())
    shared = WORKS_AS_SHARING_RULES if why is None else no_sharing_rules_text(why)
    said = one.to_json()
    kept = (classes_text(said["classes"]), as_good_text(said["as_good"], said["as_good_count"]))
    return Group(counts, *(Text(text) for text in kept if text), Text(shared, "dim"), *_leftovers(one))


def _leftovers(one: Suggestion) -> Iterable[Text]:
    for left in one.leftovers[:LISTED]:
        yield Text(f"- {leftover_text(left.to_json(), left.school_name)}", "yellow")
    more = one.leftover_groups - min(LISTED, len(one.leftovers))
    if more > 0:
        yield Text(f"- {counted(more, 'more school and grade', 'more schools and grades')}", "yellow")


def why_none(details: Mapping[str, Any]) -> str:
    """Return why there are no suggestions: nothing, or not all, was evaluated yet, or no filter suits."""
    waiting = (details["window"] or {}).get("events", 0)
    if details["last_batch"] is None:
        return (
            f"This district has not been evaluated yet: {counted(waiting, 'event')} "
            f"{'waits' if waiting == 1 else 'wait'} in its open window. "
            f"Run `rostering flush {details['district_id']}` to evaluate it now."
        )
    if waiting:
        return (
            "No suitable section filter found in the data last evaluated; "
            f"{counted(waiting, 'event')} {'waits' if waiting == 1 else 'wait'} in its open window."
        )
    return NOTHING_FOUND


async def _suggest(
    actor: str, seconds: float, store: Stores, district_id: str
) -> tuple[list[Suggestion], str]:
    _, picture = await store.pictures.read(district_id)
    classes = await store.pictures.standing_classes(district_id)
    with progress_bars() as progress:
        found = await find_filters(
            store.districts, district_id, picture.build, seconds, progress, classes=classes
        )
    if not all(one.names_nobody for one in found):  # the filter in force is one of them
        await store.districts.note(district_id, "lookup.filter", actor, {"suggestions": len(found)})
    return found, "" if found else why_none(await store.districts.show(district_id))
