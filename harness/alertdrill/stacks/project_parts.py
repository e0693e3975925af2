"""What alertdrill starts for any stack of a project: its stub providers, and the gateway, in wall time."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence

from alertdrill.core.drill import Drill
from alertdrill.errors import ComponentFailed
from alertdrill.project.placeholders import fill_in
from alertdrill.project.project import Project, StubProvider, Target
from alertdrill.project.targets import find_address
from alertdrill.runtime.free_ports import demand_ports, find_free_ports
from alertdrill.stacks.local_stack import FAULTS, START_WITHIN_S, say_no_fault
from alertdrill.stacks.paging_path import Plan
from alertdrill.stacks.stub_provider import StubOrder, find_port, plan_stub

START_TARGET_WITHIN_S = 180.0
"""A gateway that the project starts may have much to import."""
CONNECT_WITHIN_S = 1.0


def choose_addresses(providers: Sequence[StubProvider], parts: Iterable[str]) -> dict[str, str]:
    """Return an address on loopback for every listener: a provider's port as stated, all others free."""
    stated = {f"provider-{one.name}": one.port for one in providers if one.port is not None}
    demand_ports(stated, {f"provider-{one.name}": one.source for one in providers})
    names = [*parts, *(f"{kind}-{one.name}" for one in providers for kind in ("provider", "control"))]
    free = iter(set(find_free_ports(len(names) + len(stated))) - set(stated.values()))
    ports = {name: stated[name] if name in stated else next(free) for name in names}
    return {name: f"127.0.0.1:{port}" for name, port in ports.items()}


def find_controls(providers: Iterable[StubProvider], addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the URL of each provider's control API, by its name."""
    return {one.name: f"http://{addresses[f'control-{one.name}']}" for one in providers}


def plan_own(
    project: Project,
    target: Target,
    addresses: Mapping[str, str],
    token: str,
    *,
    speed: float,
    environment: Mapping[str, str],
) -> dict[str, Plan]:
    """Return how providers and the gateway are started, the gateway last: it may ask its providers then.

    `token` opens the providers' control API. They answer in wall time, as the gateway asks; their limits and
    spells go by the traffic, which comes `speed` times as fast. `environment` has the keys of behaviours.
    """
    plans: dict[str, Plan] = {
        f"provider-{provider.name}": plan_stub(
            StubOrder(
                name=provider.name,
                dialect=provider.dialect,
                token=token,
                port=find_port(addresses[f"provider-{provider.name}"]),
                control_port=find_port(addresses[f"control-{provider.name}"]),
                behaviour=provider.behaviour,
                of_models=provider.models,
                of_keys=tuple((key.read(environment), behaviour) for key, behaviour in provider.keys),
                traffic_speed=speed,
            )
        )
        for provider in project.providers
    }
    if target.command:
        urls = {one.name: f"http://{addresses[f'provider-{one.name}']}" for one in project.providers}
        plans["gateway"] = (
            [fill_in(text, urls) for text in target.command],
            {name: fill_in(text, urls) for name, text in target.env.items()},
        )
    return plans


def find_patience_s(target: Target) -> float:
    """Return how long the parts may take to be ready, in wall time."""
    return START_TARGET_WITHIN_S if target.command else START_WITHIN_S


def find_outage_obstacle(drill: Drill, target: Target, parts: Sequence[str]) -> str | None:
    """Say why one of the parts cannot be put out as a drill wants it; None when each can."""
    for outage in drill.outages:
        if outage.how not in FAULTS:
            return say_no_fault(outage.how)
        if outage.part == "gateway" and not target.command:
            return "the gateway was not started by the project, which has no command for that"
        if outage.part not in parts:
            return f"there is no part {outage.part!r}; there are: {', '.join(parts)}"
    return None


def demand_silence(target: Target) -> None:
    """Raise ComponentFailed where somebody listens already at the address of a gateway that is to be started.

    It would be taken for the one that the project starts, which may take long to find its port taken.
    """
    address = find_address(target)
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_WITHIN_S).close()
    except OSError:
        return
    raise ComponentFailed(
        f"somebody listens at {address} already, where the project's command is to start the gateway: end "
        "it, or take the command out of [target] to hold drills on what runs there"
    )
