"""The settings of e-mails to districts; part of `config.settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from config.checks import Seconds, bare_address, hour_of_day, mailbox, one_line, url_of
from config.group import Group


class MailSettings(Group):
    """E-mails to the administration teams of districts. Without a mail server none is sent."""

    smtp_url: Annotated[SecretStr, url_of("smtp", "smtps")] | None = Field(
        default=None,
        description="Mail server, as smtp://user:password@host:587 (STARTTLS, demanded to "
        "another machine) or smtps:// (TLS from the start). With one, the stage notify "
        "sends mails; `sender` has to be set too.",
    )
    sender: Annotated[str, AfterValidator(mailbox)] | None = Field(
        default=None, description="Whom mails are from: an address, or a name and an address."
    )
    reply_to: Annotated[str, AfterValidator(mailbox)] | None = Field(
        default=None, description="Where answers go and questions are asked; unset: to the sender."
    )
    product: Annotated[str, AfterValidator(one_line)] = Field(
        default="Insights", description="The product's name, as mails say it."
    )
    vendor: Annotated[str, AfterValidator(one_line)] = Field(
        default="The Insights team", description="Who signs the mails."
    )
    quiet_from: Annotated[str, AfterValidator(hour_of_day)] = Field(
        default="20:00",
        description="Time of the day, by the district's own clock, from which no mail is begun: nobody acts "
        "on it in the evening.",
    )
    quiet_until: Annotated[str, AfterValidator(hour_of_day)] = Field(
        default="07:00",
        description="Time of the day from which mails are begun again; the same as `quiet_from`: at any "
        "time.",
    )
    attempt_seconds: Seconds = Field(
        default=60,
        description="Seconds that a mail server may take until it has all of a mail but the end; for its "
        "last answer five times as long, since it may look the mail through first.",
    )
    give_up_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=48,
        description="Hours for which a mail is tried; what no server took by then waits for `rostering mails "
        "retry`. Two days outlast a weekend's outage.",
    )
    templates_dir: Path | None = Field(
        default=None, description="Folder of templates of your own, each in place of ours of the same name."
    )
    bounce_address: Annotated[str, AfterValidator(bare_address)] | None = Field(
        default=None,
        description="Where mails that cannot be delivered come back to; the mail's id is put behind a plus "
        "sign before the @, so that a report is known by its address. Unset: the sender's address, as it is.",
    )
    bounces_imap_url: Annotated[SecretStr, url_of("imap", "imaps")] | None = Field(
        default=None,
        description="Mailbox of `bounce_address`, as imaps://user:password@host/INBOX, to be read once a "
        "minute; unset: pipe what comes there into `rostering mails bounced`. imap:// demands STARTTLS to "
        "another machine.",
    )
