"""Write the settings down for those who run the program: a page of docs and a file to copy.

    python -m config.document            writes docs/settings.md and config/example.env
    python -m config.document --check    exits 1 and names each file that is not what the settings say

The files are made from `config.settings` and from nothing else, so that a setting is described once.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from config.loading import PREFIX
from config.settings import Settings

ROOT: Final = Path(__file__).parent.parent
COMMAND: Final = "python -m config.document"
WIDTH: Final = 98

UNITS: Final = {
    "_seconds": "seconds",
    "_minutes": "minutes",
    "_hours": "hours",
    "_days": "days",
    "_percent": "percent",
    "_events": "events",
    "_floor": "students",
    "_pool_size": "connections",
    "page_size": "rows",
}
"""By the end of a key's name."""

INSTEAD_OF_UNSET: Final = {
    "broker_url": "amqp://user:password@localhost:5672/",
    "database_url": "postgresql://user:password@localhost:5432/rostering",
    "database_direct_url": "postgresql://user:password@localhost:5432/rostering",
    "client_id": "your-client-id",
    "client_secret": "your-client-secret",
    "alertmanager_url": "http://localhost:9093",
    "otlp_endpoint": "http://localhost:4318",
    "probes_port": "8081",
    "public_url": "https://rostering.example.org",
    "user_header": "X-Forwarded-User",
    "role_header": "X-Forwarded-Role",
    "clever_link": "https://clever.example.org/connect/{client_id}/{district_id}",
    "smtp_url": "smtp://user:password@mail.example.org:587",
    "sender": "Insights <rostering@vendor.example>",
    "reply_to": "help@vendor.example",
    "templates_dir": "mail-templates",
    "bounce_address": "bounces@vendor.example",
    "bounces_imap_url": "imaps://bounces:password@mail.example.org/INBOX",
}
"""What the example file shows for a setting that has no default."""

PAGE: Final = """\
# Settings

<!-- Written by `{command}` from config/settings.py: change it there, then run the command. -->

A setting is an environment variable, or a key in a TOML file. Name the file before the command:
`rostering --config worker.toml run`. If a setting is in both, the environment variable is used. In the
file, a key is the variable's name without `{prefix}`, in lower case. The part before the two
underscores is the table: `ROSTERING_WINDOW__QUIET_SECONDS` is `quiet_seconds` under `[window]`.

The program checks all settings once, when it starts. If it does not know a key or cannot use a value,
it exits with code 2 and one line that names the key. `rostering check-config` only checks the settings,
and prints those in use, with secrets hidden.

To start, copy [config/example.env](../config/example.env). It has every setting at its default, each
commented out.
"""

ENV_HEAD: Final = (
    f"Every setting of rostering, as environment variables, at its default. Written by `{COMMAND}` from "
    "config/settings.py. Copy the file and remove the # from the lines you want to change. The single "
    "quotes are for a shell, for systemd and for docker compose. Leave them out for `docker run --env-file`, "
    "which reads them as part of the value."
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `group` is empty at the top level, `default` is None where there is none."""

    group: str
    about_group: str
    key: str
    form: str
    default: Any
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + "__".join(part.upper() for part in (self.group, self.key) if part)

    @property
    def example(self) -> Any:
        """The default, or a value of the right form where there is none."""
        return INSTEAD_OF_UNSET[self.key] if self.default is None else self.default


@cache
def settings() -> Sequence[Setting]:
    """Return every setting, those of the top level first."""
    schema = Settings.model_json_schema()
    top: list[Setting] = []
    grouped: list[Setting] = []
    for name, field in schema["properties"].items():
        if "$ref" in field:
            group = schema["$defs"][field["$ref"].rpartition("/")[2]]
            about = group["description"]
            grouped += [_setting(name, about, key, each) for key, each in group["properties"].items()]
        else:
            top.append(_setting("", "What the worker is connected to, and the process itself.", name, field))
    return top + grouped


def page() -> str:
    """Return docs/settings.md."""
    pieces = [PAGE.format(command=COMMAND, prefix=PREFIX)]
    for group, members in _by_group():
        pieces.append(f"\n## {f'`[{group}]`' if group else 'Top level'}\n\n{members[0].about_group}\n\n")
        pieces.append(
            "| variable | default | form | meaning, and reason for the default |\n|---|---|---|---|\n"
        )
        pieces += [
            f"| `{each.variable}` | {_in_page(each.default)} | {each.form} | {each.meaning} |\n"
            for each in members
        ]
    return "".join(pieces)


def example_env() -> str:
    """Return config/example.env."""
    pieces = [_comment(ENV_HEAD)]
    for group, members in _by_group():
        pieces.append(f"\n# --- {group or 'top level'}: {members[0].about_group}\n")
        pieces += [
            f"\n{_comment(each.meaning)}#{each.variable}={_in_environment(each.example)}\n"
            for each in members
        ]
    return "".join(pieces)


def rendered() -> dict[str, str]:
    """Return the exact text of every file by its path."""
    return {"docs/settings.md": page(), "config/example.env": example_env()}


def differing(root: Path = ROOT) -> list[str]:
    """Return the paths of the files that are missing or not what the settings say."""
    return [path for path, text in rendered().items() if _read(root / path) != text]


def write(root: Path = ROOT) -> None:
    """Write every file."""
    for path, text in rendered().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write the files, or with `--check` compare them; returns the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write the settings down.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file differs")
    if not parser.parse_args(arguments).check:
        write(root)
        return 0
    paths = differing(root)
    for path in paths:
        sys.stderr.write(f"{path} is not what the settings say; run: {COMMAND}\n")
    return 1 if paths else 0


def _setting(group: str, about: str, key: str, field: dict[str, Any]) -> Setting:
    return Setting(group, about, key, _form(key, field), field["default"], field["description"])


def _form(key: str, field: dict[str, Any]) -> str:
    """Say what a value looks like, and in which unit it counts."""
    field = next((each for each in field.get("anyOf", ()) if each["type"] != "null"), field)
    unit = next((unit for ending, unit in UNITS.items() if key.endswith(ending)), "")
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    match field["type"]:
        case "number" | "integer":
            fractions = ", fractions allowed" if field["type"] == "number" else ""
            return f"{_bounds(field)} {unit}".rstrip() + fractions
        case "array":
            return "JSON list of texts" + (", secret" if field["items"].get("format") == "password" else "")
        case "object":
            values = field.get("additionalProperties", {})
            return "JSON object" + (", secret" if values.get("format") == "password" else "")
        case _:
            return {"password": "text, secret", "path": "folder"}.get(field.get("format", ""), "text")


def _bounds(field: dict[str, Any]) -> str:
    if "exclusiveMinimum" in field:
        return f"more than {field['exclusiveMinimum']}"
    if "maximum" in field:
        return f"{field['minimum']} to {field['maximum']}"
    return f"{field['minimum']} or more"


def _by_group() -> Iterable[tuple[str, list[Setting]]]:
    for group, members in groupby(settings(), key=lambda each: each.group):
        yield group, list(members)


def _in_page(default: Any) -> str:
    if default is None:
        return "unset"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _in_environment(value: Any) -> str:
    return f"'{json.dumps(value)}'" if isinstance(value, list | dict) else str(value)


def _comment(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
