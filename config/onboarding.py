"""The settings of a district's onboarding from its invitation to its first assessment."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from config.checks import AsJson, Percent, Seconds, connect_address, hour_of_day, zone
from config.group import Group


class OnboardingSettings(Group):
    """The onboarding of a district from its invitation to its first assessment."""

    time_zone: Annotated[str, AfterValidator(zone)] = Field(
        default="America/New_York",
        description="Time zone of districts that have no time zone of their own, such as America/Chicago. "
        "Used for terms, launches and e-mails. After a change, districts are evaluated again.",
    )
    lead_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="Working days between the launch and the opening of the assessment window, so that "
        "teachers can check their classes.",
    )
    holidays: Annotated[tuple[date, ...], AsJson] = Field(
        default=(), description="Holidays in addition to weekends, as JSON."
    )
    launch_time: Annotated[str, AfterValidator(hour_of_day)] = Field(
        default="08:00",
        description="Time of the launch, in the district's time zone: when its office opens.",
    )
    unsectioned_percent: Percent = Field(
        default=1,
        description="Percent of students who may be in no section while all sections still count as "
        "shared: a few students are always new or leaving.",
    )
    district_days: Annotated[float, Field(ge=0, le=366, allow_inf_nan=False)] = Field(
        default=7, description="Days after which a district's to-do is overdue."
    )
    team_days: Annotated[float, Field(ge=0, le=366, allow_inf_nan=False)] = Field(
        default=2, description="Days after which a to-do of the roster team is overdue."
    )
    link_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = Field(
        default=30, description="Days for which a connect link works."
    )
    clever_link: Annotated[str, AfterValidator(connect_address)] | None = Field(
        default=None,
        description="Clever page on which a district connects your application, opened from the connect "
        "page. May contain `{client_id}` and `{district_id}`. You find it in your application's dashboard "
        "in Clever. Unset: the connect page explains where to look in Clever.",
    )
    look_seconds: Seconds = Field(
        default=5, description="Seconds between two checks of all districts for automatic next steps."
    )
