"""Outages made by docker: what each does to a part, that it is undone, and what is seen of others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import docker
import pytest
import requests
from support.compose_project import Compose, make_compose

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.core.clock import Clock
from alertdrill.core.drill import Fault
from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.stacks import Setup
from alertdrill.stacks.compose.containers import Project
from alertdrill.stacks.compose.site import ComposeSite
from alertdrill.stacks.compose.stack import ComposeStack
from alertdrill.systems.catalogue import list_rules, override_values

WITHIN_S = 20.0
ANSWER_WITHIN_S = 1.0
NOTICED_WITHIN_S = 10.0
QUESTIONS = 10
"""More than what a trickle lets through at once."""
MODEL = {"model": "groq:llama-3.3-70b-versatile", "messages": [{"role": "user", "content": "hi"}]}


@contextmanager
def open_stack(compose: Compose, logs: Path) -> Iterator[ComposeStack]:
    """Bring a project up for the block."""
    site = ComposeSite(project=Project(compose.name, compose.client), is_inside=False)
    logs.mkdir(parents=True, exist_ok=True)
    config = make_reference_config(["metis"])
    clock, calendar = Clock(speed=60, origin_s=time.time()), Calendar(origin=datetime.now(UTC))
    setup = Setup(
        speed=60,
        rules=list_rules((), override_values(())),
        alertmanager=config,
        logs=logs,
        zones=write_zones(config.document, clock, calendar, 3600),
    )
    with site.open(setup) as stack:
        yield stack


@pytest.fixture(scope="module")
def stack(docker_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:  # noqa: ARG001
    """Return one stack for the tests that leave it as it was."""
    made = make_compose()
    with open_stack(made, tmp_path_factory.mktemp("logs")) as opened:
        yield opened
    assert made.list_leftovers() == []
    made.client.close()


def answers(url: str) -> bool:
    """Whether somebody answers soon."""
    try:
        return requests.get(url, timeout=ANSWER_WITHIN_S).ok
    except requests.RequestException:
        return False


def await_answer(url: str, *, expected: bool) -> None:
    """Wait until somebody answers, or nobody does any more."""
    give_up_at = time.monotonic() + WITHIN_S
    while answers(url) != expected:
        assert time.monotonic() < give_up_at, f"{url} answers: {not expected}"
        time.sleep(0.1)


@pytest.mark.parametrize("how", ["pause", "stop", "kill", "disconnect"])
def test_a_part_is_out_and_comes_back_where_it_was(stack: ComposeStack, how: Fault) -> None:
    """Nobody answers at its port while it is out; the same address answers afterwards."""
    url = f"{stack.endpoints.gateway}/healthz"
    await_answer(url, expected=True)
    stack.begin_outage("gateway", how)
    assert not answers(url)
    stack.end_outage("gateway", how)
    await_answer(url, expected=True)
    wait_and_check(stack)


def test_a_restart_is_over_by_itself(stack: ComposeStack) -> None:
    """The gateway is another process than before, at the same address, and its end is no mishap."""
    container = docker.from_env().containers.get(stack._containers["gateway"].id)
    before = container.attrs["State"]["Pid"]
    stack.begin_outage("gateway", "restart")
    container.reload()
    assert container.attrs["State"]["Pid"] != before
    stack.end_outage("gateway", "restart")
    await_answer(f"{stack.endpoints.gateway}/healthz", expected=True)
    wait_and_check(stack)


def measure_control_s(stack: ComposeStack) -> float:
    """Return how long some questions to a provider's control API take together, seconds."""
    url = f"{stack.endpoints.controls['groq']}/control/state"
    headers = {"Authorization": f"Bearer {stack.endpoints.control_token}"}
    started_s = time.monotonic()
    for _ in range(QUESTIONS):
        assert requests.get(url, headers=headers, timeout=WITHIN_S).ok
    return time.monotonic() - started_s


def test_a_slow_network_is_slow_until_it_is_put_right(stack: ComposeStack) -> None:
    """Answers take many times as long, and no longer than before when it is over."""
    before_s = measure_control_s(stack)
    stack.begin_outage("provider-groq", "slow")
    slow_s = measure_control_s(stack)
    stack.end_outage("provider-groq", "slow")
    after_s = measure_control_s(stack)
    assert slow_s > 5 * before_s
    assert slow_s > 5 * after_s


def test_an_unknown_part_is_refused(stack: ComposeStack) -> None:
    """A drill that puts out what the stack does not have is bad input."""
    with pytest.raises(BadInput, match="no part 'grafana'"):
        stack.begin_outage("grafana", "stop")


def wait_and_check(stack: ComposeStack) -> None:
    """Check the stack until all that has happened so far must have been noticed."""
    until_s = time.time() + 2.0
    while time.time() < until_s:
        stack.check()
        time.sleep(0.1)


def await_mishap(stack: ComposeStack) -> str:
    """Return what is said of a mishap, which must be noticed."""
    give_up_at = time.monotonic() + NOTICED_WITHIN_S
    while time.monotonic() < give_up_at:
        try:
            stack.check()
        except ComponentFailed as failed:
            return str(failed)
        time.sleep(0.1)
    raise AssertionError("nobody noticed")


def test_a_container_that_ends_by_itself_is_named(compose: Compose, tmp_path: Path) -> None:
    """One that somebody else kills, or starts anew, is not part of a drill."""
    with open_stack(compose, tmp_path) as stack:
        compose.find()["pager"].kill()
        assert "the container of pager ended with exit code 137" in await_mishap(stack)
        compose.find()["pager"].start()
        compose.find()["alertmanager"].restart(timeout=5)
        assert "the container of alertmanager ended" in await_mishap(stack)
    assert (tmp_path / "pager.log").stat().st_size >= 0


def test_memory_beyond_the_limit_is_named(compose: Compose, tmp_path: Path) -> None:
    """The kernel kills what takes too much, which may not even be the container's first process."""
    with open_stack(compose, tmp_path) as stack:
        hog = "x = bytearray(2_000_000_000); x[::4096] = b'1' * len(x[::4096])"
        compose.find()["provider-groq"].exec_run(["python", "-c", hog])
        said = await_mishap(stack)
    assert "provider-groq" in said
    assert "used more memory than its limit" in said or "137" in said


def fail_amid_outages(compose: Compose, logs: Path) -> None:
    """Put four parts out, each in its own way, and fail."""
    with open_stack(compose, logs) as stack:
        stack.begin_outage("gateway", "pause")
        stack.begin_outage("provider-openai", "disconnect")
        stack.begin_outage("provider-google", "stop")
        stack.begin_outage("provider-groq", "slow")
        raise RuntimeError("in the middle")


def test_every_outage_is_undone_when_a_run_fails(compose: Compose, tmp_path: Path) -> None:
    """A stack that was there before is left whole: nothing paused, cut off, stopped or slow."""
    compose.up()
    before = compose.list_states()
    with pytest.raises(RuntimeError, match="in the middle"):
        fail_amid_outages(compose, tmp_path)
    assert compose.list_states() == before
    networks = Project(compose.name, compose.client).find_networks(compose.find()["provider-openai"])
    assert set(networks) == {"upstream", "control"}
    # What a run that was killed has left is put right by the next.
    compose.find()["gateway"].pause()
    network = compose.client.networks.get(f"{compose.name}_upstream")
    network.disconnect(compose.find()["provider-openai"])
    with open_stack(compose, tmp_path) as stack:
        assert answers(f"{stack.endpoints.gateway}/healthz")
        token = requests.post(
            f"{stack.endpoints.gateway}/admin/keys",
            json={"id": "test"},
            headers={"Authorization": f"Bearer {stack.endpoints.admin_token}"},
            timeout=WITHIN_S,
        ).json()["token"]
        called = requests.post(
            f"{stack.endpoints.gateway}/v1/chat/completions",
            json={**MODEL, "model": "openai:gpt-4o"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=WITHIN_S,
        )
        assert called.json()["model"] == "gpt-4o"
    assert compose.list_states() == before
