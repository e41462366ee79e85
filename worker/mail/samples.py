"""Invented values for every kind of e-mail: for previews, and to try a vendor's own templates with.

The first of a kind is shown; together they take every branch of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from worker.domain.mail.mails import (
    Invitation,
    MailKind,
    ReadyToAssess,
    Rostered,
    RulesRequest,
    SharingRequest,
    SyncSettings,
    Values,
)
from worker.domain.review.suggestion_texts import StudentsPlaced

_DISTRICT: Final = "Maple Hollow School District"
_RULE: Final = ('Match all sections where name contains "homeroom"',)
_RULES: Final = (*_RULE, 'Match all sections where name contains "advisory" and grade is "9"')

SAMPLES: Final[Mapping[MailKind, Sequence[Values]]] = {
    MailKind.INVITATION: [
        Invitation(
            _DISTRICT,
            "https://rostering.example.org/connect/K4b2-invented-link",
            date(2026, 9, 30),
            (
                "Log in to Clever and approve our application for your district.",
                "Share your students, teachers, schools and all sections with it.",
                "Send us the date on which your assessment window opens.",
            ),
        ),
    ],
    MailKind.SHARING_REQUEST: [
        SharingRequest(_DISTRICT),
        SharingRequest(_DISTRICT, ("Share all participating schools.", "Share all sections.")),
    ],
    MailKind.RULES_REQUEST: [
        RulesRequest(
            _DISTRICT,
            _RULES,
            StudentsPlaced(996, 3, 5),
            SyncSettings(is_paused=True, paused_until=date(2026, 9, 14)),
        ),
        RulesRequest(_DISTRICT, _RULE, StudentsPlaced(1004, 0, 0), SyncSettings(is_paused=False)),
        RulesRequest(_DISTRICT, _RULE, StudentsPlaced(1003, 1, 0), SyncSettings(is_paused=True)),
        RulesRequest(_DISTRICT, _RULES, StudentsPlaced(1002, 0, 2), SyncSettings(is_paused=False)),
    ],
    MailKind.ROSTERED: [
        Rostered(_DISTRICT, 1004, 39, 3, date(2026, 9, 10)),
        Rostered(_DISTRICT, 1, 1, 1),
    ],
    MailKind.READY_TO_ASSESS: [ReadyToAssess(_DISTRICT, date(2026, 9, 15), 1004, 39, 3)],
}
