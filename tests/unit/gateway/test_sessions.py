"""Sessions over HTTP: whose they are, when they end, their bounds, their turns and their routing."""

from __future__ import annotations

import asyncio

import pytest
from support.fake_providers import WHOLE, hold
from support.running_gateway import ADMIN, Running

from alertdrill.gateway.events import AuthFailed, CallFinished, RouteDecided
from alertdrill.gateway.sessions import table, workspaces
from alertdrill.gateway.sessions.events import (
    EmbeddingRead,
    EvalCompleted,
    EvalFailed,
    SessionEnded,
    SessionOpened,
)


class Client:
    """A tenant of a gateway."""

    def __init__(self, running: Running, token: str) -> None:
        self._running = running
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, **body: object) -> tuple[int, dict]:
        """Return status and document of an answer."""
        response = await self._running.client.request(method, path, headers=self._headers, json=body)
        return response.status, await response.json()

    async def open(self, workspace: str = "w1", prefix: str = "", **settings: object) -> str:
        """Return the path of a new session in a workspace with these settings."""
        status, _ = await self.ask("PUT", f"{prefix}/v1/workspaces/{workspace}", **settings)
        assert status == 200
        status, document = await self.ask("POST", f"{prefix}/v1/sessions", workspace=workspace)
        assert status == 201
        return f"/v1/sessions/{document['id']}"


@pytest.fixture
async def tenant(gateway) -> Client:
    """Return a tenant with a key."""
    return Client(gateway, await gateway.issue(id="k1"))


async def test_a_session_is_opened_used_and_closed(gateway, tenant):
    """Its turns are answered by the model that they name, and it is gone when it was closed."""
    path = await tenant.open()
    status, turn = await tenant.ask("POST", f"{path}/turns", text="Say hello", model="openai:gpt-4o")
    assert (status, turn) == (
        200,
        {"number": 0, "model": "openai:gpt-4o", "text": "Hello there", "tools": []},
    )
    assert (await tenant.ask("GET", path))[1]["turns"] == 1
    assert (await tenant.ask("DELETE", path))[0] == 200
    assert [(await tenant.ask(method, path))[0] for method in ("GET", "DELETE")] == [404, 404]
    assert gateway.heard(SessionOpened) == [SessionOpened(workspace="w1")]
    assert gateway.heard(SessionEnded) == [SessionEnded(workspace="w1", reason="closed")]
    assert gateway.heard(CallFinished)[0].key_id == "k1"


async def test_a_model_is_shown_the_turns_before(tenant, providers):
    """A turn is sent with the conversation so far and the results of its tools."""
    path = await tenant.open()
    await tenant.ask("POST", f"{path}/turns", text="First", model="openai:gpt-4o")
    tools = [{"name": "calculator", "arguments": {"expression": "6*7"}}]
    await tenant.ask("POST", f"{path}/turns", text="Second", model="openai:gpt-4o", tools=tools)
    assert [
        (message["role"], message["content"]) for message in providers["openai"].asked[-1]["messages"]
    ] == [
        ("user", "First"),
        ("assistant", "Hello there"),
        ("user", "Second\n[calculator: 42]"),
    ]


async def test_sessions_and_workspaces_are_their_tenants_own(gateway, tenant):
    """Another tenant can neither see them nor take a workspace's name; nobody gets in without a key."""
    path = await tenant.open()
    other = Client(gateway, await gateway.issue(id="k2"))
    assert (await other.ask("GET", path))[0] == 404
    assert (await other.ask("POST", f"{path}/turns", text="x"))[0] == 404
    assert (await other.ask("POST", "/v1/sessions", workspace="w1"))[0] == 404
    assert (await other.ask("PUT", "/v1/workspaces/w1"))[0] == 409
    assert (await Client(gateway, "guess").ask("GET", path))[0] == 401
    assert len(gateway.heard(AuthFailed)) == 1


async def test_an_idle_session_ends_after_its_time(start_gateway):
    """It ends by itself, in rule time, once; one that is used does not."""
    gateway = await start_gateway(speed=3000)
    tenant = Client(gateway, await gateway.issue(id="k1"))
    path = await tenant.open()
    await gateway.until(lambda: bool(gateway.heard(SessionEnded)))
    assert gateway.heard(SessionEnded) == [SessionEnded(workspace="w1", reason="idle")]
    assert (await tenant.ask("GET", path))[0] == 404


async def test_a_used_session_is_not_idle():
    """Only what has not been used for the time ends; what is answering just now does not."""
    now_s = [0.0]

    class Clock:
        speed = 1.0

        def now_s(self) -> float:
            return now_s[0]

    ended: list[object] = []
    sessions = table.SessionTable(Clock(), ended.append)
    space = workspaces.Workspace(name="w1", tenant="t", default_model=None, tools=None)
    idle, used, busy = (sessions.open("t", space) for _ in range(3))
    async with busy.busy:
        now_s[0] = table.IDLE_S - 1
        sessions.find(used.id, "t")
        sessions.sweep()
        assert not idle.ended.is_set()
        now_s[0] = table.IDLE_S + 1
        sessions.sweep()
    assert [session.ended.is_set() for session in (idle, used, busy)] == [True, False, False]


async def test_sessions_turns_and_workspaces_are_bounded(tenant, monkeypatch):
    """One more than there may be is refused."""
    monkeypatch.setattr("alertdrill.gateway.sessions.table.MAX_SESSIONS", 1)
    monkeypatch.setattr("alertdrill.gateway.sessions.api.MAX_TURNS", 1)
    monkeypatch.setattr("alertdrill.gateway.sessions.workspaces.MAX_WORKSPACES", 1)
    path = await tenant.open()
    assert (await tenant.ask("POST", "/v1/sessions", workspace="w1"))[0] == 429
    assert (await tenant.ask("PUT", "/v1/workspaces/w2"))[0] == 409
    statuses = [(await tenant.ask("POST", f"{path}/turns", text="x"))[0] for _ in range(2)]
    assert statuses == [200, 409]


async def test_a_session_takes_one_turn_at_a_time(gateway, tenant, providers):
    """A second turn is refused while the first is being answered."""
    gate = asyncio.Event()
    providers["openai"].script.append(hold(gate, None, WHOLE["openai"]))
    path = await tenant.open()
    first = asyncio.create_task(tenant.ask("POST", f"{path}/turns", text="x", model="openai:gpt-4o"))
    await gateway.until(lambda: bool(providers["openai"].asked))
    assert (await tenant.ask("POST", f"{path}/turns", text="y"))[0] == 409
    gate.set()
    assert (await first)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/v1/workspaces/-w", {}, 400),
        ("PUT", "/v1/workspaces/w1", {"default_model": "gpt-99"}, 400),
        ("PUT", "/v1/workspaces/w1", {"tools": ["hammer"]}, 400),
        ("PUT", "/v1/workspaces/w1", {"colour": "red"}, 400),
        ("POST", "/v1/sessions", {}, 400),
        ("POST", "/v1/sessions", {"workspace": "absent"}, 404),
        ("POST", "{}/turns", {}, 400),
        ("POST", "{}/turns", {"text": ""}, 400),
        ("POST", "{}/turns", {"text": "x" * 8001}, 400),
        ("POST", "{}/turns", {"text": "x", "max_tokens": 0}, 400),
        ("POST", "{}/turns", {"text": "x", "model": "gpt-99"}, 404),
        ("POST", "{}/turns", {"text": "x", "tools": [{"name": "clock"}] * 9}, 400),
        ("POST", "{}/turns", {"text": "x", "tools": [{"arguments": {}}]}, 400),
        ("POST", "{}/turns", {"text": "x", "tools": [{"name": "clock", "arguments": []}]}, 400),
        ("POST", "{}/turns/0/evaluations", {}, 404),
        ("POST", "{}/turns/x/evaluations", {}, 404),
        ("POST", "{}/evaluations", {}, 409),
        ("POST", "{}/evaluations", {"judge": "crowd"}, 400),
    ],
)
async def test_bad_requests_are_problems(tenant, method, path, body, status):
    """Each is refused in the shape of OpenAI's errors."""
    session = await tenant.open()
    refused, document = await tenant.ask(method, path.format(session), **body)
    assert refused == status
    assert document["error"]["message"]


def list_slots(gateway: Running) -> list[tuple[str, str]]:
    """Return the slots and models of all routing decisions."""
    return [(event.slot, f"{event.provider}:{event.model}") for event in gateway.heard(RouteDecided)]


async def test_a_workspaces_default_wins_open_choices(gateway, tenant):
    """It wins over the global default, and a model that the turn names wins over it."""
    path = await tenant.open(default_model="ollama:phi4")
    await tenant.ask("POST", f"{path}/turns", text="x")
    await tenant.ask("POST", f"{path}/turns", text="x", model="auto")
    await tenant.ask("POST", f"{path}/turns", text="x", model="openai:gpt-4o")
    assert list_slots(gateway) == [
        ("workspace_default", "ollama:phi4"),
        ("workspace_default", "ollama:phi4"),
        ("explicit_model", "openai:gpt-4o"),
    ]


async def test_a_keys_model_wins_over_the_workspaces(gateway):
    """A key that is pinned stays pinned in sessions."""
    tenant = Client(gateway, await gateway.issue(id="k1", model="openai:o3"))
    path = await tenant.open(default_model="ollama:phi4")
    await tenant.ask("POST", f"{path}/turns", text="x")
    assert list_slots(gateway) == [("key_pin", "openai:o3")]


async def test_patterns_are_learned_from_evaluated_successes(gateway, tenant):
    """After a turn was judged good, a similar open choice takes its model; otherwise none does."""
    path = await tenant.open()
    text, similar = "What does the latency alert of the gateway mean", "What does the latency alert mean"
    await tenant.ask("POST", f"{path}/turns", text=text, model="anthropic:claude-haiku-4-5")
    await tenant.ask("POST", f"{path}/turns", text=similar)
    assert await tenant.ask("POST", f"{path}/turns/0/evaluations") == (200, {"passed": True})
    await tenant.ask("POST", f"{path}/turns", text=similar)
    await tenant.ask("POST", f"{path}/turns", text="Write a poem about autumn leaves")
    elsewhere = await tenant.open("w2")
    await tenant.ask("POST", f"{elsewhere}/turns", text=similar)
    default = ("global_default", "openai:gpt-4o-mini")
    assert list_slots(gateway)[1:] == [
        default,
        ("pattern_store", "anthropic:claude-haiku-4-5"),
        default,
        default,
    ]
    assert [event.fingerprint_version for event in gateway.heard(RouteDecided)].count("v2") == 1
    assert gateway.heard(EvalCompleted) == [
        EvalCompleted(judge_kind="heuristic", subject_kind="turn", passed=True)
    ]


async def test_a_pattern_is_forgotten_when_its_model_fails(gateway, tenant):
    """A turn that is judged bad takes away what an earlier one of the same text taught."""
    path = await tenant.open()
    turn = {"text": "Explain this alert", "model": "anthropic:claude-haiku-4-5"}
    await tenant.ask("POST", f"{path}/turns", **turn)
    await tenant.ask("POST", f"{path}/turns/0/evaluations")
    await tenant.ask("POST", f"{path}/turns", **turn, tools=[{"name": "hammer"}])
    assert await tenant.ask("POST", f"{path}/turns/1/evaluations") == (200, {"passed": False})
    await tenant.ask("POST", f"{path}/turns", text=turn["text"])
    assert list_slots(gateway)[-1][0] == "global_default"


async def test_a_match_whose_provider_is_down_is_no_win(gateway, tenant, providers):
    """When another model has to take over, the pattern store has not won."""
    path = await tenant.open()
    await tenant.ask("POST", f"{path}/turns", text="Explain", model="openrouter:deepseek-chat")
    await tenant.ask("POST", f"{path}/turns/0/evaluations")
    providers["openrouter"].fail("network", times=10)
    for _ in range(5):
        await gateway.chat("the-admin-token", model="openrouter:deepseek-chat")
    gateway.events.clear()
    await tenant.ask("POST", f"{path}/turns", text="Explain")
    assert list_slots(gateway) == [("provider_health", "ollama:llama3.2")]
    assert gateway.heard(RouteDecided)[0].fingerprint_version is None


async def test_the_embedding_cache_is_the_workspaces_own(gateway, tenant):
    """The ratio rises as texts come again, in their own workspace only."""
    path = await tenant.open()
    for _ in range(2):
        await tenant.ask("POST", f"{path}/turns", text="Explain this alert")
    elsewhere = await tenant.open("w2")
    await tenant.ask("POST", f"{elsewhere}/turns", text="Explain this alert")
    assert gateway.heard(EmbeddingRead) == [
        EmbeddingRead(workspace="w1", hit_ratio=0.0),
        EmbeddingRead(workspace="w1", hit_ratio=0.5),
        EmbeddingRead(workspace="w2", hit_ratio=0.0),
    ]


async def test_a_session_is_judged_by_most_of_its_turns(gateway, tenant):
    """Two sound turns of three are enough, one of two is not."""
    path = await tenant.open()
    await tenant.ask("POST", f"{path}/turns", text="x")
    await tenant.ask("POST", f"{path}/turns", text="x", tools=[{"name": "hammer"}])
    assert await tenant.ask("POST", f"{path}/evaluations") == (200, {"passed": False})
    await tenant.ask("POST", f"{path}/turns", text="x")
    assert await tenant.ask("POST", f"{path}/evaluations") == (200, {"passed": True})
    assert {event.subject_kind for event in gateway.heard(EvalCompleted)} == {"session"}


@pytest.mark.parametrize(("text", "passed"), [("PASS: it does", True), (" fail: too short", False)])
async def test_a_model_can_judge(gateway, tenant, providers, text, passed):
    """It is shown question and answer, its verdict is how it begins, and the key pays for it."""
    path = await tenant.open()
    await tenant.ask("POST", f"{path}/turns", text="Say hello", model="ollama:phi4")
    said = {**WHOLE["openai"], "choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
    gate = asyncio.Event()
    gate.set()
    providers["openai"].script.append(hold(gate, None, said))
    judged = await tenant.ask(
        "POST", f"{path}/turns/0/evaluations", judge="model", model="openai:gpt-4o-mini"
    )
    assert judged == (200, {"passed": passed})
    assert (
        "Asked: Say hello\nAnswered: Hello there" in providers["openai"].asked[-1]["messages"][-1]["content"]
    )
    assert [event.key_id for event in gateway.heard(CallFinished)] == ["k1", "k1"]


async def test_a_judge_without_an_answer_comes_to_no_verdict(gateway, tenant, providers):
    """The caller is told why, and there is no verdict to count."""
    path = await tenant.open()
    await tenant.ask("POST", f"{path}/turns", text="x", model="ollama:phi4")
    providers["openai"].fail("invalid_request")
    status, _ = await tenant.ask("POST", f"{path}/turns/0/evaluations", judge="model", model="openai:gpt-4o")
    assert status == 400
    assert gateway.heard(EvalCompleted) == []
    assert gateway.heard(EvalFailed) == [EvalFailed(judge_kind="model", subject_kind="turn")]


async def test_the_operator_has_sessions_too(gateway):
    """Without a key, they belong to the operator."""
    operator = Client(gateway, ADMIN["Authorization"].removeprefix("Bearer "))
    assert (await operator.ask("GET", await operator.open()))[0] == 200
