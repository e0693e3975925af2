"""The tools of sessions: what they answer, and that each class of failure has its real reason."""

from __future__ import annotations

import asyncio

import pytest

from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.sessions.events import ToolCalled, ToolCompleted, ToolFailed
from alertdrill.gateway.sessions.patterns import MAX_EMBEDDINGS, MAX_PATTERNS, PatternStore, compare, embed
from alertdrill.gateway.sessions.tools import Toolbox, ToolCall, ToolResult
from alertdrill.gateway.timing import RuleClock

CATALOGUE = read_catalogue(SHIPPED, ["openai", "anthropic", "ollama", "openrouter"])


class Bench:
    """A toolbox and what it told."""

    def __init__(self, speed: float = 1000.0) -> None:
        self.events: list[object] = []
        self.tools = Toolbox(CATALOGUE, RuleClock(speed), self.events.append)
        self.ended = asyncio.Event()

    async def run(self, name: str, allowed: frozenset[str] | None = None, **arguments: object) -> ToolResult:
        """Call a tool."""
        return await self.tools.run(ToolCall(name=name, arguments=arguments), allowed, self.ended)


@pytest.mark.parametrize(
    ("expression", "result"),
    [("2*(3+4)", "14"), ("-7 // 2", "-4"), ("2**10 % 1000", "24"), ("1/4", "0.25"), (" 1.5 ", "1.5")],
)
async def test_the_calculator_calculates(expression, result):
    """Arithmetic has its result."""
    assert (await Bench().run("calculator", expression=expression)).text == result


async def test_lookup_clock_and_wait_answer():
    """A price is looked up, the time is told, a wait passes."""
    bench = Bench()
    found = await bench.run("lookup", model="openai:gpt-4o")
    assert found.text == "openai:gpt-4o: 2.5 and 10.0 USD per million tokens"
    assert (await bench.run("clock")).text.endswith("since the gateway started")
    assert (await bench.run("wait", seconds=1)).text == "1 s have passed"


@pytest.mark.parametrize(
    ("name", "arguments", "error_class"),
    [
        ("hammer", {}, "unknown_tool"),
        ("calculator", {}, "invalid_arguments"),
        ("calculator", {"expression": 5}, "invalid_arguments"),
        ("calculator", {"expression": "1" * 201}, "invalid_arguments"),
        ("calculator", {"expression": "__import__('os')"}, "invalid_arguments"),
        ("calculator", {"expression": "True + 1"}, "invalid_arguments"),
        ("calculator", {"expression": "2 +"}, "invalid_arguments"),
        ("calculator", {"expression": "(" * 99 + "1" + ")" * 99, "digits": 3}, "invalid_arguments"),
        ("calculator", {"expression": "1/0"}, "execution_error"),
        ("calculator", {"expression": "2.5**10000"}, "execution_error"),
        ("calculator", {"expression": "(-2)**0.5"}, "execution_error"),
        ("calculator", {"expression": "9**9**9"}, "result_too_large"),
        ("calculator", {"expression": "10**1100"}, "result_too_large"),
        ("calculator", {"expression": "*".join(["2**3900"] * 20)}, "result_too_large"),
        ("lookup", {"model": "gpt-99"}, "not_found"),
        ("lookup", {"model": 5}, "invalid_arguments"),
        ("clock", {"zone": "UTC"}, "invalid_arguments"),
        ("wait", {"seconds": 30}, "timeout"),
        ("wait", {"seconds": 61}, "invalid_arguments"),
        ("wait", {"seconds": True}, "invalid_arguments"),
    ],
)
async def test_tools_fail_for_real_reasons(name, arguments, error_class):
    """Each failure has its class, and says why."""
    result = await Bench().run(name, **arguments)
    assert result.error_class == error_class
    assert result.text


async def test_a_workspace_may_forbid_tools():
    """What is not on its list is not run."""
    assert (await Bench().run("clock", frozenset({"wait"}))).error_class == "permission_denied"


async def test_the_end_of_a_session_cancels_its_tool():
    """A tool that runs when its session ends has no result."""
    bench = Bench(speed=1.0)
    running = asyncio.create_task(bench.run("wait", seconds=4))
    while not bench.events:
        await asyncio.sleep(0)
    bench.ended.set()
    assert (await running).error_class == "cancelled"


async def test_a_call_is_told_by_its_id_alone():
    """Beginning and end have an id in common; only the beginning names the tool, and never a made-up one."""
    bench = Bench()
    await bench.run("clock")
    await bench.run("hammer")
    called, completed, unknown, failed = bench.events
    assert called == ToolCalled(call_id=1, tool_name="clock")
    assert (type(completed), completed.call_id) == (ToolCompleted, 1)
    assert unknown == ToolCalled(call_id=2, tool_name="unknown")
    assert (type(failed), failed.call_id, failed.error_class) == (ToolFailed, 2, "unknown_tool")


async def test_a_timeout_takes_its_limit():
    """The limit is rule time: a tool that hangs is seen to have taken it."""
    bench = Bench(speed=100.0)
    await bench.run("wait", seconds=60)
    assert 5.0 <= bench.events[-1].latency_s < 30.0


def test_embeddings_compare_wording():
    """The same words are the same, in any order and case; no words in common are nothing in common."""
    one = embed("Why does this alert fire")
    assert compare(one, embed("this ALERT: why does fire?")) == pytest.approx(1)
    assert compare(one, embed("autumn leaves")) == 0
    assert compare(one, embed("Why does that alert fire")) == pytest.approx(0.8)
    assert embed("?!") == {}


def test_patterns_and_embeddings_are_bounded():
    """Of more than fit, the ones that were used least recently are forgotten."""
    store = PatternStore(lambda _event: None)
    for number in range(MAX_PATTERNS + 1):
        store.learn("w", f"word{number}", "openai:gpt-4o", passed=True)
    assert store.find("w", "word0") is None
    assert store.find("w", f"word{MAX_PATTERNS}") is not None
    ratios: list[float] = []
    store = PatternStore(lambda event: ratios.append(event.hit_ratio))
    for number in (*range(MAX_EMBEDDINGS + 1), 0):
        store.find("w", f"word{number}")
    assert ratios[-1] == 0
