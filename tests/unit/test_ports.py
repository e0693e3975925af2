"""Ports for servers that are about to start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness import ports
from harness.errors import ComponentFailed
from harness.ports import find_free_ports


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
    assert ports.PORTS.stop <= int(lowest)


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has it; where there are not enough others, that is said."""
    (port,) = find_free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
        with pytest.raises(ComponentFailed, match="0 of 1 ports are free"):
            find_free_ports(1)
    monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
    assert find_free_ports(1) == [port]
