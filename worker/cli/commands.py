"""The table of commands: where each is found, and what `--help` says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from worker.cli.lazy_group import Place

COMMANDS: Final[Mapping[str, Place]] = {
    "run": Place(
        "worker.cli.run:run",
        "Run the worker until you stop it.",
    ),
    "publish": Place(
        "worker.cli.publish:publish",
        "Publish events from files.",
    ),
    "filter": Place(
        "worker.cli.filters:filter_group",
        "Suggest, try, set or show a district's section filter.",
    ),
    "policy": Place(
        "worker.cli.filters:policy_group",
        "Show or set a district's own preflight policy. It overrides the settings.",
    ),
    "districts": Place(
        "worker.cli.districts:districts",
        "List the districts with their status.",
    ),
    "show": Place(
        "worker.cli.districts:show",
        "Show one district: its status, counts, findings and causes.",
    ),
    "flush": Place(
        "worker.cli.districts:flush",
        "Close a district's window and evaluate it now. This also retries a parked district.",
    ),
    "hold": Place(
        "worker.cli.approvals:hold",
        "Put a district on hold. Nothing is committed until you resume it.",
    ),
    "resume": Place(
        "worker.cli.approvals:resume",
        "Resume a district that is on hold. Waiting changes are evaluated now.",
    ),
    "approve": Place(
        "worker.cli.approvals:approve",
        "Approve a plan that removes or moves many students.",
    ),
    "rollback": Place(
        "worker.cli.rollback:rollback",
        "Restore the roster of an earlier commit.",
    ),
    "resync": Place(
        "worker.cli.source:resync",
        "Read the whole district again, from Clever or saved pages. A running worker then evaluates it.",
    ),
    "dead-letters": Place(
        "worker.cli.dead_letters:dead_letters_group",
        "List, show, replay or discard unreadable messages.",
    ),
    "purge": Place(
        "worker.cli.source:purge",
        "Delete all of a district's data. The audit log keeps how much was deleted.",
    ),
    "onboarding": Place(
        "worker.cli.onboarding:onboarding",
        "Manage districts in onboarding, from chosen to live.",
    ),
    "students": Place(
        "worker.cli.students:students",
        "Export or erase all data kept about one student.",
    ),
    "users": Place(
        "worker.cli.users:users",
        "Manage who can log in to the console, and their roles.",
    ),
    "alerts": Place(
        "worker.cli.alerts:alerts",
        "List open incidents; retry or discard undelivered alerts.",
    ),
    "mails": Place(
        "worker.cli.mails:mails",
        "List, show and manage e-mails to districts.",
    ),
    "migrate": Place(
        "worker.cli.setup:migrate",
        "Bring the database's schema up to date.",
    ),
    "check-config": Place(
        "worker.cli.setup:check_config",
        "Check the settings and show them, with secrets hidden.",
    ),
    "topology": Place(
        "worker.cli.setup:topology",
        "Declare or check the broker's exchanges and queues.",
    ),
    "demo": Place(
        "worker.cli.demo.command:demo",
        "Run a demo with one district. Its worker runs inside this process.",
    ),
    "sandbox": Place(
        "worker.cli.sandbox:sandbox",
        "Serve invented districts with a simulated Clever API. It runs until you stop it.",
    ),
}
