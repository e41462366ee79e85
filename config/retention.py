"""The settings of how long things are kept."""

from __future__ import annotations

from pydantic import Field

from config.group import Group

YEAR: int = 365


class RetentionSettings(Group):
    """How long what is over is kept, in days; what a roster needs is kept for as long as there is one."""

    decisions_days: int = Field(
        default=400,
        ge=30,
        description="Decisions and batches, with the texts of reviews: a school year and a little more. The "
        "last decision of each kind stays, and those that `commit.history_days` can go back to.",
    )
    settings_days: int = Field(
        default=3 * YEAR,
        ge=30,
        description="Section filters, policies and approvals that are no longer in force. What is in force "
        "stays, and so does a policy that one with an end falls back to.",
    )
    mails_days: int = Field(
        default=400,
        ge=30,
        description="E-mails to districts that were sent, refused or cancelled, with their addresses.",
    )
    links_days: int = Field(default=90, ge=1, description="Connect links that have expired or were revoked.")
    audit_days: int = Field(
        default=3 * YEAR,
        ge=YEAR,
        description="What people did. The database itself refuses to delete an entry before a year is over.",
    )
