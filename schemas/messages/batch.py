"""What commits and reviews share: the batch that they come from, and counts of changes by kind."""

from __future__ import annotations

from pydantic import (
    Field,
)

from schemas.messages.fields import Count, Id, Instant, Published
from schemas.words import Trigger


class Batch(Published):
    """The closed window of events that led to the decision."""

    batch_id: Id = Field(description="The batch.")
    trigger: Trigger = Field(
        description="What closed the window: the feed was read to its end (`settled`), nothing more came"
        " (`quiet`), it was open too long or grew too big (`age`, `size`), a person asked (`flush`,"
        " `approval`), the filter changed (`filter`), or the district was read again (`resync`)."
    )
    events: Count = Field(description="How many events it held; none where time or a person closed it.")
    opened_at: Instant = Field(description="When its first event was stored.")
    closed_at: Instant = Field(description="When it was closed.")


class KindCounts(Published):
    """How many records of one kind the change touches."""

    upserted: Count = Field(description="Records new to the roster, or different from before.")
    removed: Count = Field(description="Records that left the roster.")


class ChangeCounts(Published):
    """How many records the change touches, kind by kind."""

    school: KindCounts = Field(description="Schools.")
    teacher: KindCounts = Field(description="Teachers.")
    class_: KindCounts = Field(alias="class", description="Classes.")
    student: KindCounts = Field(description="Students.")
