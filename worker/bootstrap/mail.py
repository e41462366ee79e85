"""What e-mails to districts need of the settings: how they are composed, and what sends them."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

from config.mail_settings import MailSettings
from config.settings import Settings
from worker.domain.mail.mails import mailbox
from worker.domain.mail.quiet_hours import QuietHours
from worker.mail.bounces import BounceStage
from worker.mail.compose import Composer, Vendor
from worker.mail.mail_store import Mails
from worker.mail.send import MailStage
from worker.runtime.errors import MailError, SettingsError
from worker.runtime.loop import Stage
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import Tracer

SENDERS: Final = 4
"""Mails sent side by side in one process, each of another district: sending is mostly waiting."""
GIVE_UP: Final = timedelta(hours=48)
"""How long sending is tried: longer than an outage over a weekend."""


def check(settings: Settings) -> None:
    """Raise `SettingsError` where a setting of mails lacks another, or a template will not do."""
    mail = settings.mail
    if mail.smtp_url is not None and mail.sender is None:
        raise SettingsError(
            "ROSTERING_MAIL__SENDER: expected a sender, because ROSTERING_MAIL__SMTP_URL is set"
        )
    if mail.bounces_imap_url is not None:
        from worker.adapters.mail.server_url import place  # noqa: PLC0415 — only where it is used

        where = place(mail.bounces_imap_url.get_secret_value())
        if where.user is None or where.password is None:
            raise SettingsError("ROSTERING_MAIL__BOUNCES_IMAP_URL: expected a user and a password in it")
    if mail.smtp_url is None and mail.templates_dir is None:
        return
    try:
        composer(settings).check()
    except MailError as error:
        raise SettingsError(f"ROSTERING_MAIL__TEMPLATES_DIR: {error}") from None


def composer(settings: Settings) -> Composer:
    """Return what composes mails; raises `MailError` for a folder that there is not."""
    mail = settings.mail
    answers = mail.reply_to or mail.sender
    vendor = Vendor(mail.product, mail.vendor, mailbox(answers).address if answers else None)
    return Composer(vendor, mail.templates_dir)


def quiet_hours(mail: MailSettings) -> QuietHours:
    """Return when no mail is begun."""
    return QuietHours(time.fromisoformat(mail.quiet_from), time.fromisoformat(mail.quiet_until))


def mail_stages(mails: Mails, metrics: Metrics, settings: Settings, tracer: Tracer) -> list[Stage]:
    """Return what sends mails, and what reads those that come back; nothing without a mail server."""
    mail = settings.mail
    if mail.smtp_url is None or mail.sender is None:
        return []
    from worker.adapters.mail.imap import ImapMailbox  # noqa: PLC0415 — only where mail is sent
    from worker.adapters.mail.mime import SenderIdentity  # noqa: PLC0415
    from worker.adapters.mail.smtp import SmtpServer  # noqa: PLC0415

    reply_to = mailbox(mail.reply_to) if mail.reply_to else None
    house = SenderIdentity(mailbox(mail.sender), reply_to, mail.bounce_address)
    may_be_plain = "mail" in settings.security.allow_plaintext
    url = mail.smtp_url.get_secret_value()
    server = SmtpServer(url, house, mail.attempt_seconds, may_be_plain=may_be_plain)
    attempt = timedelta(seconds=mail.attempt_seconds)
    quiet = quiet_hours(mail)
    made: list[Stage] = [
        MailStage(server, mails, metrics, quiet, GIVE_UP, attempt, tracer) for _ in range(SENDERS)
    ]
    if mail.bounces_imap_url is not None:
        bounces = mail.bounces_imap_url.get_secret_value()
        mailbox_of_bounces = ImapMailbox(bounces, may_be_plain=may_be_plain)
        made.append(BounceStage(mailbox_of_bounces, mails, metrics))
    return made
