"""The table of commands: where each is found, and what `--help` says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from worker.cli.lazy_group import Place

COMMANDS: Final[Mapping[str, Place]] = {
    "run": Place(
        "worker.cli.run:run",
        "Run the worker until it is told to stop.",
    ),
    "publish": Place(
        "worker.cli.publish:publish",
        "Publish events: NDJSON of events, or Clever list pages of records as their created events.",
    ),
    "filter": Place(
        "worker.cli.filters:filter_group",
        "Suggest, try, set or show a district's section filter.",
    ),
    "policy": Place(
        "worker.cli.filters:policy_group",
        "Show or set what the preflight demands of one district, where it differs from the settings.",
    ),
    "districts": Place(
        "worker.cli.districts:districts",
        "List the districts with their status.",
    ),
    "show": Place(
        "worker.cli.districts:show",
        "Show one district: status, counts, findings, causes, and what would come of an open window.",
    ),
    "flush": Place(
        "worker.cli.districts:flush",
        "Close the district's window now; a parked district gets another try.",
    ),
    "hold": Place(
        "worker.cli.approvals:hold",
        "Stop the district's commits until it is resumed; events and reviews go on.",
    ),
    "resume": Place(
        "worker.cli.approvals:resume",
        "End the district's hold; what was held back is committed now.",
    ),
    "approve": Place(
        "worker.cli.approvals:approve",
        "Approve one plan that removes many students; it is committed once, and only as it is now.",
    ),
    "rollback": Place(
        "worker.cli.rollback:rollback",
        "Restore a district's roster as it was after an earlier commit, by a commit, and hold the district.",
    ),
    "resync": Place(
        "worker.cli.source:resync",
        "Read a district whole, from Clever or from saved pages; a running worker then judges it anew.",
    ),
    "dead-letters": Place(
        "worker.cli.dead_letters:dead_letters_group",
        "List, show, replay or discard messages that could not be read.",
    ),
    "purge": Place(
        "worker.cli.source:purge",
        "Delete all of a district's data, and keep an audit of how much it was.",
    ),
    "onboarding": Place(
        "worker.cli.onboarding:onboarding",
        "Follow districts in onboarding, from chosen to live, and say what people decide.",
    ),
    "students": Place(
        "worker.cli.students:students",
        "Answer for one student: all that is kept of him, or that nothing is.",
    ),
    "users": Place(
        "worker.cli.users:users",
        "Say who may log in to the console, and as what.",
    ),
    "alerts": Place(
        "worker.cli.alerts:alerts",
        "Open incidents, and alerts on their way to the channels of operations.",
    ),
    "mails": Place(
        "worker.cli.mails:mails",
        "E-mails to the administration teams of districts.",
    ),
    "migrate": Place(
        "worker.cli.setup:migrate",
        "Bring the database's schema up to date.",
    ),
    "check-config": Place(
        "worker.cli.setup:check_config",
        "Check the settings and show them, secrets hidden.",
    ),
    "topology": Place(
        "worker.cli.setup:topology",
        "Declare or check the broker's exchanges and queues.",
    ),
    "demo": Place(
        "worker.cli.demo.command:demo",
        "Tell the whole story of a district, on a worker inside this process.",
    ),
    "sandbox": Place(
        "worker.cli.sandbox:sandbox",
        "Serve invented districts as Clever does, until stopped.",
    ),
}
