"""The alert: what operations are told of an incident."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from pydantic import (
    Field,
)

from schemas.messages.fields import AlertSeverity, Count, DottedName, Id, Instant, Published
from schemas.words import AlertStatus

AlertSchema: TypeAlias = Literal["rostering.alert/v1"]


ALERT_SCHEMA: Final[AlertSchema] = "rostering.alert/v1"


class AlertMessage(Published):
    """An incident that operations should know of: once when it begins, once when it is over.

    In between only where its picture changes, which is `updated`: to count what fires counts incidents.

    It carries counts and codes, never anything that a school, a class or a person is called.
    """

    schema_name: AlertSchema = Field(alias="schema", description="The name of this shape.")
    alert_id: Id = Field(description="This message; the same one if it is repeated.")
    dedup_key: Id = Field(
        description="The incident: the same in its firing, its updated and its resolved alerts."
    )
    status: AlertStatus = Field(description="Whether it began, changed or is over.")
    severity: AlertSeverity = Field(description="How soon a person should look.")
    code: DottedName = Field(description="What happened, such as preflight.failed.")
    district_id: Id | None = Field(description="The district; null where no single district is affected.")
    summary: str = Field(description="One line for a person.")
    counts: dict[DottedName, Count] = Field(
        description="The figures that matter, by name.", json_schema_extra={"additionalProperties": False}
    )
    url: str | None = Field(
        description="Where to look: the district's page, if `http.public_url` is set; null otherwise."
    )
    starts_at: Instant = Field(description="When it began.")
    ends_at: Instant | None = Field(description="When it was over; null while it lasts.")
