"""The commands `users …`: who may log in to the console, and as what."""

from __future__ import annotations

import sys
from typing import Final

import click

from worker.bootstrap.store import AccessStore
from worker.cli.context import CommandContext
from worker.cli.tables import plain_table
from worker.cli.terminal_output import say
from worker.domain.access.users import Role, check_password, name_of, new_name
from worker.operations.passwords import Passwords
from worker.runtime.count_text import counted
from worker.runtime.errors import UserError

_role: Final = click.Choice([role.value for role in Role])


@click.group()
def users() -> None:
    """Manage who can log in to the console, and their roles."""


@users.command("list")
@click.pass_obj
def show(ctx: CommandContext) -> None:
    """List every user."""
    everybody = ctx.on_store(lambda store: store.access.users.everybody())
    if not everybody:
        say("No users yet. Add one with `rostering users add NAME --role ROLE`.")
        return
    table = plain_table("name", "role", "state", "sessions", "added", "password set")
    for user in everybody:
        state = f"disabled {user.disabled_at:%Y-%m-%d}" if user.disabled_at else "enabled"
        days = (f"{user.created_at:%Y-%m-%d}", f"{user.password_changed_at:%Y-%m-%d}")
        table.add_row(user.name, user.role, state, str(user.sessions), *days)
    ctx.console.print(table)


@users.command("link")
@click.pass_obj
def link(ctx: CommandContext) -> None:
    """Print a link that opens the console once. It works only while there are no users."""
    http = ctx.settings.http
    from worker.console.access.request_origin import is_loopback  # noqa: PLC0415 — slow to import

    if not is_loopback(http.host):
        raise UserError(
            "link: the console can be reached from other machines, so it needs users: `rostering users add`"
        )
    token = ctx.on_store(lambda store: _new_link(store.access, ctx.actor))
    host = f"[{http.host}]" if ":" in http.host else http.host
    if http.port:
        say(f"http://{host}:{http.port}/open/{token}")
    else:
        say("At the address of the page, whose port is any free one (ROSTERING_HTTP__PORT is 0):")
        say(f"/open/{token}")


async def _new_link(access: AccessStore, actor: str) -> str:
    if await access.users.exist():
        raise UserError("link: users exist, so log in instead; links work only while there are no users")
    token = await access.local_keys.new_link()
    await access.audit.note(actor, "console.link", None, {})
    return token


@users.command()
@click.argument("name")
@click.option("--role", type=_role, required=True, help="Permissions of the user.")
@click.pass_obj
def add(ctx: CommandContext, name: str, role: str) -> None:
    """Add a user. You are asked for the password, or it is read as one line from standard input."""
    name = new_name(name)
    password = _asked_for(name)
    hashed = ctx.run(Passwords().hash(password))
    ctx.on_store(lambda store: store.access.users.add(name, Role(role), hashed, ctx.actor))
    say(f"{name} can log in as {role}.")


@users.command()
@click.argument("name")
@click.pass_obj
def passwd(ctx: CommandContext, name: str) -> None:
    """Change a user's password, and log the user out everywhere."""
    name = name_of(name)
    password = _asked_for(name)
    hashed = ctx.run(Passwords().hash(password))
    ctx.on_store(lambda store: store.access.users.set_password(name, hashed, ctx.actor))
    say(f"The password of {name} is changed; {name} is logged out everywhere.")


@users.command("role")
@click.argument("name")
@click.argument("role", type=_role)
@click.pass_obj
def set_role(ctx: CommandContext, name: str, role: str) -> None:
    """Change a user's role, and log the user out everywhere."""
    name = name_of(name)
    ctx.on_store(lambda store: store.access.users.set_role(name, Role(role), ctx.actor))
    say(f"{name} is now {role}, and logged out everywhere.")


@users.command()
@click.argument("name")
@click.pass_obj
def disable(ctx: CommandContext, name: str) -> None:
    """Disable a user at once; the audit log keeps what the user did."""
    name = name_of(name)
    ctx.on_store(lambda store: store.access.users.disable(name, ctx.actor))
    say(f"{name} is disabled, and logged out everywhere.")


@users.command()
@click.argument("name")
@click.pass_obj
def enable(ctx: CommandContext, name: str) -> None:
    """Enable a disabled user."""
    name = name_of(name)
    ctx.on_store(lambda store: store.access.users.enable(name, ctx.actor))
    say(f"{name} can log in again.")


@users.group()
def sessions() -> None:
    """Log users out."""


@sessions.command()
@click.argument("name")
@click.pass_obj
def end(ctx: CommandContext, name: str) -> None:
    """Log a user out everywhere."""
    name = name_of(name)
    ended = ctx.on_store(lambda store: store.access.users.end_sessions(name, ctx.actor))
    say(f"{name} is logged out everywhere: {counted(ended, 'session')} ended.")


def _asked_for(name: str) -> str:
    """Return a new password: typed twice on a terminal, else the one line of standard input."""
    if sys.stdin.isatty():
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True))
    else:
        line, more = sys.stdin.readline(), sys.stdin.readline()
        if more:
            raise UserError("password: expected one line on standard input, got more")
        password = line.removesuffix("\n").removesuffix("\r")
    check_password(name, password)
    return password
