"""The command `sandbox`: a Clever of one's own."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from worker.cli.context import CommandContext
from worker.cli.tables import plain_table
from worker.cli.terminal import progress_bars
from worker.runtime.errors import SettingsError
from worker.sandbox.api import CLIENT
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.server import CleverServer
from worker.sandbox.world import World

LISTED = 20
"""Districts shown by name; the others are counted."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="Port to listen on; 0 takes any free port.",
)
@click.option(
    "--districts", type=click.IntRange(1, 10_000), default=3, show_default=True, help="Number of districts."
)
@click.option(
    "--students",
    type=click.IntRange(50, 1_000_000),
    default=1000,
    show_default=True,
    help="Number of students in each district.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed gives the same districts.",
)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Serve the saved Clever pages of this folder, or of each folder in it, instead.",
)
@click.option(
    "--unconnected", is_flag=True, help="Start with no connected district; the order `connect` connects one."
)
@click.option(
    "--change-every",
    type=click.FloatRange(0.0),
    default=0.0,
    metavar="SECONDS",
    help="Make changes in the districts at this interval (default: never).",
)
@click.option(
    "--changes", type=click.IntRange(1), default=5, show_default=True, help="Number of changes each time."
)
@click.pass_obj
def sandbox(
    ctx: CommandContext,
    host: str,
    port: int,
    districts: int,
    students: int,
    seed: int,
    folder: Path | None,
    unconnected: bool,
    change_every: float,
    changes: int,
) -> None:
    """Serve invented districts with a simulated Clever API. It runs until you stop it.

    The client id and the client secret are both "sandbox". Change districts and cause failures with the
    orders under /sandbox, over HTTP.
    """
    with progress_bars() as progress:
        world = (
            World.from_folder(folder)
            if folder
            else World.generated(districts, students, seed, progress=progress)
        )
    if unconnected:
        for one in world.districts.values():
            one.disconnect()
    server = CleverServer(world, change_every=change_every, changes=changes, seed=seed)
    ctx.run(_serve(ctx.console, server, host, port))


async def _serve(console: Console, server: CleverServer, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await server.start(host, port)
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(
            f"cannot listen on {host} port {port}: {why}; choose another --host or --port"
        ) from None
    try:
        _show(console, server)
        await stopped.wait()
    finally:
        await server.close()


def _show(console: Console, server: CleverServer) -> None:
    districts = list(server.running.world.districts.values())
    console.print(f"[bold]A Clever sandbox[/bold] at {server.url}\n", markup=True)
    console.print("Point a worker at it:")
    for name, value in (
        ("API_URL", server.url),
        ("CLIENT_ID", CLIENT),
        ("CLIENT_SECRET", CLIENT),
    ):
        console.print(f"  export ROSTERING_CLEVER__{name}={value}", soft_wrap=True)
    console.print()
    console.print(_table(districts[:LISTED]))
    if len(districts) > LISTED:
        console.print(f"and {len(districts) - LISTED:,} more")
    orders = f"{server.url}/sandbox"
    console.print("\nMake a school day of changes, and let every tenth answer fail:")
    for body, address in (
        ('{"changes":100}', f"{orders}/districts/{districts[0].id}/day"),
        ('{"every":10,"kinds":["500","cut","slow"]}', f"{orders}/faults"),
    ):
        console.print(f"  curl -d '{body}' {address}", soft_wrap=True)
    console.print("[dim]Stop with Ctrl-C.[/dim]", markup=True)
    console.file.flush()


def _table(districts: list[WorldDistrict]) -> Table:
    numbers = ("students", "users", "sections")
    table = plain_table("district", "name", *numbers, numbers=numbers, unbroken=("district",))
    for one in districts:
        sizes = (one.students, len(one.district.users), len(one.district.sections))
        table.add_row(one.id, one.name, *(f"{size:,}" for size in sizes))
    return table
