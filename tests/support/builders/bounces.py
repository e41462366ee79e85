"""Reports of mail servers, as some write them."""

from __future__ import annotations

import uuid

from tests.support.builders.mails import mail

MAIL_ID = mail().mail_id


def report(
    *,
    to: str = f"bounces+{MAIL_ID.hex}@vendor.example",
    action: str = "failed",
    status: str = "5.1.1",
    recipient: str = "ada@district.example",
    quoted: uuid.UUID | None = None,
) -> bytes:
    """Return a report on a mail, as Postfix writes it."""
    original = (
        f"Message-ID: <{quoted}@vendor.example>\nSubject: Ready\n\nHello\n" if quoted else "Subject: x\n\n"
    )
    return f"""\
From: MAILER-DAEMON@mx.district.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

This is the mail system. Your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.district.example
Arrival-Date: Tue, 15 Sep 2026 12:00:00 +0000

Final-Recipient: rfc822; mailbox17@inside.district.example
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--b1
Content-Type: message/rfc822

{original}
--b1--
""".replace("\n", "\r\n").encode()


OUT_OF_OFFICE = f"""\
From: ada@district.example
To: bounces+{MAIL_ID.hex}@vendor.example
Auto-Submitted: auto-replied
Subject: Out of office

I am away until Monday.
""".encode()
