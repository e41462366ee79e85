"""The settings of how long things are kept."""

from __future__ import annotations

from pydantic import Field

from config.group import Group

YEAR: int = 365


class RetentionSettings(Group):
    """How long old data is kept, in days. What a roster needs is kept as long as the roster."""

    decisions_days: int = Field(
        default=400,
        ge=30,
        description="Decisions and batches, with the texts of reviews: a school year and a little more. "
        "The last decision of each kind and all restore points (`commit.history_days`) are kept.",
    )
    settings_days: int = Field(
        default=3 * YEAR,
        ge=30,
        description="Section filters, policies and approvals that no longer apply. Current ones are kept, "
        "and so is a policy that applies again when a temporary one ends.",
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
        description="The audit log. The database itself refuses to delete entries that are less than a "
        "year old.",
    )
