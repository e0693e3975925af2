"""A run of the predict API from its first step to its end: steps, cost, failure, cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from support.fake_providers import WHOLE, hold
from support.patience import PATIENCE_S
from support.predicting import OPERATOR_TOKEN, RUN, keep_waiting, list_outcomes, predict, until_ended

from alertdrill.gateway.config import Config
from alertdrill.gateway.events import CallFinished, DomainEvent, Listener
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.hearing import Hearing
from alertdrill.gateway.prefixes import current_prefix
from alertdrill.gateway.runs.events import RunEnded, RunsInFlight


async def test_a_run_is_accepted_once_its_first_step_is_over(gateway, providers):
    """While the provider thinks there is no answer; then it is 202, and the other steps follow."""
    first, second = keep_waiting(providers["openai"]), keep_waiting(providers["openai"])
    token = await gateway.issue(id="t1")
    asked = asyncio.create_task(predict(gateway, token, **RUN, steps=2))
    await gateway.until(lambda: len(providers["openai"].asked) == 1)
    assert not asked.done()
    first.set()
    status, run = await asked
    assert (status, run["status"], run["steps"], run["steps_done"]) == (202, "running", 2, 1)
    assert (await predict(gateway, token, mode="result", run_id=run["run_id"]))[0] == 202
    second.set()
    await until_ended(gateway)
    status, result = await predict(gateway, token, mode="result", run_id=run["run_id"])
    assert (status, result["status"], result["steps_done"]) == (200, "succeeded", 2)
    assert result["output"] == "Hello there"
    assert list_outcomes(gateway) == [("t1", "run", "ok"), ("t1", "result", "ok"), ("t1", "result", "ok")]


async def test_each_step_goes_on_from_the_answer_before(gateway, providers):
    """The second step has the prompt, the first answer, and the request to continue."""
    token = await gateway.issue(id="t1")
    await predict(gateway, token, **RUN, steps=2, max_tokens=77)
    await until_ended(gateway)
    first, second = providers["openai"].asked
    assert [message["content"] for message in first["messages"]] == ["Find out why"]
    assert [(message["role"], message["content"]) for message in second["messages"]] == [
        ("user", "Find out why"),
        ("assistant", "Hello there"),
        ("user", "Continue."),
    ]
    assert 77 in second.values()


async def test_a_run_costs_what_its_calls_cost(gateway):
    """The run's cost is the sum of its calls', to the last digit, and its duration is rule time."""
    token = await gateway.issue(id="t1", team="red")
    await predict(gateway, token, **RUN, steps=3)
    (ended,) = await until_ended(gateway)
    calls = gateway.heard(CallFinished)
    assert len(calls) == 3
    assert ended.cost_usd == sum((call.cost_usd for call in calls), Decimal(0)) == Decimal("0.081")
    assert (ended.tenant, ended.model, ended.status) == ("red", "openai:o1", "succeeded")
    assert ended.duration_s >= sum(call.latency_s for call in calls) > 0


async def test_a_run_lasts_in_rule_time(start_gateway, providers):
    """At speed 200, a run that is let go after a quarter of a second has lasted for most of 50 s."""
    gateway = await start_gateway(speed=200)
    gate = keep_waiting(providers["openai"])
    asyncio.get_running_loop().call_later(0.25, gate.set)
    assert (await predict(gateway, OPERATOR_TOKEN, **RUN))[0] == 202
    (ended,) = await until_ended(gateway)
    # The run begins a little after the timer; a call is given up after 120 s.
    assert 25 <= ended.duration_s < 120


async def test_the_price_is_that_of_the_model_that_answered(gateway, providers):
    """A step that a free model answered as a fallback costs nothing; the run keeps its own model's name."""
    providers["openai"].fail("server_error")
    token = await gateway.issue(id="t1")
    assert (await predict(gateway, token, **RUN))[0] == 202
    (ended,) = await until_ended(gateway)
    assert (ended.model, ended.status, ended.cost_usd) == ("openai:o1", "succeeded", 0)


@pytest.mark.parametrize(
    ("error_class", "status", "code"),
    [("server_error", 502, "server_error"), ("rate_limit", 429, "rate_limit"), ("auth", 503, "auth")],
)
async def test_a_run_whose_first_step_fails_is_answered_with_the_failure(
    gateway, providers, error_class, status, code
):
    """A provider's failure is the answer, and an error, also if it is the provider's own 429."""
    providers["openai"].fail(error_class)
    providers["ollama"].fail(error_class)
    token = await gateway.issue(id="t1")
    answered, problem = await predict(gateway, token, **RUN)
    assert (answered, problem["error"]["code"]) == (status, code)
    (ended,) = await until_ended(gateway)
    assert ended.status == "failed"
    assert list_outcomes(gateway) == [("t1", "run", "error")]
    _, known = await predict(gateway, token, mode="status", run_id=problem["run_id"])
    assert (known["status"], known["steps_done"]) == ("failed", 0)


async def test_a_run_that_fails_later_was_accepted_and_its_result_is_the_failure(gateway, providers):
    """The run is ok, so are status and logs; its result is an error each time that it is asked for."""
    token = await gateway.issue(id="t1")
    providers["openai"].script.append(providers["openai"].answer_well)
    providers["openai"].fail("server_error")
    providers["ollama"].fail("server_error")
    status, run = await predict(gateway, token, **RUN, steps=3)
    assert status == 202
    (ended,) = await until_ended(gateway)
    assert (ended.status, ended.cost_usd) == ("failed", Decimal("0.027"))
    for mode, expected in (("status", 200), ("logs", 200), ("result", 502), ("result", 502)):
        answered, _ = await predict(gateway, token, mode=mode, run_id=run["run_id"])
        assert answered == expected
    assert [(mode, outcome) for _, mode, outcome in list_outcomes(gateway)] == [
        ("run", "ok"),
        ("status", "ok"),
        ("logs", "ok"),
        ("result", "error"),
        ("result", "error"),
    ]


@pytest.mark.parametrize("error_class", ["context_overflow", "invalid_request"])
async def test_a_run_that_its_own_request_spoils_is_refused(gateway, providers, error_class):
    """What any provider would turn down is the client's fault: no failure, no error."""
    providers["openai"].fail(error_class)
    token = await gateway.issue(id="t1")
    assert (await predict(gateway, token, **RUN))[0] == 400
    (ended,) = await until_ended(gateway)
    assert ended.status == "refused"
    assert list_outcomes(gateway) == [("t1", "run", "bad_request")]


async def test_an_unexpected_error_ends_the_run_as_failed(gateway, monkeypatch, caplog):
    """A fault of the gateway is logged, answered with 500 and counted; the run does not stay in flight."""

    async def break_down(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("alertdrill.gateway.calls.Calls.complete", break_down)
    status, problem = await predict(gateway, OPERATOR_TOKEN, **RUN)
    assert (status, problem["error"]["code"]) == (500, "internal")
    (ended,) = await until_ended(gateway)
    assert ended.status == "failed"
    assert gateway.heard(RunsInFlight)[-1].runs == 0
    assert "a fault" in caplog.text


async def test_logs_tell_the_steps_and_neither_prompt_nor_answer(gateway):
    """One line for the start, each step and the end."""
    token = await gateway.issue(id="t1")
    _, run = await predict(gateway, token, **RUN, steps=2)
    await until_ended(gateway)
    _, known = await predict(gateway, token, mode="logs", run_id=run["run_id"])
    assert [line.partition(": ")[2] for line in known["logs"]] == [
        "started",
        "step 1 of 2: openai:o1, 0.027 USD",
        "step 2 of 2: openai:o1, 0.027 USD",
        "succeeded",
    ]


async def test_a_cancelled_run_ends_after_the_call_that_it_is_in(gateway, providers):
    """The call is paid for and so is the run; the steps after it are not made."""
    token = await gateway.issue(id="t1")
    providers["openai"].script.append(providers["openai"].answer_well)
    gate = keep_waiting(providers["openai"])
    _, run = await predict(gateway, token, **RUN, steps=5)
    about = {"run_id": run["run_id"]}
    status, known = await predict(gateway, token, mode="cancel", **about)
    assert (status, known["status"]) == (202, "cancelling")
    gate.set()
    (ended,) = await until_ended(gateway)
    assert (ended.status, ended.cost_usd) == ("cancelled", Decimal("0.054"))
    status, known = await predict(gateway, token, mode="cancel", **about)
    assert (status, known["status"], known["steps_done"]) == (200, "cancelled", 2)
    assert (await predict(gateway, token, mode="result", **about))[0] == 409
    assert list_outcomes(gateway)[-1] == ("t1", "result", "bad_request")


@asynccontextmanager
async def open_listening(providers, data_dir: Path, listen: Listener) -> AsyncIterator[TestClient]:
    """Yield a client of a gateway with a prefix `one` and one listener."""
    config = Config(
        speed=1, data_dir=data_dir, providers={name: provider.url for name, provider in providers.items()}
    )
    secrets = Secrets(admin_token=OPERATOR_TOKEN, provider_key="p")
    hearing = Hearing(listeners=[listen], expositions={"one": lambda: b""})
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_gateway(config, secrets, lambda _: hearing))
        server = TestServer(app)
        await server.start_server(shutdown_timeout=0.01)
        client = TestClient(server, headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})
        yield client
        await stack.aclose()
        await client.close()


async def test_runs_end_with_the_gateway(providers, tmp_path):
    """A run in flight is cancelled when the gateway closes, answered and told of."""
    keep_waiting(providers["openai"])
    events: list[DomainEvent] = []
    async with asyncio.timeout(PATIENCE_S), open_listening(providers, tmp_path, events.append) as client:
        asked = asyncio.create_task(client.post("/v1/predict", json=RUN))
        while not providers["openai"].asked:
            await asyncio.sleep(0.005)
    assert [event.status for event in events if isinstance(event, RunEnded)] == ["cancelled"]
    assert [event.runs for event in events if isinstance(event, RunsInFlight)] == [1, 0]
    assert asked.done()


async def test_a_run_stays_behind_its_requests_prefix(providers, tmp_path):
    """Steps that are made after the answer, and the end, are still heard under the prefix's system only."""
    heard: list[tuple[str | None, str]] = []
    ended = asyncio.Event()

    def listen(event: DomainEvent) -> None:
        heard.append((current_prefix(), type(event).__name__))
        if isinstance(event, RunEnded):
            ended.set()

    gate = asyncio.Event()
    providers["openai"].script.append(providers["openai"].answer_well)
    providers["openai"].script.append(hold(gate, None, WHOLE["openai"]))
    async with open_listening(providers, tmp_path, listen) as client:
        response = await client.post("/one/v1/predict", json={**RUN, "steps": 2})
        assert response.status == 202
        gate.set()
        await asyncio.wait_for(ended.wait(), 10)
    prefixes = [prefix for prefix, name in heard if name in ("CallFinished", "RunEnded")]
    assert prefixes == ["one"] * 3
