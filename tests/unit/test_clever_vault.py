from __future__ import annotations

import pytest

from worker.adapters.clever.vault import TokenVault
from worker.pipeline.poll.clever import Token

TOKEN = Token("token-canary-8f3a")


def vault(client_id: str = "app-1", ending: str = "canary") -> TokenVault:
    return TokenVault(client_id, f"secret-{ending}")


def test_what_was_sealed_is_opened_again_after_a_restart() -> None:
    assert vault().open(vault().seal(TOKEN)) == TOKEN


@pytest.mark.parametrize("other", [vault(ending="new"), vault(client_id="app-2")])
def test_with_other_credentials_nothing_can_be_opened(other: TokenVault) -> None:
    assert other.open(vault().seal(TOKEN)) is None


def test_what_was_altered_cut_or_never_sealed_cannot_be_opened() -> None:
    sealed = vault().seal(TOKEN)
    altered = sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:]

    assert [vault().open(bad) for bad in (altered, sealed[:-8], b"", b"\xff\x00", b"plain")] == [None] * 5


def test_the_sealed_form_shows_nothing_and_differs_every_time() -> None:
    one = vault()

    assert one.seal(TOKEN) != one.seal(TOKEN)
    assert b"canary" not in one.seal(TOKEN)
    assert len(one.seal(Token("a"))) == len(one.seal(Token("bb")))


def test_neither_vault_nor_token_shows_its_secret_as_text() -> None:
    assert "canary" not in repr(vault()) + str(vault()) + repr(TOKEN) + repr(vars(vault()))
