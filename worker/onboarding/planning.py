"""The steps that districts take now: those that follow from what is seen, and those that people order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from worker.domain.mail.mails import Mail
from worker.domain.onboarding import contact_text
from worker.domain.onboarding.states import BY_PEOPLE, Move, State, sources, target
from worker.domain.onboarding.transitions import Onboarding, Step, held_back, steps
from worker.onboarding.district_store import Description, RulesAsked, Transition
from worker.onboarding.mails import seen_mail
from worker.onboarding.observation import Observation, OnboardingRules
from worker.runtime import logs
from worker.runtime.errors import MailError, OnboardingError, OrderRefused


@dataclass(frozen=True, slots=True)
class PlannedTransitions:
    """A district's steps to take now, one after the other."""

    seen: Observation
    steps: Sequence[Step]
    mails: Mapping[Move, Mail] = field(default_factory=dict)
    """The e-mails that they cause."""
    actor: str | None = None
    """None: they were seen."""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def made(self) -> Iterator[Transition]:
        """Yield the moves."""
        for step in self.steps:
            mail = self.mails.get(step.move)
            yield Transition(
                *(self.seen.district_id, step.before, step.move, step.after, self.seen.now),
                *(self.actor, str(mail.mail_id) if mail else None, self.detail),
            )


def following(seen: Observation, onboarding_rules: OnboardingRules) -> PlannedTransitions | None:
    """Return a district's steps that follow from what is seen; None where there are none, or they fail."""
    try:
        found = list(steps(seen.onboarding, seen.facts, seen.now, onboarding_rules.rules))
        return _with_mails(seen, found, onboarding_rules) if found else None
    except Exception as error:  # noqa: BLE001 — of one district: it must not stop the moves of the others
        log = structlog.get_logger().bind(district_id=seen.district_id)
        log.warning("district.not_moved", **logs.shown(error))
        return None


def _with_mails(
    seen: Observation, found: list[Step], onboarding_rules: OnboardingRules
) -> PlannedTransitions | None:
    """Return a district's steps with their e-mails; None where one cannot be written: it has to wait."""
    try:
        mails = {step.move: mail for step in found if (mail := seen_mail(seen, step, onboarding_rules))}
    except MailError as error:
        log = structlog.get_logger()
        log.warning("district.not_moved", district_id=seen.district_id, reason=str(error))
        return None
    return PlannedTransitions(seen, found, mails)


def changed_delays(
    looked: Sequence[Observation], taken: Sequence[PlannedTransitions], onboarding_rules: OnboardingRules
) -> list[tuple[str, str, datetime]]:
    """Return the districts whose launch is delayed by other troubles than before: id, troubles, when."""
    after = {one.seen.district_id: one.seen.after(one.steps) for one in taken}
    changed: list[tuple[str, str, datetime]] = []
    for seen in looked:
        onboarding = after.get(seen.district_id, seen.onboarding)
        troubles = held_back(onboarding, seen.facts, seen.now, onboarding_rules.rules)
        if troubles != seen.kept_troubles:
            changed.append((seen.district_id, ",".join(sorted(troubles)), seen.now))
    return changed


def has_new_opening(before: Onboarding, after: Onboarding) -> bool:
    """Whether a district that was launched, and is not launched again, opens on another day than before."""
    if before.window is None or after.window is None or before.window.opens_on == after.window.opens_on:
        return False
    return before.state is State.READY and after.state is State.READY


def checked_request(move: Move, rules: RulesAsked | None, *, writes: bool) -> RulesAsked | None:
    """Return the rules that a move asks a district for; raises `OnboardingError` where they are missing."""
    if move is not Move.REQUEST_RULES:
        return None
    if rules is None:
        if writes:
            raise OnboardingError("rules: say which sharing rules to request")
        return None
    return rules


def checked_description(said: Description) -> tuple[str | None, list[str] | None, str | None]:
    """Return name, contacts and time zone as they are kept; raises `OnboardingError` on a wrong value."""
    name = None if said.name is None else contact_text.checked_name(said.name)
    contacts = None if said.contacts is None else contact_text.checked_contacts(said.contacts)
    zone = None if said.time_zone is None else contact_text.checked_zone(said.time_zone).key
    return name, contacts, zone


def ordered_step(seen: Observation, move: Move) -> Step:
    """Return the step of a person's move; raises `OrderRefused` where it is not allowed now."""
    after = target(seen.onboarding.state, move)
    if move not in BY_PEOPLE or after is None:
        if move not in BY_PEOPLE:
            raise OrderRefused(f"{move} happens automatically and cannot be requested")
        allowed = ", ".join(sources(move))
        raise OrderRefused(
            f"district {seen.district_id} is {seen.onboarding.state}; {move} is allowed from {allowed}"
        )
    return Step(seen.onboarding.state, move, after)
