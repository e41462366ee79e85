"""Reading the settings, and showing them without their secrets.

Set by environment variables with the prefix `ROSTERING_` (and `__` between levels), or by the same keys
in a TOML file; the environment wins. Everything is checked once, at start; an unknown key is refused by
name.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError

from config import security
from config.group import Group
from config.settings import Settings

PREFIX: Final = "ROSTERING_"


class SettingsProblem(ValueError):
    """A setting is unknown or wrong; the text is one line that names its key."""


def load(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read and check the settings; `SettingsProblem` names the key that is wrong."""
    values = _from_file(file) if file else {}
    variables = {
        name: value
        for name, value in (os.environ if environment is None else environment).items()
        if name.startswith(PREFIX)
    }
    for name, value in variables.items():
        _put(values, name.removeprefix(PREFIX).lower().split("__"), value, name)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsProblem(_explain(error, variables)) from None
    if problem := security.refusal(settings):
        raise SettingsProblem(problem)
    return settings


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Return (variable, value, meaning) of every setting, secrets hidden."""
    return [(variable, _shown(value), meaning) for variable, value, meaning in _walk(settings, PREFIX)]


def redacted(url: SecretStr) -> str:
    """Return a URL without its password and its query; of one that is not well formed, the scheme alone."""
    scheme, _, rest = url.get_secret_value().partition("://")
    credentials, at, place = rest.rpartition("@")
    if set("/?#") & set(credentials):
        return f"{scheme}://***"
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}{colon and ':***'}{at}{re.split('[?#]', place)[0]}"


def _walk(group: BaseModel, prefix: str) -> Iterable[tuple[str, Any, str]]:
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, Group):
            yield from _walk(value, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", value, field.description or ""


def _shown(value: Any) -> str:
    match value:
        case None:
            return "(unset)"
        case SecretStr():
            return redacted(value) if "://" in value.get_secret_value() else "***"
        case str() if "://" in value:
            return redacted(SecretStr(value))
        case tuple() if any(isinstance(item, SecretStr) for item in value):
            return f"({len(value)} hidden)"
        case dict() if any(isinstance(item, SecretStr) for item in value.values()):
            return f"({len(value)} hidden)"
        case tuple() | dict():
            return json.dumps(value, default=str)  # days are texts
        case _:
            return str(value)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsProblem(f"--config {file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"--config {file}: expected TOML: {error}") from None


def _put(values: dict[str, Any], steps: list[str], value: str, variable: str) -> None:
    *groups, last = steps
    for step in groups:
        values = values.setdefault(step, {})
        if not isinstance(values, dict):
            raise SettingsProblem(f"{variable}: unknown key")
    values[last] = value


def _explain(error: ValidationError, variables: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    names = [str(step).upper() for step in first["loc"] if isinstance(step, str) and "[" not in step]
    variable = PREFIX + "__".join(names[:2])
    if first["type"] == "extra_forbidden":
        return f"{_as_written(PREFIX + '__'.join(names), variables)}: unknown key"
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    hidden = variable.endswith(SECRETS) or first["type"] == "model_type"  # a group may hold secrets
    got = "" if hidden else f", got {variables.get(variable, first['input'])!r}"
    return f"{variable}: {message}{got}"


def _as_written(variable: str, variables: Mapping[str, str]) -> str:
    return next((name for name in variables if name.upper() == variable), variable)


SECRETS: Final = (
    *(
        "BROKER_URL",
        "DATABASE_URL",
        "DATABASE_DIRECT_URL",
        "CLIENT_SECRET",
        "CHANNELS",
        "ALERTMANAGER_URL",
        "OTLP_ENDPOINT",
    ),
    *("HEADERS", "SMTP_URL", "IMAP_URL"),
)
