"""Who gets which page of the console: the real site, over a real store."""

from __future__ import annotations

import re

import pytest
from structlog.testing import capture_logs

from tests.support.fixtures.access import PASSWORD, Answer, Serve
from tests.support.fixtures.store import StoreUnderTest
from worker.console.access.identity import Identity
from worker.console.page import Route
from worker.domain.access.users import Role

WITHOUT_LOG_IN = {
    *(("GET", "/live"), ("GET", "/ready"), ("GET", "/metrics")),
    *(("GET", "/static/{name}"), ("GET", "/login"), ("POST", "/login")),
    *(("GET", "/connect/{token}"), ("GET", "/open/{token}")),
}
DENIED = "You do not have access"
OUT_OF_DATE = "This form is out of date"
FORM = "application/x-www-form-urlencoded"
ELSEWHERE = "This form was sent by another site"


def path_of(page: Route) -> str:
    """Return a path that leads to the page, of a district that there is not."""
    return re.sub(r"\{[^}]*\}", "0", page.path)


def asks_to_log_in(answer: Answer) -> bool:
    return answer.status == 303 and answer.headers["Location"].startswith("/login")


# Every page


async def test_only_pages_that_name_nobody_are_answered_without_a_permission(serve: Serve) -> None:
    async with serve() as served:
        public = {(page.method, page.path) for page in served.pages if page.permission is None}

    assert public == WITHOUT_LOG_IN


@pytest.mark.parametrize("role", list(Role))
async def test_every_page_is_answered_to_the_roles_of_its_permission(serve: Serve, role: Role) -> None:
    async with serve() as served, served.logged_in(role) as browser:
        for page in served.pages:
            if page.permission is None:
                continue
            may = Identity("", role).may(page.permission)
            # A form without its token: those who may send it are told so, and nothing is carried out.
            asking = browser.get(path_of(page)) if page.method == "GET" else browser.post(path_of(page), {})
            answer = await asking

            assert (DENIED in answer.text) == (not may), page
            assert (OUT_OF_DATE in answer.text) == (may and page.method == "POST"), page
            assert (answer.status == 403) == (not may or page.method == "POST"), page
            assert answer.status < 500, page
            assert not asks_to_log_in(answer), page


async def test_whoever_did_not_log_in_gets_no_page_but_the_way_to_the_log_in(serve: Serve) -> None:
    async with serve() as served:
        await served.add_user("ada")
        async with served.browser() as browser:
            for page in served.pages:
                if page.permission is None:
                    continue
                if page.method == "GET":
                    answer = await browser.get(f"{path_of(page)}?a=1")
                    assert answer.headers["Location"] == f"/login?next={path_of(page)}%3Fa%3D1"
                else:
                    answer = await browser.post(path_of(page), {})
                    assert answer.status == 401, page
                assert "no-store" in answer.headers["Cache-Control"], page


async def test_probes_metrics_and_style_sheets_need_no_log_in(serve: Serve) -> None:
    async with serve(host="0.0.0.0") as served, served.browser() as browser:  # noqa: S104
        for path in ("/live", "/metrics", "/static/style.css", "/login"):
            assert (await browser.get(path)).status == 200, path


async def test_every_answer_has_the_headers_that_hold_a_browser_back(serve: Serve) -> None:
    async with serve() as served:
        await served.add_user("ada")
        async with served.browser() as browser:
            for path in ("/", "/login", "/none", "/live", "/static/style.css"):
                answer = await browser.get(path)
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                assert "Strict-Transport-Security" not in answer.headers
                assert answer.headers["Server"] == "rostering"


# Logging in and out


async def test_a_log_in_gives_a_session_that_scripts_and_other_sites_cannot_have(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser:
        await served.add_user("ada")

        answer = await browser.log_in(" Ada ", next="/account")

        assert (answer.status, answer.headers["Location"]) == (303, "/account")
        assert re.fullmatch(r"[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", answer.cookies["rostering_session"])
        assert "ada</a>" in (await browser.get("/account")).text
        kept = await served.store.rows("SELECT * FROM sessions")
        assert (browser.cookie() or "?") not in str(kept)


async def test_over_https_the_cookies_are_for_https_only_and_browsers_stay_there(serve: Serve) -> None:
    async with serve(trusted_proxies=["127.0.0.1"]) as served, served.browser() as browser:
        await served.add_user("ada")
        asked = await browser.get("/login", X_Forwarded_Proto="https")
        browser.keep("__Host-rostering_visit", asked.cookies["__Host-rostering_visit"].partition(";")[0])
        form = {"form_token": asked.token, "name": "ada", "password": PASSWORD}

        answer = await browser.post("/login", form, X_Forwarded_Proto="https")

        assert answer.status == 303
        for name, said in {**asked.cookies, **answer.cookies}.items():
            assert name.startswith("__Host-rostering_"), name
            assert "; Secure" in said, name
            assert "; Path=/;" in said, name
            assert "Domain" not in said, name
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("name", ["ada", "nobody", "bob", "", "x" * 500])
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(serve: Serve, name: str) -> None:
    async with serve() as served, served.browser() as browser:
        await served.add_user("ada")
        await served.add_user("bob")
        await served.users.disable("bob", "test")

        answer = await browser.log_in(name, "wrong horse battery" if name == "ada" else PASSWORD)

        assert answer.status == 401
        assert "Wrong name or password." in answer.text
        assert browser.cookie() is None


async def test_the_audit_keeps_log_ins_and_nothing_that_was_typed_by_a_stranger(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser:
        await served.add_user("ada")
        await browser.log_in("my-password-by-mistake", "and another one")
        await browser.log_in("ada", "wrong horse battery")
        await browser.log_in("ada")
        token = (await browser.get("/account")).token
        await browser.post("/logout", {"form_token": token})

        rows = await served.store.rows("SELECT actor, action, detail FROM audit ORDER BY id OFFSET 1")

    assert [(row["actor"], row["action"]) for row in rows] == [
        ("unknown", "user.login_failed"),
        ("ada", "user.login_failed"),
        ("ada", "user.login"),
        ("ada", "user.logout"),
    ]
    assert "horse" not in str(rows)


async def test_a_log_out_ends_the_session_also_for_whoever_copied_its_cookie(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser, served.browser() as thief:
        await served.add_user("ada")
        await browser.log_in("ada")
        thief.keep("rostering_session", browser.cookie() or "")
        token = (await browser.get("/")).token
        assert (await thief.get("/")).status == 200

        answer = await browser.post("/logout", {"form_token": token})

        assert answer.headers["Location"] == "/login?done=logged-out"
        assert browser.cookie() is None
        assert asks_to_log_in(await thief.get("/"))
        assert "You are logged out." in (await browser.get("/login?done=logged-out")).text


async def test_a_session_that_was_planted_before_the_log_in_is_not_the_one_after_it(serve: Serve) -> None:
    planted = "p" * 43
    async with serve() as served, served.browser() as browser, served.browser() as stranger:
        await served.add_user("ada")
        browser.keep("rostering_session", planted)
        stranger.keep("rostering_session", planted)

        await browser.log_in("ada")

        assert browser.cookie() != planted
        assert (await browser.get("/")).status == 200
        assert asks_to_log_in(await stranger.get("/"))


async def test_a_second_log_in_of_a_browser_ends_its_first_session(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser, served.browser() as other:
        await served.add_user("ada")
        await browser.log_in("ada")
        other.keep("rostering_session", browser.cookie() or "")

        await browser.log_in("ada")

        assert (await browser.get("/")).status == 200
        assert asks_to_log_in(await other.get("/"))


async def test_one_goes_on_to_no_other_site_after_the_log_in(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser:
        await served.add_user("ada")

        answer = await browser.log_in("ada", next="//evil.test/")

        assert answer.headers["Location"] == "/"


async def test_guessing_is_answered_with_how_long_to_wait_also_by_another_process(serve: Serve) -> None:
    async with serve() as served, serve() as other, served.browser() as browser, other.browser() as second:
        await served.add_user("ada")
        tries = [await browser.log_in("ada", f"wrong horse {number}") for number in range(5)]

        refused, elsewhere = await browser.log_in("ada"), await second.log_in("ada")

    assert [answer.status for answer in tries] == [401] * 5
    assert (refused.status, elsewhere.status) == (429, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 5
    assert "Try again in" in refused.text


# Forms


async def test_a_form_without_the_token_of_its_session_changes_nothing(serve: Serve) -> None:
    async with serve() as served:
        await served.add_user("ada")
        async with served.browser() as browser, served.browser() as other:
            await browser.log_in("ada")
            await other.log_in("ada")
            strange = (await other.get("/")).token
            for form in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": strange}):
                answer = await browser.post("/logout", form)
                assert (answer.status, OUT_OF_DATE in answer.text) == (403, True), form

            assert (await browser.get("/")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
async def test_a_form_of_another_site_is_refused_with_a_token(serve: Serve, headers: dict[str, str]) -> None:
    async with serve() as served, served.logged_in(Role.ADMIN) as browser:
        token = (await browser.get("/")).token

        refused = await browser.post("/logout", {"form_token": token}, **headers)
        own = served.url.rstrip("/")
        taken = await browser.post("/logout", {"form_token": token}, Origin=own, Sec_Fetch_Site="same-origin")

    assert (refused.status, ELSEWHERE in refused.text) == (403, True)
    assert taken.status == 303


async def test_behind_a_proxy_that_changes_the_host_the_public_address_is_ours_too(serve: Serve) -> None:
    async with (
        serve(public_url="https://console.example.org") as served,
        served.logged_in(Role.VIEWER) as browser,
    ):
        token = (await browser.get("/")).token

        answer = await browser.post("/logout", {"form_token": token}, Origin="https://console.example.org")

    assert answer.status == 303


async def test_a_form_is_read_up_to_a_mebibyte_and_only_as_forms_are_sent(serve: Serve) -> None:
    async with serve() as served, served.logged_in(Role.VIEWER) as browser:
        token = (await browser.get("/")).token

        body = f"form_token={token}".encode()
        large = await browser.send("/logout", body + b"&more=" + b"x" * (1 << 20), FORM)
        other = await browser.send("/logout", body, "text/plain")
        odd = await browser.send("/logout", body, f"{FORM}; charset=nonsense")
        broken = await browser.send("/logout", body + b"&more=\xff", FORM)

    assert [answer.status for answer in (large, other, odd, broken)] == [413, 415, 400, 400]


# The own password


async def test_a_user_changes_the_own_password_and_is_logged_out_everywhere(serve: Serve) -> None:
    anew = "another horse battery"
    async with serve() as served, served.browser() as browser, served.browser() as other:
        await served.add_user("ada")
        await browser.log_in("ada")
        await other.log_in("ada")
        form = {"form_token": (await browser.get("/account")).token, "new": anew, "again": anew}

        wrong = await browser.post("/account", {**form, "current": "wrong horse battery"})
        unlike = await browser.post("/account", {**form, "current": PASSWORD, "again": "other"})
        short = await browser.post("/account", {**form, "current": PASSWORD, "new": "x", "again": "x"})
        done = await browser.post("/account", {**form, "current": PASSWORD})

        assert [wrong.status, unlike.status, short.status] == [400, 400, 400]
        assert (done.status, done.headers["Location"]) == (303, "/login?done=password-changed")
        assert asks_to_log_in(await other.get("/"))
        assert (await browser.log_in("ada")).status == 401
        assert (await browser.log_in("ada", anew)).status == 303


# At this machine


async def test_at_this_machine_nobody_logs_in_until_there_is_a_user(serve: Serve) -> None:
    async with serve() as served, serve() as later, served.browser() as browser, later.browser() as second:
        before = await browser.get("/")
        await served.add_user("ada")
        after = await second.get("/")

    assert before.status == 200
    assert 'local</a> <span class="soft">(admin)</span>' in before.text
    assert asks_to_log_in(after)


async def test_without_users_a_link_opens_the_console_once_and_leaves_the_address(serve: Serve) -> None:
    async with serve() as served, serve() as other, served.browser(by_link=False) as browser:
        token = await served.new_link()
        guarded = [page for page in served.pages if page.permission is not None]
        strangers = [
            await (browser.get(path_of(page)) if page.method == "GET" else browser.post(path_of(page), {}))
            for page in guarded
        ]
        looked_ahead = await browser.session.head(f"/open/{token}", allow_redirects=False)
        opened = await browser.get(f"/open/{token}")
        page = await browser.get("/")
        async with other.browser(by_link=False) as second:
            again = await second.get(f"/open/{token}")
            without = await second.get("/")
        kept = await served.store.rows("SELECT * FROM local_keys")

    assert {(each.status, "rostering users link" in each.text) for each in strangers} == {(401, True)}
    assert looked_ahead.status == 200
    assert (opened.status, opened.headers["Location"]) == (303, "/")
    assert re.fullmatch(r"[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", opened.cookies["rostering_local"])
    assert (page.status, token in page.text) == (200, False)
    assert (again.status, without.status) == (401, 401)
    assert "This link was used" in again.text
    assert token not in str(kept)


async def test_no_invented_link_and_no_invented_cookie_opens_the_console(serve: Serve) -> None:
    async with serve() as served, served.browser(by_link=False) as browser:
        invented = [(await browser.get(f"/open/{text}")).status for text in ("x" * 43, "x", "%00", "..")]
        browser.keep("rostering_local", "x" * 43)
        page = await browser.get("/")

    assert set(invented) <= {400, 401, 404}
    assert page.status == 401


async def test_a_link_and_what_it_opened_are_over_as_soon_as_there_is_a_user(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser:
        token = await served.new_link()
        before = await browser.get("/")
        await served.add_user("ada")
        after = await browser.get("/")
        opened = await browser.get(f"/open/{token}")

    assert before.status == 200
    assert asks_to_log_in(after)
    assert (opened.status, opened.cookies) == (303, {})


async def test_without_users_the_console_answers_to_names_of_this_machine_only(serve: Serve) -> None:
    async with serve() as served, served.browser() as browser:
        rebound = await browser.get("/", Host="evil.test")
        proxied = await browser.get("/", X_Forwarded_For="198.51.100.7")
        named = await browser.get("/", Host="localhost:8080")

    assert (rebound.status, proxied.status, named.status) == (421, 403, 200)
    assert "Districts</h1>" not in rebound.text + proxied.text


async def test_off_the_loopback_nobody_is_taken_for_somebody_at_this_machine(serve: Serve) -> None:
    async with serve(host="0.0.0.0") as served, served.browser() as browser:  # noqa: S104
        assert not await served.access.may_be_served()
        assert asks_to_log_in(await browser.get("/"))

        await served.add_user("ada")
        may_then = await served.access.may_be_served()
        await served.users.disable("ada", "test")

        assert may_then
        assert not await served.access.may_be_served()


# Behind a proxy


async def test_a_trusted_proxy_says_who_asks_and_a_known_users_role_counts(serve: Serve) -> None:
    proxy = {"trusted_proxies": ["127.0.0.0/8"], "user_header": "X-User", "role_header": "X-Role"}
    async with serve(**proxy) as served, served.browser() as browser:
        await served.users.add("ada", Role.ADMIN, "$argon2id$none", "test")
        await served.users.add("bob", Role.ADMIN, "$argon2id$none", "test")
        await served.users.disable("bob", "test")

        known = await browser.get("/", X_User="Ada", X_Role="viewer")
        told = await browser.get("/", X_User="carol", X_Role="reviewer")
        unheard = await browser.get("/", X_User="carol", X_Role="emperor")
        disabled = await browser.get("/", X_User="bob")
        nobody = await browser.get("/")

    assert "(admin)" in known.text
    assert "(reviewer)" in told.text
    assert "(viewer)" in unheard.text
    assert disabled.status == 403
    assert asks_to_log_in(nobody)


async def test_a_header_that_names_a_user_is_refused_from_any_other_address(serve: Serve) -> None:
    proxy = {"trusted_proxies": ["192.0.2.1"], "user_header": "X-User"}
    async with serve(**proxy) as served, served.logged_in(Role.ADMIN) as browser:
        answer = await browser.get("/", X_User="ada", X_Forwarded_For="192.0.2.1")

    assert answer.status == 403
    assert "This address is not a trusted proxy" in answer.text


async def test_forms_behind_a_proxy_need_their_token_too(serve: Serve) -> None:
    proxy = {"trusted_proxies": ["127.0.0.1"], "user_header": "X-User"}
    async with serve(**proxy) as served, served.browser() as browser, served.browser() as other:
        asked = await browser.get("/login", X_User="ada")

        right = await browser.post("/logout", {"form_token": asked.token}, X_User="ada")
        wrong = await other.post("/logout", {"form_token": asked.token}, X_User="ada")

    assert (right.status, wrong.status) == (303, 403)


# The audit's page


async def test_a_look_at_personal_data_is_in_the_audit_that_is_told_page_by_page(serve: Serve) -> None:
    async with serve() as served, served.logged_in(Role.ADMIN) as browser:
        for number in range(102):
            await served.access.audit.note("bob", "lookup.section_names", f"d{number % 2}", {"rows": number})

        newest = await browser.get("/audit")
        older_path = re.findall(r'href="(/audit\?before=\d+)"', newest.text)
        oldest = await browser.get(older_path[0])
        of_one = await browser.get("/audit?district=d1")
        odd = await browser.get("/audit?district=%3Cb%3E&before=x")

    assert newest.text.count("viewed section names") == 100
    assert newest.text.index("</span> 101<") < newest.text.index("</span> 2<")
    assert oldest.text.count("viewed section names") == 2
    assert "added a user" in oldest.text
    assert of_one.text.count("viewed section names") == 51
    assert (odd.status, "No entries" in odd.text) == (200, True)


async def test_a_page_the_database_fails_says_so_and_is_logged(serve: Serve, store: StoreUnderTest) -> None:
    async with serve() as served, served.logged_in(Role.ADMIN) as browser:
        await store.rows("ALTER TABLE windows RENAME TO elsewhere")
        with capture_logs() as logs:
            answer = await browser.get("/")

    assert answer.status == 503
    failed = [log for log in logs if log["event"] == "http.failed"]
    assert [(log["page"], log["sqlstate"], log["table"]) for log in failed] == [("/", "42P01", "windows")]
