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
        description="Time zone of a district of which nobody said another, such as America/Chicago. The "
        "days of its terms, its launch and its e-mails go by it; another value has districts checked anew.",
    )
    lead_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="Working days before a district's assessment window opens on which it is launched; the "
        "team has them to try what it will need.",
    )
    holidays: Annotated[tuple[date, ...], AsJson] = Field(
        default=(), description="Days on which nobody works, beside weekends, as JSON."
    )
    launch_time: Annotated[str, AfterValidator(hour_of_day)] = Field(
        default="08:00",
        description="Time of a launch, by the clock of the district: when its office opens.",
    )
    unsectioned_percent: Percent = Field(
        default=1,
        description="Percent of a district's students that may be in no section where all its sections count "
        "as shared: there are always a few who are new, or leaving.",
    )
    district_days: Annotated[float, Field(ge=0, le=366, allow_inf_nan=False)] = Field(
        default=7, description="Days a district may be waited for before it stands on the to-do list."
    )
    team_days: Annotated[float, Field(ge=0, le=366, allow_inf_nan=False)] = Field(
        default=2, description="Days the roster team may be waited for before the to-do list says so."
    )
    link_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = Field(
        default=30, description="Days for which a connect link opens its page."
    )
    clever_link: Annotated[str, AfterValidator(connect_address)] | None = Field(
        default=None,
        description="Address at Clever where a district connects your application, shown behind the connect "
        "link; `{client_id}` and `{district_id}` may stand in it. It stands in your application's dashboard "
        "at Clever; unset: the page says where in Clever to look.",
    )
    look_seconds: Seconds = Field(
        default=5, description="Seconds between two looks at all districts for moves that follow."
    )
