"""Free TCP ports of the loopback address."""

import random
import socket
from contextlib import closing

# Below the range from which the kernel gives outgoing connections theirs.
LOWEST, HIGHEST = 20_000, 32_000
LOOPBACK = "127.0.0.1"


def choose_listen_port() -> int:
    """Free now; whoever takes it must still be ready to find it taken."""
    while True:
        listen_port = random.randrange(LOWEST, HIGHEST)  # noqa: S311  (no secret)
        with closing(socket.socket()) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((LOOPBACK, listen_port))
            except OSError:
                continue
            return listen_port
