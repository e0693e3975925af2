"""Free ports of loopback for servers that are about to start."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from secrets import SystemRandom

from harness.errors import ComponentFailed

PORTS = range(15_000, 32_000)
"""Below those that systems give to outgoing connections, which could else take one before its server does."""


def find_free_ports(count: int) -> list[int]:
    """Return so many ports that nobody has, all different.

    They are drawn at random, so that two who search at once hardly find the same. Raises ComponentFailed if
    there are not enough.
    """
    ports: list[int] = []
    with ExitStack() as held:
        for port in _draw():
            if len(ports) == count:
                break
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    if len(ports) < count:
        raise ComponentFailed(
            f"{len(ports)} of {count} ports are free from {PORTS.start} to {PORTS.stop - 1}"
        )
    return ports


def _draw() -> Iterator[int]:
    """Yield every port once, each drawn when it is wanted: few are, and randomness is not for nothing."""
    left = list(PORTS)
    random = SystemRandom()
    while left:
        at = random.randrange(len(left))
        left[at], left[-1] = left[-1], left[at]
        yield left.pop()
