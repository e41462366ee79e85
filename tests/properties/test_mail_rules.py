"""Any name and subject is sent as it is written."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.builders.mails import mail, shown
from tests.support.builders.records import NOON
from worker.adapters.mail.mime import SenderIdentity, message, on_the_line
from worker.domain.mail.mails import mailbox
from worker.mail.mail_server import OutgoingMail


def plain(text: str) -> str:
    """Return a header without what quotes a name, and with one blank for each white space."""
    return " ".join(re.sub(r"[\\\"<>]", " ", text).split())


NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters='<>"'), max_size=80
)
FOLDED = st.text(st.sampled_from("aé 学 .,b\\=?"), min_size=40, max_size=120)
"""Long enough to be folded somewhere, with blanks wherever that may be."""


@given(name=NAMES | FOLDED, other=FOLDED)
@example(name="ab acc学aba aab  éaa学f.a.éabc.cb,aéea,c ,bb   .b", other="=?utf-8?q?Ada?=")
@example(name="b 学,e学aa  eébecb ,d e,学eae.abeef,,bfébc acab学", other="Larkspur " * 13)
def test_any_name_and_subject_arrives_as_it_is_written_and_adds_no_header(name: str, other: str) -> None:
    house = SenderIdentity(
        mailbox(f"{other} <rostering@vendor.example>"), mailbox(f"{name} <answers@vendor.example>")
    )
    recipients = (f"{name} <ada@district.example>", f"{other} <bo@district.example>")
    bare = ("ada@district.example", recipients[1])
    outgoing = OutgoingMail(mail().mail_id, recipients, f"Grüße, {other}.", "x\n", "<p>x</p>")

    sent = on_the_line(message(outgoing, house, NOON))

    assert plain(shown(sent, "To")) == plain(", ".join(recipients if name.strip() else bare))
    assert plain(shown(sent, "From")) == plain(f"{other} <rostering@vendor.example>")
    assert plain(shown(sent, "Reply-To")) == plain(f"{name} <answers@vendor.example>")
    assert shown(sent, "Subject") == f"Grüße, {other}."
    read = message_from_bytes(sent, policy=policy.default)
    assert [one.addr_spec for one in read["To"].addresses] == ["ada@district.example", "bo@district.example"]
    assert sorted(read.keys()) == [
        *("Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To"),
        *("Subject", "To"),
    ]
