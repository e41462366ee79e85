"""The benchmarks that compare the program with its floor still run; their figures are not looked at here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from benchmarks import filter_change, first_load, settled, start
from benchmarks.servers import Server
from tests.support.servers.postgres_server import PostgresServer

STUDENTS = 100
Short: TypeAlias = Callable[[Server, pytest.FixtureRequest], Awaitable[float]]
SHORT: dict[str, Short] = {
    "first_load": lambda server, _: first_load.compare(server, STUDENTS, 1),
    "filter_change": lambda server, _: filter_change.compare(server, STUDENTS, 1),
    "settled": lambda server, request: settled.compare(
        server, request.getfixturevalue("rabbitmq_vhost_url"), STUDENTS, 2
    ),
    "start": lambda server, _: start.compare(server, 1),
}


@pytest.mark.parametrize("name", SHORT)
async def test_a_benchmark_prints_the_ratio_to_its_floor(
    name: str,
    postgres_server: PostgresServer,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await SHORT[name](Server(postgres_server.url), request)

    ratios = re.findall(
        r"ratio: ([\d.]+) of .*wall time, ([\d.]+) of processor time", capsys.readouterr().out
    )
    assert ratios
    assert all(float(figure) > 0 for pair in ratios for figure in pair)
