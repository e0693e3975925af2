"""Free ports of loopback for servers that are about to start.

A server opens its port a while after it was found free, and another process may look for one meanwhile. So
each process takes ports from blocks that are its own: a block is held by a name in Linux's abstract namespace
of sockets, which, as the ports do, belongs to the network namespace, and is free again when the process ends.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from secrets import SystemRandom
from threading import Lock

from alertdrill.errors import BadInput, ComponentFailed

PORTS = range(15_000, 32_000)
"""Below those that systems give to outgoing connections, which could else take one before its server does."""
BLOCK = 40
"""Ports that a process holds together, for one file descriptor; a stack has some twenty."""
MAX_BLOCKS = 8
"""Of a process; whoever asks for more ports is given the first again, if nobody listens there any more."""


class Blocks:
    """The blocks of a range of ports that this process holds until it ends, each by a name."""

    def __init__(self, ports: range, name: str) -> None:
        self._ports = ports
        self._name = name
        self._holders: list[socket.socket] = []
        self._next = self._go_round()
        self._lock = Lock()

    def find(self, count: int) -> list[int]:
        """Return so many ports that nobody has, all different.

        Raises ComponentFailed if there are not enough.
        """
        found: list[int] = []
        with self._lock, ExitStack() as tried:
            for port in islice(self._next, len(self._ports)):
                listener = tried.enter_context(socket.socket())
                try:
                    listener.bind(("127.0.0.1", port))
                except OSError:
                    continue
                found.append(port)
                if len(found) == count:
                    return found
        first, last = self._ports[0], self._ports[-1]
        raise ComponentFailed(f"{len(found)} of {count} ports are free from {first} to {last}")

    def release(self) -> None:
        """Let others have the blocks."""
        for holder in self._holders:
            holder.close()

    def _go_round(self) -> Iterator[int]:
        """Yield every port of this process's blocks, again and again; there may be none."""
        held = []
        for block in self._take_blocks():
            held.append(block)
            yield from block
        while held:
            for block in held:
                yield from block

    def _take_blocks(self) -> Iterator[range]:
        """Yield blocks that no other process holds, in an order of this process's own."""
        starts = list(range(0, len(self._ports), BLOCK))
        SystemRandom().shuffle(starts)
        for at in starts:
            if len(self._holders) == MAX_BLOCKS:
                return
            holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                holder.bind(f"\0{self._name}-{self._ports[at]}")
            except OSError:
                holder.close()
                continue
            self._holders.append(holder)
            yield self._ports[at : at + BLOCK]


_BLOCKS = Blocks(PORTS, "alertdrill-ports")


def demand_ports(named: Mapping[str, int], sources: Mapping[str, str] | None = None) -> None:
    """Raise BadInput for a port that cannot be had; each is named with what is to listen there.

    `sources` has the `file:line` of those that a file states.
    """
    takers: dict[int, str] = {}
    with ExitStack() as tried:
        for name, port in named.items():
            if other := takers.get(port):
                raise BadInput(
                    f"{other} and {name} are both to listen on port {port}: give each one of its own"
                )
            takers[port] = name
            listener = tried.enter_context(socket.socket())
            # As servers do: connections of one that has ended are in nobody's way.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
                listener.listen()
            except OSError as error:
                why = os.strerror(error.errno or 0)
                source = (sources or {}).get(name, "")
                what = f"{name} cannot listen on 127.0.0.1:{port}: {why}"
                end = f"{source}: {what}; end what listens there, or state another port"
                raise BadInput(end if source else f"{what}; ask for another port") from error


def find_free_ports(count: int) -> list[int]:
    """Return so many ports that nobody has, all different, and that no other process is given meanwhile.

    Raises ComponentFailed if there are not enough.
    """
    return _BLOCKS.find(count)
