"""What every page of the console has: the ports it asks, and how it is rendered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import quote

import jinja2
from aiohttp import web
from markupsafe import Markup, escape

from worker.console.access.csrf import SECRET, Field
from worker.console.access.identity import Permission, who
from worker.console.access.login import Access
from worker.console.onboarding_context import OnboardingContext, local_day, local_moment
from worker.console.order_forms import RefusedForm
from worker.domain.preflight.window import WindowLimits
from worker.mail.mail_store import MailOrders
from worker.messaging.broker import Publisher
from worker.messaging.dead_letters import DeadLetters, Quarantine
from worker.onboarding.district_store import OnboardingStore
from worker.operations.coverage_cache import CoverageCache
from worker.operations.district_queries import Views
from worker.operations.districts import Districts
from worker.operations.dry_run import DryRuns
from worker.operations.plans import Plans
from worker.operations.rollback_store import Rollbacks
from worker.operations.student_records import StudentRecords
from worker.operations.trial.snapshot import Trials
from worker.pipeline.poll.connections import Connections
from worker.runtime.count_text import counted
from worker.runtime.errors import UnknownDistrictError
from worker.suggest.picture_cache import PictureCache

HEADERS: Final = {"Cache-Control": "no-store"}
LONGEST_ID: Final = 128
"""Of a record, in the audit."""
_COMMAND: Final = re.compile("`([^`]+)`")
NOTICES: Final[dict[str, str]] = {}
"""What a page says after something was done, by the code in `?done=`; each page's module adds its own."""


@cache
def _templates() -> jinja2.Environment:
    """Return the templates of all pages, each of which is compiled once in a process."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("worker.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["counted"] = counted
    environment.filters["days"] = days
    environment.filters["moment"] = moment
    environment.filters["when"] = when
    environment.filters["step"] = step
    environment.filters["day"] = local_day
    environment.filters["local"] = local_moment
    environment.filters["words"] = in_words
    environment.filters["with_commands"] = with_commands
    environment.globals["Permission"] = Permission
    return environment


def days(length: timedelta) -> str:
    """Return a length of time in days: 1 day, 2.5 days."""
    number = length / timedelta(days=1)
    return f"{number:g} {'day' if number == 1 else 'days'}"


def step(text: str) -> str:
    """Return a text as one step of a path: an id that holds a slash or a question mark leads nowhere else."""
    return quote(text, safe="")


def in_words(name: str) -> str:
    """Return a state, a move or a kind as it is said: `waiting_on_district` is waiting on district."""
    return name.replace("_", " ")


def with_commands(text: str) -> Markup:
    """Return a text with what is between backticks, such as a command, as code."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 — it is escaped


def of_district(district_id: str, *steps: str) -> str:
    """Return the path of a district's page."""
    return "/".join(("/districts", step(district_id), *steps))


def moment(value: datetime | str | None) -> str:
    """Return a time as plain text, in UTC; `none` where there is none."""
    if value is None:
        return "none"
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return when.strftime("%Y-%m-%d %H:%M:%S")


def when(value: datetime | str | None) -> Markup:
    """Return a time as an element: exact and in UTC as it stands; `live.js` shows it in the reader's zone.

    `never` where there is none.
    """
    if value is None:
        return Markup("never")
    at = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(), moment(at))


@dataclass(frozen=True, slots=True)
class Console:
    """The console of one process. Pages are functions of it; they keep nothing between two requests."""

    districts: Districts
    dry_runs: DryRuns
    trials: Trials
    rollbacks: Rollbacks
    pictures: PictureCache
    coverage: CoverageCache
    plans: Plans
    views: Views
    student_records: StudentRecords
    dead_letters: DeadLetters
    quarantine: Quarantine
    publisher: Publisher
    connections: Connections | None
    limits: WindowLimits
    access: Access
    onboarding: OnboardingStore
    mails: MailOrders
    guide: OnboardingContext
    _environment: jinja2.Environment = field(default_factory=_templates)

    def render(
        self,
        request: web.Request,
        template: str,
        *,
        status: int = 200,
        refused: RefusedForm | None = None,
        **context: Any,
    ) -> web.Response:
        """Return a page. It gets `me` (who asks), `path`, `notice`, `csrf`, `refused` and what is passed on.

        Where an order was refused, the answer has the status of that.
        """
        status = refused.status if refused else status
        text = self._environment.get_template(template).render(
            me=who(request),
            path=request.path,
            notice=NOTICES.get(request.query.get("done", "")),
            csrf=Field(request[SECRET]),
            refused=refused,
            **context,
        )
        return web.Response(text=text, content_type="text/html", status=status, headers=HEADERS)

    async def check_known(self, district_id: str) -> None:
        """Return if there is such a district; raises `UnknownDistrictError`, as it is no page of ours."""
        if not await self.districts.is_known(district_id):
            raise UnknownDistrictError(f"district {district_id} is not known here")

    async def audit_lookup(
        self, request: web.Request, district_id: str | None, what: str, record_id: str | None = None
    ) -> None:
        """Write down that a user looks at personal data; to be awaited before any of it is rendered.

        `what` is a word for the kind of data, and never something that was typed. `record_id` is the id of
        the one record that is looked at; None where it is a list. An id too long to be one is cut off.
        """
        detail = {} if record_id is None else {"record": record_id[:LONGEST_ID]}
        await self.access.audit.note(who(request).name, f"lookup.{what}", district_id, detail)


def done(path: str, notice: str) -> web.HTTPSeeOther:
    """Return the answer to a form: see this page next, with that notice. To be raised."""
    return web.HTTPSeeOther(f"{path}?done={notice}", headers=HEADERS)
