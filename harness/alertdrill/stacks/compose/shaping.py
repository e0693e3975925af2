"""A slow network for one container: what its interfaces send is delayed, or let through a trickle at a time.

The harness starts a container of a moment in the network of the slow one, with the one capability that this
takes; there, `python -m alertdrill.stacks.compose.shaping slow|normal` changes the queueing discipline
(tc-netem(8); tc-tbf(8) where the kernel has no netem).
"""

from __future__ import annotations

import sys

import docker
from docker.errors import ContainerError
from docker.models.containers import Container
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from alertdrill.errors import ComponentFailed

IMAGE = "alertdrill"
DELAY_MICROSECONDS = 250_000
TRICKLE = {"rate": "8kbit", "burst": 1600, "latency": "2s"}
"""About one small answer a second."""
ROOT = 0xFFFFFFFF
ACTIONS = ("slow", "normal")


def slow_down(client: docker.DockerClient, container: Container) -> None:
    """Slow down the network of a container; raises ComponentFailed where the kernel allows no way."""
    _run(client, container, "slow")


def speed_up(client: docker.DockerClient, container: Container) -> None:
    """Give a container its network back as it was. Raises ComponentFailed."""
    _run(client, container, "normal")


def _run(client: docker.DockerClient, container: Container, action: str) -> None:
    try:
        client.containers.run(
            IMAGE,
            ["python", "-P", "-m", "alertdrill.stacks.compose.shaping", action],
            network_mode=f"container:{container.id}",
            user="0:0",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            read_only=True,
            mem_limit="128m",
            remove=True,
            stderr=True,
        )
    except ContainerError as error:
        said = _to_text(error.stderr).strip().splitlines()
        raise ComponentFailed(
            f"the network of {container.name} cannot be made {action}: {said[-1] if said else error}"
        ) from error


def _to_text(said: bytes | str | None) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said or ""


def shape(action: str) -> str:
    """Slow down all interfaces of this network but loopback, or undo it; return by what.

    Raises NetlinkError.
    """
    used = "nothing"
    with IPRoute() as route:
        indexes = [link["index"] for link in route.get_links() if link.get_attr("IFLA_IFNAME") != "lo"]
        for index in indexes:
            if action == "normal":
                route.tc("del", index=index, parent=ROOT)
                continue
            try:
                route.tc("add", "netem", index, handle="1:", delay=DELAY_MICROSECONDS)
                used = "netem"
            except NetlinkError:
                route.tc("add", "tbf", index, handle="1:", **TRICKLE)
                used = "tbf"
    return used


def main() -> None:
    """Shape this network; exits with 1 and one sentence where the kernel does not allow it."""
    if len(sys.argv) != 2 or sys.argv[1] not in ACTIONS:
        sys.stderr.write(f"say one of: {', '.join(ACTIONS)}\n")
        sys.exit(2)
    try:
        sys.stdout.write(f"{shape(sys.argv[1])}\n")
    except NetlinkError as error:
        sys.stderr.write(f"the kernel refuses it: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
