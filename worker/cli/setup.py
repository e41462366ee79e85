"""Commands that prepare: `migrate`, `check-config`, `topology declare` and `topology check`."""

from __future__ import annotations

import sys

import click

from config import loading as configuration
from config.topology import TOPOLOGY
from worker.adapters.rabbitmq import rights
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.bootstrap import checks, store
from worker.bootstrap import settings as settings_module
from worker.cli.context import CommandContext
from worker.cli.tables import plain_table
from worker.cli.terminal_output import say
from worker.runtime.errors import SettingsError, TopologyError


@click.command()
@click.pass_obj
def migrate(ctx: CommandContext) -> None:
    """Bring the database's schema up to date."""
    before, after = ctx.run(store.migrate(ctx.settings, lambda line: say(f"rostering: {line}", err=True)))
    if before == after:
        say(f"The database is up to date: version {after}.")
    else:
        say(f"The database was migrated from version {before or 'nothing'} to {after}.")


@click.command()
@click.pass_obj
def check_config(ctx: CommandContext) -> None:
    """Check the settings and show them, with secrets hidden."""
    checks.check_stages(checks.STAGES, ctx.settings)
    table = plain_table("setting", "value", "meaning")
    for variable, value, meaning in configuration.describe(ctx.settings):
        table.add_row(variable, value, meaning)
    ctx.console.print(table)
    for connection in sorted(set(ctx.settings.security.allow_plaintext)):
        say(f"The connection {connection} may be unencrypted outside this machine.")


@click.group()
def topology() -> None:
    """Declare or check the broker's exchanges and queues."""


@topology.command()
@click.pass_obj
def declare(ctx: CommandContext) -> None:
    """Create all missing exchanges, queues and bindings."""
    if ctx.run(_with_broker(ctx, "declare")):
        say("All exchanges and queues exist already; this user may not declare any.")
        return
    say(f"Declared {len(TOPOLOGY.exchanges)} exchanges and {len(TOPOLOGY.queues)} queues.")


@topology.command()
@click.pass_obj
def check(ctx: CommandContext) -> None:
    """Check the exchanges, queues and permissions. All must exist as this program needs them."""
    try:
        uncompared = ctx.run(_with_broker(ctx, "check"))
    except TopologyError as error:
        say(f"rostering: {error}", err=True)
        sys.exit(1)  # the command is right, and the answer is no
    if uncompared:
        say(
            "The broker has every exchange and queue, and this user every permission needed. "
            f"The arguments of {len(set(uncompared))} were not compared: that needs the configure permission."
        )
        return
    say("The broker has every exchange and queue, as declared.")


async def _with_broker(ctx: CommandContext, what: str) -> list[str]:
    """Declare or check; return the names of what could not be compared."""
    if ctx.settings.broker_url is None:
        raise SettingsError("ROSTERING_BROKER_URL: expected the broker's address, got nothing")
    broker = RabbitBroker(ctx.settings.broker_url.get_secret_value(), name=settings_module.process_name())
    try:
        if what == "declare":
            return [] if await broker.declare_topology() else [queue.name for queue in TOPOLOGY.queues]
        await broker.check_topology(rights=rights.ALL_RIGHTS)
    finally:
        await broker.close()
    return broker.uncompared
