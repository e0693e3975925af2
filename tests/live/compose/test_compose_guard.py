"""A guard that stalls: it is asked for the outages of drills that run in a container beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from support.compose_project import Compose

DRILL = "mana_llm-down-near-for"
SPEED = "20"
STALL_WALL_S = 6.0
"""The drill lets the gateway stand still for 2.6 s, at this speed."""
BEGINS_WITHIN_S = 240.0


def await_status(compose: Compose, service: str, status: str) -> None:
    """Wait until a service's container has a status."""
    give_up_at = time.monotonic() + BEGINS_WITHIN_S
    while compose.list_states().get(service) != status:
        assert time.monotonic() < give_up_at, f"{service} was never {status}"
        time.sleep(0.1)


@contextmanager
def paused(compose: Compose, service: str) -> Iterator[None]:
    """Let a service stand still for the block."""
    container = compose.find()[service]
    container.pause()
    try:
        yield
    finally:
        container.unpause()


def test_a_guard_that_stalls_while_a_part_is_out_is_no_rules_fault(compose: Compose) -> None:
    """The gateway stands still for longer than the drill says, since nobody could let it go on: exit 3."""
    compose.up()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(compose.run, "run", "--rm", "drill", DRILL, "--speed", SPEED)
        await_status(compose, "gateway", "paused")
        with paused(compose, "guard"):
            time.sleep(STALL_WALL_S)  # the cause itself, not a wait for something
        finished = held.result()
    assert finished.code == 3, finished.said
    assert "cannot tell: " in finished.out
    assert "An outage began or ended" in finished.out
