"""What people order of districts in onboarding: each in one transaction, with its audit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.access import audit as access_audit
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.mail.mails import enqueue
from worker.adapters.postgres.onboarding.connect_links import make_link
from worker.adapters.postgres.onboarding.observations import observe
from worker.adapters.postgres.onboarding.transitions import follow, keep_held_back, take, write_down
from worker.domain.mail.mails import Mail
from worker.domain.onboarding import contact_text
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Onboarding, Step
from worker.onboarding.district_store import Description, RulesAsked, Transition
from worker.onboarding.mails import OCCASIONS, check_may_write, ordered_mail, promised_link, ready_mail
from worker.onboarding.observation import Observation, OnboardingRules
from worker.onboarding.planning import (
    PlannedTransitions,
    checked_description,
    checked_request,
    has_new_opening,
    ordered_step,
)
from worker.runtime.errors import OnboardingError, OrderRefused, UnknownDistrictError

_SQL: Final = statements.load("onboarding/orders")


async def lock(connection: Connection, district_id: str, onboarding_rules: OnboardingRules) -> Observation:
    """Lock a district, and return what is seen of it; raises `UnknownDistrictError`."""
    if await connection.fetchval(_SQL["lock"], district_id) is None:
        raise UnknownDistrictError(
            f"district {district_id} is not in onboarding; add it with `rostering onboarding choose`"
        )
    (seen,) = await observe(connection, [district_id], onboarding_rules)
    return seen


async def choose(connection: Connection, district_id: str, said: Description, actor: str) -> None:
    """Put a district in onboarding."""
    contact_text.checked_district(district_id)
    name, contacts, zone = checked_description(said)
    await connection.execute(_SQL["forget_drop"], district_id)
    since: datetime | None = await connection.fetchval(_SQL["add"], district_id, name, contacts or [], zone)
    if since is None:
        state = await connection.fetchval(_SQL["state"], district_id)
        raise OrderRefused(f"district {district_id} is in onboarding already (state: {state})")
    made = Transition(district_id, None, Move.CHOOSE, State.CHOSEN, since, actor, None, {})
    await write_down(connection, [made])
    if zone is not None:
        await _judge_by_other_days(connection, district_id)
    await audit(connection, actor, "choose", district_id, contacts=len(contacts or []), time_zone=zone)


async def describe(connection: Connection, seen: Observation, said: Description, actor: str) -> None:
    """Change what people say of a district, which is locked."""
    name, contacts, zone = checked_description(said)
    if contacts == [] and seen.contacts:
        raise OnboardingError("contacts: keep at least one; e-mails need a recipient")
    await connection.execute(_SQL["describe"], seen.district_id, name, contacts, zone)
    if zone is not None and zone != seen.own_time_zone:
        await _judge_by_other_days(connection, seen.district_id)
    changed = [what for what, value in (("name", name), ("contacts", contacts), ("time_zone", zone)) if value]
    await audit(connection, actor, "describe", seen.district_id, changed=changed)


async def order(
    connection: Connection,
    seen: Observation,
    move: Move,
    actor: str,
    onboarding_rules: OnboardingRules,
    *,
    writes: bool,
    rules: RulesAsked | None,
) -> Step:
    """Make a person's move of a district, which is locked."""
    step = ordered_step(seen, move)
    writes = writes and move in OCCASIONS
    rules = checked_request(move, rules, writes=writes)
    if writes:
        check_may_write(seen, move, onboarding_rules)
    if move is Move.REQUEST_RULES:
        await connection.execute(_SQL["ask_for_rules"], seen.district_id, seen.facts.commits)
    link = None
    if move is Move.INVITE:
        link = await make_link(connection, seen.district_id, actor, onboarding_rules.link_life)
    mails = {}
    if writes:
        number = await _next_number(connection, seen, move)
        mails[move] = ordered_mail(seen, move, number, onboarding_rules, link, rules)
    detail: dict[str, Any] = {} if rules is None else {"rules": list(rules.rules)}
    taken = await take(connection, [PlannedTransitions(seen, [step], mails, actor, detail)])
    await keep_held_back(connection, [seen], taken, onboarding_rules)
    await audit(connection, actor, move.value, seen.district_id, before=step.before.value, writes=writes)
    return step


async def preview(
    connection: Connection,
    district_id: str,
    move: Move,
    onboarding_rules: OnboardingRules,
    rules: RulesAsked | None,
) -> Mail:
    """Return the e-mail that a move would write; nothing is changed."""
    seen = await lock(connection, district_id, onboarding_rules)
    ordered_step(seen, move)
    check_may_write(seen, move, onboarding_rules)
    link = promised_link(seen, onboarding_rules.link_life) if move is Move.INVITE else None
    request = checked_request(move, rules, writes=True)
    return ordered_mail(
        seen, move, await _next_number(connection, seen, move), onboarding_rules, link, request
    )


async def _next_number(connection: Connection, seen: Observation, move: Move) -> int:
    """Return the number of a district's next e-mail of this kind: such a move may be made again."""
    occasion = f"{OCCASIONS[move]}/"
    return int(await connection.fetchval(_SQL["next_number"], seen.district_id, move.value, occasion))


async def set_window(
    connection: Connection,
    seen: Observation,
    opens_on: date | None,
    launch_on: date | None,
    actor: str,
    onboarding_rules: OnboardingRules,
) -> list[Transition]:
    """Say when a district's window opens, which is locked; return the moves that follow at once."""
    contact_text.check_dates(opens_on, launch_on, seen.today)
    if opens_on is not None and not seen.contacts:
        raise OnboardingError(
            f"district {seen.district_id} has no contact: add one before you set the window"
        )
    await connection.execute(_SQL["set_window"], seen.district_id, opens_on, launch_on)
    said = {"opens_on": opens_on and opens_on.isoformat(), "launch_on": launch_on and launch_on.isoformat()}
    await audit(connection, actor, "window", seen.district_id, **said)
    looked = await observe(connection, [seen.district_id], onboarding_rules)
    taken = await follow(connection, looked, onboarding_rules)
    await keep_held_back(connection, looked, taken, onboarding_rules)
    await _announce_new_opening(
        connection, seen, looked[0].after(s for one in taken for s in one.steps), onboarding_rules
    )
    return [made for one in taken for made in one.made()]


async def drop(connection: Connection, seen: Observation, actor: str) -> None:
    """Take a district, which is locked, out of onboarding."""
    await connection.execute(_SQL["withdraw"], seen.district_id)
    await connection.execute(_SQL["drop"], seen.district_id)
    await connection.execute(_SQL["remember_drop"], seen.district_id)
    if seen.own_time_zone is not None:
        await _judge_by_other_days(connection, seen.district_id)
    await audit(connection, actor, "drop", seen.district_id, before=seen.onboarding.state.value)


async def audit(connection: Connection, actor: str, deed: str, district_id: str, **detail: Any) -> None:
    """Write down who did what; no contact stands there."""
    told = {name: value for name, value in detail.items() if value is not None}
    await access_audit.audit(connection, actor, f"onboarding.{deed}", district_id, told)


async def _judge_by_other_days(connection: Connection, district_id: str) -> None:
    """Have a district judged again whose time zone changed, and with it the days of its terms."""
    if await connection.fetchval(_SQL["was_judged"], district_id):
        await windows.close(connection, [district_id], Trigger.FILTER)


async def _announce_new_opening(
    connection: Connection, before: Observation, after: Onboarding, onboarding_rules: OnboardingRules
) -> None:
    """Write anew to a district that was launched, and is not launched again, of another opening."""
    if after.window is None or not has_new_opening(before.onboarding, after):
        return
    await connection.execute(_SQL["withdraw_ready"], before.district_id)
    if onboarding_rules.compose is not None and before.contacts:
        await enqueue(connection, ready_mail(before, after.window, onboarding_rules))
