"""A stub provider as a process of its own, beside any gateway."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.project import project
from alertdrill.runtime.process import Process, inherit_environment, start
from alertdrill.stacks.paging_path import Plan

DIALECTS = tuple(sorted(project.DIALECTS))
"""What stubs speak, in the order of the alphabet."""
STARTS_WITHIN_S = 30.0
LOOK_EVERY_S = 0.02
KEY_OF_BEHAVIOUR = "ALERTDRILL_BEHAVIOUR_KEY_{number}"
"""Names the variable with a key whose calls are met otherwise."""
BAD_USAGE = 2
"""What a stub ends with that cannot use what it is started with; its last words say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StubOrder:
    """What a stub is started with; both ports are on loopback, 0 is any that is free.

    Without a `key` it accepts calls with any. `behaviour` is that of every model, as its control API has it;
    `of_models` have their own, and `of_keys`, by the key itself. Where calls come `traffic_speed` times as
    fast and are answered in another time, limits and spells go by it.
    """

    name: str
    dialect: str
    token: str = field(repr=False)
    key: str | None = field(default=None, repr=False)
    port: int = 0
    control_port: int = 0
    speed: float = 1.0
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    traffic_speed: float | None = None
    of_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    of_keys: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A stub that runs: where it answers calls, and where it is told how."""

    url: str
    control: str
    process: Process


@contextmanager
def open_stub(order: StubOrder, log_path: Path) -> Iterator[Stub]:
    """Run a stub for the length of the block.

    Raises BadInput for a port that cannot be had, ComponentFailed if it does not start otherwise.
    """
    argv, secrets = plan_stub(order)
    process = start(f"the stub {order.name}", argv, env=inherit_environment(secrets), log_path=log_path)
    try:
        addresses = _await_addresses(process, log_path)
        yield Stub(
            url=f"http://{addresses['listen']}", control=f"http://{addresses['control']}", process=process
        )
    finally:
        process.stop()


def plan_stub(order: StubOrder) -> Plan:
    """Return how a stub is started."""
    # -P: a folder of the same name where the user happens to stand is not ours.
    argv = [sys.executable, "-P", "-m", "stub_providers", "--name", order.name, "--dialect", order.dialect]
    argv += ["--listen", f"127.0.0.1:{order.port}", "--control", f"127.0.0.1:{order.control_port}"]
    argv += ["--speed", f"{order.speed:g}", "--behaviour", json.dumps(order.behaviour)]
    argv += [word for model in order.models for word in ("--model", model)]
    if order.traffic_speed is not None:
        argv += ["--traffic-speed", f"{order.traffic_speed:g}"]
    for model, behaviour in order.of_models.items():
        argv += ["--model-behaviour", model, json.dumps(behaviour)]
    secrets = {"ALERTDRILL_CONTROL_TOKEN": order.token}
    for number, (key, behaviour) in enumerate(order.of_keys):
        variable = KEY_OF_BEHAVIOUR.format(number=number)
        secrets[variable] = key
        argv += ["--key-behaviour", variable, json.dumps(behaviour)]
    if order.key is None:
        argv.append("--any-key")
    else:
        secrets["ALERTDRILL_PROVIDER_KEY"] = order.key
    return argv, secrets


def find_port(address: str) -> int:
    """Return the port of `host:port`."""
    return int(address.rpartition(":")[2])


def _await_addresses(process: Process, log_path: Path) -> dict[str, str]:
    """Return what a stub says where it listens, as soon as it does."""
    give_up_at = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < give_up_at:
        code = process.poll()
        first, newline, _ = log_path.read_text(errors="replace").partition("\n")
        if newline and first.startswith("{"):
            addresses: dict[str, str] = json.loads(first)
            return addresses
        if code == BAD_USAGE:
            raise BadInput(f"{process.name}: {first}")
        if code is not None:
            raise process.failure()
        time.sleep(LOOK_EVERY_S)
    raise ComponentFailed(f"{process.name} did not start within {STARTS_WITHIN_S:g} s; its log is {log_path}")
