"""A command of the program for a shell, by a fork of the process that has imported it all (`warm_program`).

The first argument is the number of the open channel to that process, the others are the command's. It imports
next to nothing: an import of the program in each command is what it saves.
"""

import json
import os
import socket
import sys

if __name__ == "__main__":
    ours, theirs = os.pipe()
    order = {"arguments": sys.argv[2:], "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        socket.send_fds(channel, [json.dumps(order).encode()], [0, 1, 2, theirs])
    os.close(theirs)
    with os.fdopen(ours) as news:
        _pid, code = news.read().split("\n")
    sys.exit(int(code))
