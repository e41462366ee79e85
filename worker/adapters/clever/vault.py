"""Districts' tokens, sealed for storage: whoever has the database alone cannot use them."""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from worker.pipeline.poll.clever import Token

_PURPOSE = b"rostering district tokens"


class TokenVault:
    """Seals tokens with a key made of the app's own credentials, and opens what it sealed.

    The key is made anew at each start and stored nowhere. A new client secret makes another key: what was
    sealed before cannot be opened any more, and Clever gives the tokens again.
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        derivation = HKDF(algorithm=SHA256(), length=32, salt=client_id.encode(), info=_PURPOSE)
        key = derivation.derive(client_secret.encode())
        self._key = key
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, token: Token) -> bytes:
        """Encrypt a token; the same one looks different every time."""
        return self._fernet.encrypt(token.value.encode())

    def digest(self, token: Token) -> bytes:
        """Return what tells whether two tokens are the same, and nothing else, to who has not the key."""
        return hmac.digest(self._key, token.value.encode(), "sha256")

    def open(self, sealed: bytes) -> Token | None:
        """Decrypt a token; None where it was sealed with other credentials, or altered."""
        try:
            return Token(self._fernet.decrypt(sealed).decode())
        except (InvalidToken, UnicodeDecodeError):
            return None
