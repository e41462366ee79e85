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
        description="Time zone of districts without one of their own, such as America/Chicago. The days of "
        "their terms, launches and e-mails go by it; another value has districts checked again.",
    )
    lead_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="Working days between the launch and the opening of the assessment window, so that "
        "teachers can check their classes.",
    )
    holidays: Annotated[tuple[date, ...], AsJson] = Field(
        default=(), description="Days that are no working days, beside weekends, as JSON."
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
        default=7, description="Days a step of the district may take before it is overdue on the to-do list."
    )
    team_days: Annotated[float, Field(ge=0, le=366, allow_inf_nan=False)] = Field(
        default=2,
        description="Days a step of the roster team may take before it is overdue on the to-do list.",
    )
    link_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = Field(
        default=30, description="Days for which a connect link works."
    )
    clever_link: Annotated[str, AfterValidator(connect_address)] | None = Field(
        default=None,
        description="Address at Clever where a district connects your application, shown behind the connect "
        "link; `{client_id}` and `{district_id}` may be in it. Your application's dashboard at Clever has "
        "it; unset: the page says where in Clever to look.",
    )
    look_seconds: Seconds = Field(
        default=5, description="Seconds between two checks of all districts for automatic next steps."
    )
