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
        description="Mail server, as smtp://user:password@host:587 (STARTTLS, required to another machine) "
        "or smtps:// (TLS from the start). With one, the stage notify sends mails; `sender` has to be set "
        "too.",
    )
    sender: Annotated[str, AfterValidator(mailbox)] | None = Field(
        default=None, description="Sender of the e-mails: an address, or a name and an address."
    )
    reply_to: Annotated[str, AfterValidator(mailbox)] | None = Field(
        default=None, description="Address for replies and questions. Unset: the sender."
    )
    product: Annotated[str, AfterValidator(one_line)] = Field(
        default="Insights", description="Name of the product in e-mails."
    )
    vendor: Annotated[str, AfterValidator(one_line)] = Field(
        default="The Insights team", description="Signature of the e-mails."
    )
    quiet_from: Annotated[str, AfterValidator(hour_of_day)] = Field(
        default="20:00",
        description="Start of the quiet hours, in the district's time zone: no e-mails are sent in the "
        "evening.",
    )
    quiet_until: Annotated[str, AfterValidator(hour_of_day)] = Field(
        default="07:00",
        description="End of the quiet hours. Same as `quiet_from`: no quiet hours.",
    )
    attempt_seconds: Seconds = Field(
        default=60,
        description="Seconds for handing an e-mail to the mail server. Its final answer may take five "
        "times as long, because it may scan the e-mail first.",
    )
    templates_dir: Path | None = Field(
        default=None,
        description="Folder with your own templates; each replaces the built-in one with the same name.",
    )
    bounce_address: Annotated[str, AfterValidator(bare_address)] | None = Field(
        default=None,
        description="Address for bounces. The e-mail's ID is added after a plus sign before the @, so that "
        "each bounce can be matched. Unset: the sender's address, unchanged.",
    )
    bounces_imap_url: Annotated[SecretStr, url_of("imap", "imaps")] | None = Field(
        default=None,
        description="Mailbox of `bounce_address`, as imaps://user:password@host/INBOX, read once a minute. "
        "Unset: bounces are not read. imap:// requires STARTTLS to another machine.",
    )
