"""Ports for servers that are about to start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest

from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.runtime.free_ports import BLOCK, MAX_BLOCKS, PORTS, Blocks, demand_ports, find_free_ports


def test_ports_are_different_and_can_be_listened_at() -> None:
    """All of them at once."""
    found = find_free_ports(40)
    assert len(set(found)) == 40
    listeners = [socket.create_server(("127.0.0.1", port)) for port in found]
    for listener in listeners:
        listener.close()


def test_connections_that_go_out_are_given_none_of_them() -> None:
    """What Linux gives away by itself is above the range."""
    lowest, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert PORTS.stop <= int(lowest)


STRETCHES = [range(first, first + 2 * MAX_BLOCKS * BLOCK) for first in range(9_000, 14_000, 700)]
"""Ports that no server of ours is given."""


@pytest.fixture
def stretch() -> Iterator[range]:
    """Have ports where nobody listens, and that nobody else who runs these tests binds meanwhile."""
    for ports in cycle(STRETCHES):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as holder, ExitStack() as listeners:
            try:
                holder.bind(f"\0alertdrill-test-stretch-{ports.start}")
                for port in ports:
                    listeners.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            listeners.close()
            yield ports
            return


def make_blocks(ports: range) -> Blocks:
    """Return blocks of a range that only this test knows."""
    return Blocks(ports, f"alertdrill-test-{os.getpid()}-{ports.start}")


def test_a_port_that_was_asked_for_can_be_had() -> None:
    """Nothing is said of ports where nobody listens, and they are free afterwards."""
    first, second = find_free_ports(2)
    demand_ports({"gateway": first, "pager": second})
    demand_ports({"gateway": first, "pager": second})


def test_a_port_that_was_asked_for_and_is_taken_is_bad_input() -> None:
    """Who asked for it is told what was to listen there, and why it cannot."""
    (port,) = find_free_ports(1)
    said = f"^pager cannot listen on 127.0.0.1:{port}: Address already in use; ask for another port$"
    with socket.create_server(("127.0.0.1", port)), pytest.raises(BadInput, match=said):
        demand_ports({"pager": port})


def test_a_port_that_a_file_states_and_is_taken_is_named_with_its_line() -> None:
    """No option asks for another one; the file does."""
    (port,) = find_free_ports(1)
    said = (
        r"^alertdrill\.toml:9: provider-x cannot listen on .*: Address already in use; end what listens there"
    )
    with socket.create_server(("127.0.0.1", port)), pytest.raises(BadInput, match=said):
        demand_ports({"provider-x": port}, {"provider-x": "alertdrill.toml:9"})


def test_a_port_that_two_ask_for_is_named_with_both() -> None:
    """It is not in use, and another one for either is what helps."""
    (port,) = find_free_ports(1)
    with pytest.raises(BadInput) as caught:
        demand_ports({"gateway": port, "pager": port})
    said = f"gateway and pager are both to listen on port {port}: give each one of its own"
    assert str(caught.value) == said


def test_a_taken_port_is_passed_over() -> None:
    """Whoever has it; where there are not enough others, that is said, and it is found when it is free."""
    (port,) = find_free_ports(1)
    blocks = make_blocks(range(port, port + 1))
    try:
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(ComponentFailed, match=f"0 of 1 ports are free from {port} to {port}"),
        ):
            blocks.find(1)
        assert blocks.find(1) == [port]
    finally:
        blocks.release()


def test_two_processes_are_never_given_the_same_port(stretch: range) -> None:
    """Not even while nobody listens there yet: what one holds, another passes over."""
    ports = stretch[: 4 * BLOCK]
    one, other, third = (make_blocks(ports) for _ in range(3))
    try:
        mine = one.find(BLOCK)
        its = other.find(2 * BLOCK)
        assert not set(mine) & set(its)
        assert len(third.find(BLOCK // 2)) == BLOCK // 2
        with pytest.raises(ComponentFailed, match=f" of {BLOCK + 1} ports are free"):
            third.find(BLOCK + 1)
        one.release()
        assert set(make_and_find(ports)) == set(mine)
    finally:
        for blocks in (one, other, third):
            blocks.release()


def make_and_find(ports: range) -> list[int]:
    """Return the ports of one block, as one more process is given them."""
    blocks = make_blocks(ports)
    try:
        return blocks.find(BLOCK)
    finally:
        blocks.release()


def test_a_process_holds_few_blocks_and_goes_round_them(stretch: range) -> None:
    """However long it lives: what it was given first it is given again, and the rest is left to others."""
    blocks = make_blocks(stretch)
    try:
        first = blocks.find(MAX_BLOCKS * BLOCK)
        assert blocks.find(MAX_BLOCKS * BLOCK) == first
    finally:
        blocks.release()


def test_a_process_that_ends_leaves_its_ports_to_others() -> None:
    """Also when it is killed; until then nobody else is given them."""
    code = (
        "from alertdrill.runtime.free_ports import find_free_ports as f; print(f(1)[0], flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        start = port - (port - PORTS.start) % BLOCK
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as holder:
            with pytest.raises(OSError, match="in use"):
                holder.bind(f"\0alertdrill-ports-{start}")
            process.kill()
            process.wait()
            holder.bind(f"\0alertdrill-ports-{start}")
