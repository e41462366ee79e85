"""The commands, put together, and what becomes of their errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from worker.adapters.private_files import keep_private
from worker.cli.commands import COMMANDS
from worker.cli.lazy_group import LazyGroup
from worker.cli.terminal_output import say
from worker.domain.roster.keepable_text import can_be_kept
from worker.runtime.errors import (
    BaselineRefused,
    BrokerRefused,
    CleverRefused,
    OrderRefused,
    Unavailable,
    UsageError,
)


@click.group(
    cls=LazyGroup,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file of settings; environment variables override it.",
)
@click.version_option(package_name="rostering-worker")
@click.pass_context
def rostering(ctx: click.Context, config_file: Path | None) -> None:
    """Roster school districts from Clever.

    The worker reads their data, checks it, and publishes a commit or a review of each change.
    """
    from worker.cli.context import CommandContext  # noqa: PLC0415 — slow to import, and not for `--help`

    ctx.obj = CommandContext(config_file)


def main() -> None:
    """Run the program; every error that a person can act on is one line, without a traceback."""
    keep_private()
    try:
        _check_arguments(sys.argv[1:])
        code = rostering.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = 2
    except click.ClickException as error:
        _complain(error.format_message())
        code = 2
    except (UsageError, BrokerRefused) as error:
        _complain(str(error))
        code = 2
    except (Unavailable, CleverRefused, BaselineRefused, OrderRefused) as error:
        _complain(str(error))
        code = 1
    except BrokenPipeError:
        code = 0
    except Exception as error:  # noqa: BLE001 — ours to mend; its text may quote a row and is not shown
        from worker.runtime.logs import where  # noqa: PLC0415 — slow to import

        _complain(f"internal error: {type(error).__name__} at {where(error)}")
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _check_arguments(arguments: Sequence[str]) -> None:
    """Raise `UsageError` for bytes that are no text: they could be neither stored nor shown."""
    for number, argument in enumerate(arguments, start=1):
        if not can_be_kept(argument):
            raise UsageError(f"argument {number}: expected text in UTF-8, got other bytes")


def _complain(text: str) -> None:
    say(f"rostering: {' '.join(text.split())}", err=True)
