"""A real Dovecot on the loopback, with a folder and a user of its own."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.servers.installed import path_of

PASSWORD = "s3sam3-0p3n"  # noqa: S105 — of a mailbox that is gone with its test
CONFIGURATION = """\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A mailbox that can be written into: whoever knows the password has one under any name."""

    port: int
    user: str

    @property
    def url(self) -> str:
        """The address of its inbox."""
        return f"imap://{self.user}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def put(self, *messages: bytes) -> None:
        """Let messages arrive."""
        client = self._logged_in()
        for message in messages:
            client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), message)
        client.logout()

    def unseen(self) -> int:
        """Return how many nobody has looked at."""
        client = self._logged_in()
        client.select("INBOX", readonly=True)
        _, (found,) = client.search(None, "UNSEEN")
        client.logout()
        return len(found.split())

    def _logged_in(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        client.login(self.user, PASSWORD)
        return client


def dovecot_path() -> str:
    """Return where Dovecot is; skips the test where it is not, and fails it where CI runs."""
    return path_of("Dovecot", "dovecot")


@contextmanager
def running_dovecot() -> Iterator[int]:
    """Run one while the context is open; returns its port."""
    path = dovecot_path()
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    with (
        tempfile.TemporaryDirectory(prefix="dovecot-") as name,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        folder, port = Path(name), free.getsockname()[1]
        (folder / "mail").mkdir()
        folder.chmod(0o755)
        if os.getuid() == 0:
            os.chown(folder / "mail", user.pw_uid, user.pw_gid)
        configuration = folder / "dovecot.conf"
        group = grp.getgrgid(user.pw_gid).gr_name
        configuration.write_text(
            CONFIGURATION.format(folder=folder, user=user.pw_name, group=group, password=PASSWORD, port=port)
        )
        free.close()
        server = subprocess.Popen([path, "-F", "-c", configuration], stderr=subprocess.DEVNULL)
        try:
            _until_it_answers(server, port, folder / "log")
            yield port
        finally:
            server.terminate()
            server.wait(20)


def _until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # nothing tells of a port that opens
        else:
            return
    pytest.fail(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
