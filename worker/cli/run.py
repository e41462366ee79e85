"""The command `run`: the worker."""

from __future__ import annotations

import asyncio
import signal
import sys

import click

from config.loading import redacted
from config.settings import Settings
from worker.bootstrap import checks, process
from worker.cli.context import CommandContext
from worker.cli.terminal import DistrictProgress, counted_lines
from worker.cli.terminal_console import TerminalConsole
from worker.runtime.logs import configure_logging


@click.command()
@click.option(
    "--stages",
    help=f"Comma-separated stages to run (default: all): {', '.join(checks.STAGES)}.",
)
@click.pass_obj
def run(ctx: CommandContext, stages: str | None) -> None:
    """Run the worker until you stop it."""
    names = [name.strip() for name in stages.split(",") if name.strip()] if stages else list(checks.STAGES)
    worker = process.Worker(ctx.settings, names)
    code = ctx.run(_run(worker, ctx.settings))
    sys.exit(code)


async def _run(worker: process.Worker, settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop.set)
    console = TerminalConsole(stderr=True, highlight=False)
    if not console.is_terminal:
        return await worker.run()
    worker.started = lambda running: console.print(_banner(settings, running.opening_link or running.url))
    with counted_lines(console) as progress:
        # Anew, so that the lines go above the progress and not into it.
        configure_logging(sys.stderr, pretty=True)
        shown = DistrictProgress(progress)
        worker.progress, worker.watch = shown.of, lambda district_id, *_: shown.done(district_id)
        return await worker.run()


def _banner(settings: Settings, url: str | None) -> str:
    broker = redacted(settings.broker_url) if settings.broker_url else "inside this process"
    database = redacted(settings.database_url) if settings.database_url else "embedded"
    out = "" if settings.broker_url else f"\n  messages  {settings.data_dir / 'out'}"
    return (
        f"[bold]rostering[/bold]\n  broker    {broker}\n  database  {database}{out}\n"
        f"  console   {url or 'not running'}\n  [dim]Stop with Ctrl-C.[/dim]"
    )
