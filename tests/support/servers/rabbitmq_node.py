"""A real RabbitMQ for one test run, started, broken and removed by us.

Every node has its own ports, folder, Erlang cookie and epmd (Erlang's name server, started by us as an
ordinary child: the one that Erlang would start by itself outlives everybody). So several nodes stand
side by side, none meets a RabbitMQ that the machine may already run, and nothing is left behind.

The node is Debian's package, or any other whose `rabbitmq-server` is on the path.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.servers.processes import free_ports, kill, with_children
from tests.support.servers.rabbitmq_installation import binaries, link_plugins

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

BOOT_SECONDS = 110
STOP_SECONDS = 20
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"

# Without its own limits RabbitMQ preallocates for a machine of its own; a full disk on the machine that
# runs the tests must not raise the disk alarm here.
CONFIGURATION = """
listeners.tcp.default = 127.0.0.1:{port}
log.console.level = warning
disk_free_limit.absolute = 1MB
raft.wal_max_size_bytes = 33554432
"""

# Each queue looks after itself every five seconds: a lot for the hundreds that tests leave behind.
ADVANCED_CONFIGURATION = "[{rabbit, [{quorum_tick_interval, 60000}]}].\n"

CALLS = 3
NOT_CONNECTED = "failed to connect"
"""`erl_call` says so on a busy machine, where its handshake is late; nothing was evaluated then."""

ACTOR = '<<"tests">>'
"""Who asks, for RabbitMQ's own log."""


class RabbitNode:
    """One node; `start` it first. Blocking: it is for fixtures and for tests that break it."""

    def __init__(self, folder: Path | None = None, ports: Sequence[int] = ()) -> None:
        found = binaries()
        if found is None:
            raise FileNotFoundError("RabbitMQ is not installed")
        self._binaries = found
        self._folder = folder or Path(tempfile.mkdtemp(prefix="rabbitmq-test-"))
        self._ports = ports or free_ports(3)
        self._port, self._distribution_port, self._epmd_port = self._ports
        self._environment = self._surroundings()
        if folder is None:
            self._furnish()
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._is_paused = False

    @classmethod
    def standing(cls, description: str) -> Self:
        """Return the one that another process started and described, for all but ending it."""
        said = json.loads(description)
        return cls(Path(said["folder"]), said["ports"])

    def description(self) -> str:
        """Describe it, for `standing`."""
        return json.dumps({"folder": str(self._folder), "ports": self._ports})

    @property
    def url(self) -> str:
        """The default virtual host, as the default user."""
        return self.vhost_url("/")

    def vhost_url(self, name: str) -> str:
        """The address of virtual host `name`."""
        return f"amqp://guest:guest@127.0.0.1:{self._port}/{name.replace('/', '%2F')}"

    def start(self) -> Self:
        """Start, or start again with what was on disk; returns when clients can connect."""
        self._epmd = self._spawn(["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"])
        self._server = self._spawn([str(self._binaries / "rabbitmq-server")])
        deadline = time.monotonic() + BOOT_SECONDS
        while not self.answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                self._kill_all()
                raise RuntimeError(f"RabbitMQ did not start:\n{self.log()[-4000:]}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Stop in good order, as an operator would."""
        if self._server is not None:
            started = with_children(self._server)
            self._server.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(STOP_SECONDS)
            kill(started)
        self._kill_all()

    def kill(self) -> None:
        """SIGKILL everything we started, as a power cut would, a while after the last queue was declared."""
        self._write_out()
        self._kill_all()

    def _kill_all(self) -> None:
        for process in (self._server, self._epmd):
            if process is not None:
                kill(with_children(process))
                process.wait(STOP_SECONDS)
        self._server = self._epmd = None
        self._is_paused = False

    def _write_out(self) -> None:
        """Write what the node has in memory of its newest queues to the disk.

        Ra keeps the term of a queue's leader in a table that is written half a second later. A queue that was
        declared within it has no leader after a kill, for good, and refuses every consumer (seen on 3.10.8 in
        ten kills of 24). That is RabbitMQ's, and the tests are of what we do.
        """
        if self._server is not None and self._server.poll() is None and not self._is_paused:
            self.evaluate("lists:foreach(fun dets:sync/1, dets:all())")

    def pause(self) -> None:
        """Freeze it with its connections open, as a machine that hangs does."""
        self._write_out()
        self._is_paused = True
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._is_paused = False
        self._signal_all(signal.SIGCONT)

    def restart(self) -> None:
        """Stop if it still runs, and start on the same ports with the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Kill it and delete its folder."""
        self._kill_all()
        shutil.rmtree(self._folder, ignore_errors=True)

    def answers(self) -> bool:
        """Whether the node greets a client: its port opens last of all in the boot."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1) as client:
            client.sendall(PROTOCOL_HEADER)
            return client.recv(1) == b"\x01"
        return False

    def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` against this node and return what it printed."""
        command = [str(self._binaries / "rabbitmqctl"), "--quiet", *arguments]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def evaluate(self, expression: str) -> None:
        """Evaluate Erlang in the node, in milliseconds: `rabbitmqctl` starts an Erlang machine of its own."""
        caller = shutil.which("erl_call")
        for _ in range(CALLS) if caller is not None else ():
            done = self._call(str(caller), expression)
            if done.returncode == 0 and done.stdout.startswith("{ok,"):
                return
            if NOT_CONNECTED not in done.stdout + done.stderr:
                raise RuntimeError(f"{expression}: {done.stdout}{done.stderr}")
        self.ctl("eval", f"{expression}.")

    def _call(self, caller: str, expression: str) -> subprocess.CompletedProcess[str]:
        cookie = (self._folder / ".erlang.cookie").read_text()
        return subprocess.run(
            [caller, "-n", self._environment["RABBITMQ_NODENAME"], "-c", cookie, "-e"],
            env=self._environment,
            input=f"{expression}.\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def add_vhost(self, name: str) -> None:
        """Create a virtual host that is open to the default user."""
        permitted = _permitted("guest", name, ".*", ".*", ".*")
        self.evaluate(f"ok = rabbit_vhost:add({_text(name)}, {ACTOR}), {permitted}")

    def delete_vhost(self, name: str) -> None:
        """Delete a virtual host with all that is in it."""
        self.evaluate(f"ok = rabbit_vhost:delete({_text(name)}, {ACTOR})")

    def add_user(self, name: str, password: str) -> None:
        """Create a user without any right."""
        self.evaluate(
            f"ok = rabbit_auth_backend_internal:add_user({_text(name)}, {_text(password)}, {ACTOR})"
        )

    def permit(self, user: str, vhost: str, configure: str, write: str, read: str) -> None:
        """Give a user its rights in a virtual host."""
        self.evaluate(_permitted(user, vhost, configure, write, read))

    def delete_user(self, name: str) -> None:
        """Delete a user, whose connections are closed."""
        self.evaluate(f"ok = rabbit_auth_backend_internal:delete_user({_text(name)}, {ACTOR})")

    def permit_topics(self, user: str, vhost: str, exchange: str, write: str, read: str) -> None:
        """Give a user its rights on the topics of an exchange."""
        arguments = ", ".join(map(_text, (user, vhost, exchange, write, read)))
        self.evaluate(f"ok = rabbit_auth_backend_internal:set_topic_permissions({arguments}, {ACTOR})")

    @contextmanager
    def without_room(self, vhost: str) -> Iterator[None]:
        """Let a virtual host take no connection while the context is open."""
        limit = _text('{"max-connections": 0}')
        self.evaluate(f"ok = rabbit_vhost_limit:parse_set({_text(vhost)}, {limit}, {ACTOR})")
        try:
            yield
        finally:
            self.evaluate(f"ok = rabbit_vhost_limit:clear({_text(vhost)}, {ACTOR})")

    def import_definitions(self, file: Path) -> None:
        """Import definitions, as `rabbitmqctl import_definitions` has the node do."""
        self.evaluate(f"ok = rabbit_definitions:import_raw({_text(file.read_text())})")

    def raise_memory_alarm(self) -> None:
        """Say that memory is short, as a node does that may use none."""
        self.evaluate("ok = vm_memory_monitor:set_vm_memory_high_watermark(0)")

    def lift_memory_alarm(self) -> None:
        """Say that there is memory again."""
        self.evaluate("ok = vm_memory_monitor:set_vm_memory_high_watermark(0.8)")

    def log(self) -> str:
        """Everything the node has printed so far."""
        return (self._folder / "log.txt").read_text(errors="replace")

    def _furnish(self) -> None:
        """Write what a node needs before its first start."""
        folder = self._folder
        cookie = folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (folder / "enabled_plugins").write_text("[].")
        (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(port=self._port))
        (folder / "advanced.config").write_text(ADVANCED_CONFIGURATION)
        link_plugins(self._binaries, folder / "plugins")

    def _surroundings(self) -> dict[str, str]:
        folder = self._folder
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RABBITMQ_", "ERL_")) and name != "NOTIFY_SOCKET"
        }
        return inherited | {
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"test{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,  # Debian's would bring the machine's own settings in
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PLUGINS_DIR": str(folder / "plugins"),
            # Schedulers that spin or fill the machine disturb the tests; `strict` halves the file look-ups.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +A 4 -code_path_choice strict",
        }

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then stops us
            )

    def _signal_all(self, number: signal.Signals) -> None:
        if self._server is not None:
            for process in with_children(self._server):
                process.send_signal(number)


def _permitted(*user_vhost_and_rights: str) -> str:
    arguments = ", ".join(map(_text, user_vhost_and_rights))
    return f"ok = rabbit_auth_backend_internal:set_permissions({arguments}, {ACTOR})"


def _text(value: str) -> str:
    """A text in Erlang: JSON escapes what it must in the same way."""
    return f"<<{json.dumps(value)}>>"
