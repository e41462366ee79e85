"""A request for sharing rules with the real program: what a district's mail says, and what is refused."""

from __future__ import annotations

import pytest

from tests.acceptance.program import CLEVER_DEMO, Site
from tests.acceptance.test_mails_of_the_program import settings, until
from tests.support.servers.mail_office import opened_office

pytestmark = pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not here")

DISTRICT = "5a0c91b95c7cc000010d417c"
FILES = [str(CLEVER_DEMO / f"{name}.json") for name in ("users", "sections")]
SAID = """\
In Clever, please change which sections you share with our application. Share only those that match this rule:

  Match all sections where name contains "homeroom"

Please copy the text between the quotation marks exactly. Upper and lower case make no difference.

Students who are in no matching section will no longer be shared with us.

With this rule, 1,004 of 1,004 students would have exactly one class.
"""


async def test_a_district_is_asked_only_for_what_clever_can_do(site: Site) -> None:
    with opened_office() as office:
        site.settings |= settings(office) | {"ONBOARDING__LOOK_SECONDS": "0.2"}
        contact = ("--contact", "ada@district.example", "--time-zone", "UTC")
        await site.done("onboarding", "choose", DISTRICT, "--name", "Maple Hollow", *contact)
        async with site.worker() as worker:
            await site.done("publish", *FILES)
            await worker.logged("batch.decided", lambda line: line["students"] == 1004)
            await worker.logged("district.moved", lambda line: line["after"] == "all_sections_shared")
            asked = await site.done("onboarding", "request-rules", DISTRICT)
            await until(office, 1)

            await site.done("filter", "set", DISTRICT, "-", stdin='{"current_term_only": true}')
            await worker.logged("batch.decided", lambda line: line["trigger"] == "filter")
            searched = await site.done("filter", "suggest", DISTRICT)
            refused = await site.command("onboarding", "request-rules", DISTRICT)
            by_hand = await site.done("onboarding", "request-rules", DISTRICT, "--no-mail")

    (mail,) = office.kept
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert asked == f"{DISTRICT}: sharing rules requested; an e-mail will be sent.\n"
    assert mail.message["Subject"] == "One sharing rule to set for Insights"
    assert SAID in body.get_content().replace("\r\n", "\n")
    assert "because it keeps only sections of current terms" in " ".join(searched.split())
    suggest = f"rostering filter suggest {DISTRICT}"
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "rostering: the first suggestion does not work as sharing rules in Clever, because it keeps only "
        "sections of current terms. Our own section filter can do it: "
        f"run `{suggest} --pick 1 > filter.json`, then `rostering filter set {DISTRICT} filter.json`\n"
    )
    assert by_hand == f"{DISTRICT}: sharing rules requested; no e-mail is sent.\n"
