"""TLS of a PostgreSQL URL: the files that it names, and the system's own authorities where it names none."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from worker.runtime.errors import SettingsError

_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
SYSTEM: Final = "system"
"""What libpq calls the authorities that the system trusts; the driver knows no name for them."""


def tls_context(parameters: Mapping[str, str], setting: str) -> ssl.SSLContext | None:
    """Return what checks a certificate against the system's authorities; None where the driver does better.

    They are taken for `sslrootcert=system`, and where a check is asked for and there is no other file of
    authorities. Raises `SettingsError` for a file that cannot be read.
    """
    for name in _FILES:
        file = parameters.get(name)
        if file and file != SYSTEM and not os.access(file, os.R_OK):
            raise SettingsError(f"{setting}: {name}: expected a file that can be read, got none at {file}")
    mode = parameters.get("sslmode", "")
    is_asked_for = parameters.get("sslrootcert") == SYSTEM
    if not is_asked_for and (not mode.startswith("verify-") or _has_authorities(parameters)):
        return None
    if is_asked_for and mode != "verify-full":
        raise SettingsError(f"{setting}: expected sslmode=verify-full with sslrootcert=system")
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    if "sslcert" in parameters:
        context.load_cert_chain(
            parameters["sslcert"], parameters.get("sslkey"), lambda: parameters.get("sslpassword", "")
        )
    return context


def _has_authorities(parameters: Mapping[str, str]) -> bool:
    named = parameters.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    return bool(named) or (Path.home() / ".postgresql" / "root.crt").exists()
