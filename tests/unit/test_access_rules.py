from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from config.loading import SettingsProblem, load
from config.settings import HttpSettings, Settings
from worker.bootstrap.checks import STAGES, check_stages
from worker.console.access import request_origin
from worker.console.access.csrf import Field, Secret
from worker.console.access.identity import LOCAL, NOBODY, Identity, Permission
from worker.console.access.request_origin import AccessRules
from worker.console.pages.audit import action_text, detail_lines
from worker.console.pages.login import in_words
from worker.domain.access.users import Role, check_password, new_name
from worker.operations.passwords import Passwords
from worker.runtime.errors import SettingsError, UserError

PROXY = AccessRules(trusted=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")), user_header="X-User")


# Roles


@pytest.mark.parametrize(
    ("role", "permitted"),
    [
        (Role.VIEWER, {Permission.SEE}),
        (Role.REVIEWER, {Permission.SEE, Permission.SEE_PERSONAL, Permission.REVIEW}),
        (Role.ADMIN, set(Permission)),
    ],
)
def test_each_role_may_what_the_table_says_and_nothing_else(role: Role, permitted: set[Permission]) -> None:
    identity = Identity("ada", role)

    assert {permission for permission in Permission if identity.may(permission)} == permitted


def test_whoever_sits_at_the_machine_may_everything_and_nobody_nothing() -> None:
    assert all(LOCAL.may(permission) for permission in Permission)
    assert not any(NOBODY.may(permission) for permission in Permission)


def test_the_documents_tell_what_each_role_may_as_the_table_does() -> None:
    told = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()

    for role in Role:
        may = ", ".join(each.value for each in Permission if Identity("", role).may(each))
        assert f"| `{role}` | {may} |\n" in told


# Names and passwords


@pytest.mark.parametrize("name", ["ada", " Ada ", "a", "ada.park@example.org", "9-lives", "a" * 64])
def test_a_name_is_kept_without_space_around_it_and_in_lower_case(name: str) -> None:
    assert new_name(name) == name.strip().lower()


@pytest.mark.parametrize(
    "name", ["", "-ada", "ada park", "a" * 65, "ada\n2", "ädä", "<b>", "local", "unknown"]
)
def test_a_name_that_could_be_taken_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"^user: "):
        new_name(name)


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("eleven char", "at least 12 characters, got 11"),
        ("x" * 1001, "at most 1,000"),
        ("Ada-Lovelace ", "must not be the user's name"),
        ("abababababab", "at least three different characters"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_without_being_shown(password: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        check_password("ada-lovelace", password)

    assert told in str(refused.value)
    assert password.strip() not in str(refused.value)


async def test_a_password_fits_its_own_hash_only_and_a_missing_user_fits_nothing() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    hashed = await passwords.hash("correct horse battery")

    assert await passwords.fits("correct horse battery", hashed)
    assert not await passwords.fits("correct horse batterz", hashed)
    assert not await passwords.fits("correct horse battery", None)
    assert not await passwords.fits("correct horse battery", "no hash at all")


# Patience


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, ""), (1, "1 second"), (90, "90 seconds"), (91, "2 minutes"), (900, "15 minutes")],
)
def test_a_wait_is_told_in_words(seconds: int, text: str) -> None:
    assert in_words(seconds) == text


# Where a request comes from


@pytest.mark.parametrize("path", ["/", "/audit?before=5", "/districts/4fd4/plan#top", "/a?next=//b"])
def test_after_the_log_in_one_goes_on_to_a_page_of_the_console(path: str) -> None:
    assert request_origin.local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *("", None, "audit", "//evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test/"),
        *(
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/\t/evil.test",
            "/ /evil.test",
            "/.//evil.test",
            "/login?next=/",
        ),
    ],
)
def test_after_the_log_in_one_never_goes_on_to_another_site_nor_to_the_log_in(path: str | None) -> None:
    assert request_origin.local_path(path) == "/"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "x.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_names_and_addresses_of_this_machine_only_are_the_loopback(host: str) -> None:
    assert request_origin.is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",  # noqa: S104 — what it is asked about
        "::",
        "192.168.1.4",
        "evil.test",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "notlocalhost",
    ],
)
def test_whatever_others_can_reach_or_own_is_not(host: str) -> None:
    assert not request_origin.is_loopback(host)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:8080", "localhost"),
        ("[::1]:8080", "::1"),
        ("Console.Example.org", "console.example.org"),
        ("", ""),
        ("[", ""),
    ],
)
def test_the_name_in_a_host_header_is_told_without_its_port(header: str, name: str) -> None:
    assert request_origin.name_in(header) == name


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["nonsense"], "nonsense"),
    ],
)
def test_a_client_is_at_the_last_untrusted_address(peer: str, forwarded: list[str], client: str) -> None:
    assert request_origin.client_of(peer, forwarded, PROXY) == client


def test_all_addresses_of_a_network_of_ipv6_are_counted_as_one() -> None:
    assert request_origin.counted_as("2001:db8:1:2::3") == request_origin.counted_as("2001:db8:1:2:ffff::9")
    assert request_origin.counted_as("2001:db8:1:2::3") != request_origin.counted_as("2001:db8:1:3::3")
    assert (
        request_origin.counted_as("::ffff:192.0.2.4") == request_origin.counted_as("192.0.2.4") == "192.0.2.4"
    )
    assert request_origin.counted_as("nonsense") == "unknown"


# Forms


def test_a_forms_token_is_one_of_the_browsers_secret_and_does_not_give_it_away() -> None:
    mine, other = Secret("m" * 43), Secret("o" * 43)

    html = Field(mine).__html__()

    assert mine.token() == Secret("m" * 43).token() != other.token()
    assert html == f'<input type="hidden" name="form_token" value="{mine.token()}">'
    assert mine.value not in html
    assert mine.was_used


# Audit


def test_the_audit_tells_deeds_in_words_also_those_that_it_does_not_know() -> None:
    assert action_text("lookup.section_names") == "viewed section names"
    assert action_text("user.login_failed") == "failed to log in"
    assert action_text("dead_letter.replay") == "dead letter: replay"


def test_the_audit_tells_details_as_text() -> None:
    detail = {"version": 1200, "reason": None, "counts": {"student": 3}, "kept": ["a", "b"], "yes": True}

    assert detail_lines(detail) == [
        *(("version", "1,200"), ("reason", "none"), ("counts", "student 3"), ("kept", "a, b"), ("yes", "yes"))
    ]


# Settings


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRUSTED_PROXIES", '["10.0.0.0/8","nonsense"]', "expected an address or a network"),
        ("TRUSTED_PROXIES", '["0.0.0.0/0"]', "expected specific addresses, got all"),
        ("USER_HEADER", "X User", "expected the name of a header"),
        ("PUBLIC_URL", "console.example.org", "expected an address that begins with http"),
        ("SESSION_HOURS", "0", "expected"),
    ],
)
def test_settings_that_would_open_or_close_the_console_are_refused(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsProblem) as refused:
        load({f"ROSTERING_HTTP__{name}": value})

    assert "ROSTERING_HTTP" in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"user_header": "X-User"}, "TRUSTED_PROXIES: expected the proxies whose headers are trusted"),
        (
            {"role_header": "X-Role", "trusted_proxies": ["10.0.0.1"]},
            "USER_HEADER: expected a value, because",
        ),
    ],
)
def test_a_header_without_a_proxy_that_may_send_it_is_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        check_stages(STAGES, Settings(http=HttpSettings(**settings)))
