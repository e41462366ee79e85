"""Districts in onboarding from chosen to live: where each stands, what people order, what is seen.

`worker.adapters.postgres.onboarding.districts` answers; every call may raise `StoreUnavailable`. What a
person orders is written into the audit with who gave it, in the same transaction as the move and its e-mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from worker.domain.mail.mails import Mail
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.todo import ReminderDelays, Who
from worker.domain.onboarding.transitions import Onboarding, Sharing, Step, Trouble
from worker.domain.review.suggestion_texts import StudentsPlaced


@dataclass(frozen=True, slots=True)
class Record:
    """A district in onboarding, with all that lists, boards and its own page show, of one moment, `now`.

    `name` is what Clever calls it, else what people did. `launch_at` and `opens_at` follow from the window
    and the calendar of the settings. `troubles` delayed the launch when that was last looked at.
    """

    onboarding: Onboarding
    since: datetime
    now: datetime
    name: str | None
    contacts: Sequence[str]
    time_zone: str
    launch_at: datetime | None
    opens_at: datetime | None
    sharing: Sharing | None
    held_since: datetime | None
    troubles: frozenset[Trouble]
    mails_waiting: int
    """E-mails that need a person: refused, bounced, or nobody knows whether they arrived."""
    mails_since: datetime | None
    review_since: datetime | None
    windows_set: int = 0
    """How often a window was set, moved or cancelled."""

    @property
    def district_id(self) -> str:
        """The district's id in Clever."""
        return self.onboarding.district_id


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that was made; `actor` None: it was seen. `mail_id` is the e-mail that it caused, if any."""

    district_id: str
    before: State | None
    move: Move
    after: State
    at: datetime
    actor: str | None
    mail_id: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Description:
    """What people say of a district; None leaves it as it is."""

    name: str | None = None
    contacts: Sequence[str] | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectLink:
    """A connect link of a district. Its token opens the page until it ends or is revoked.

    The token is known once, when the link is made: what is kept is its digest.
    """

    token: str | None
    district_id: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    opened_at: datetime | None
    is_open: bool


def connect_page(base: str, token: str) -> str:
    """Return the address of the page behind a connect link; `base` is where people reach the console."""
    return f"{base.rstrip('/')}/connect/{token}"


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the page behind an open link shows: no more than the district's name and where it stands."""

    district_id: str
    name: str | None
    state: State
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RulesAsked:
    """Which sharing rules to ask a district for, and how many students they would give a class."""

    rules: tuple[str, ...]
    placed: StudentsPlaced


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many districts are in a state of onboarding, and how many of them have a delayed launch."""

    districts: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class TodoCount:
    """How many to-dos an owner has, and how many of them are overdue."""

    count: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class TodoPage:
    """The districts of the first to-dos of each owner, and how many to-dos there are."""

    records: Sequence[Record]
    counts: Mapping[Who, TodoCount]
    districts: int
    """In onboarding."""


class OnboardingReads(Protocol):
    """Questions about districts in onboarding."""

    async def records(self) -> list[Record]:
        """Return every district in onboarding, by id."""

    async def states(self) -> dict[State, StateCount]:
        """Return how many districts are in each state."""

    async def standing(self, states: Sequence[State], offset: int, limit: int) -> list[Record]:
        """Return districts that have been in each of these states for longest, behind the first `offset`."""

    async def todos(self, delays: ReminderDelays, who: Sequence[Who], first: int) -> TodoPage:
        """Return the districts of the `first` to-dos of these owners, and how many each owner has.

        A to-do is overdue after `delays`. Other to-dos of the same districts may be further down.
        """

    async def record(self, district_id: str) -> Record:
        """Return one; raises `UnknownDistrictError` where it is not in onboarding."""

    async def history(self, district_id: str) -> list[Transition]:
        """Return every move of a district, the oldest first."""

    async def preview(self, district_id: str, move: Move, rules: RulesAsked | None = None) -> Mail:
        """Return the e-mail that a person's move would write, and change nothing.

        The link in an invitation is made when it is sent; here stands another text in its place. Raises as
        `order` does.
        """

    async def links(self, district_id: str) -> list[ConnectLink]:
        """Return a district's connect links, the newest first."""

    async def welcome(self, token: str) -> Welcome | None:
        """Return what the page behind a link shows, and note that it was opened; None for no open link."""


class OnboardingOrders(Protocol):
    """What people order of districts in onboarding, and the moves that follow by themselves."""

    async def choose(self, district_id: str, description: Description, actor: str) -> None:
        """Begin onboarding; raises `OrderRefused` where it has begun, `OnboardingError` on a wrong value."""

    async def describe(self, district_id: str, description: Description, actor: str) -> None:
        """Change what people say of a district. Raises `UnknownDistrictError` and `OnboardingError`.

        The last contact cannot be taken away: e-mails would have nobody to go to.
        """

    async def order(
        self,
        district_id: str,
        move: Move,
        actor: str,
        *,
        writes: bool = True,
        rules: RulesAsked | None = None,
    ) -> Step:
        """Make a person's move (`invite`, `request_sharing`, `request_rules`, `resume_filtering`).

        `writes` says whether the district gets the move's e-mail; without, a person has written. An
        invitation makes a new link and revokes the ones before it. Raises `UnknownDistrictError`;
        `OrderRefused` where the move is not allowed from where the district stands (the text says which
        are); `OnboardingError` where an e-mail is to be written and there is no contact, no server or no
        public address.
        """

    async def set_window(
        self, district_id: str, opens_on: date | None, launch_on: date | None, actor: str
    ) -> list[Step]:
        """Say when the assessment window opens, and when to launch if not by the calendar; None: no window.

        Returns the moves that follow at once. Raises `UnknownDistrictError`, and `OnboardingError` where the
        launch would come after the opening, or there is no contact to tell of it.
        """

    async def drop(self, district_id: str, actor: str) -> None:
        """Take a district out of onboarding, e-mails that did not leave included; its roster stays."""

    async def new_link(self, district_id: str, actor: str) -> ConnectLink:
        """Make a new connect link and revoke the ones before it."""

    async def revoke_links(self, district_id: str, actor: str) -> int:
        """Revoke every open link of a district; return how many there were."""

    async def advance(self) -> list[Transition]:
        """Make every move that follows from what is seen, each district's in one transaction; return them."""


class OnboardingStore(OnboardingReads, OnboardingOrders, Protocol):
    """The districts in onboarding."""
