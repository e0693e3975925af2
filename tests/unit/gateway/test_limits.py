"""The limits of a configuration bound the calls."""

from __future__ import annotations

import asyncio
import json

from support.fake_providers import WHOLE, hold

from alertdrill.gateway.config import read_config
from alertdrill.gateway.events import CallFinished, RequestFinished, RouteDecided
from alertdrill.gateway.limits import Limits


def test_limits_are_read_and_each_has_a_default(tmp_path):
    """A configuration may state one of them and leave the others as they are."""
    path = tmp_path / "gateway.json"
    good = {"speed": 60, "data_dir": "x", "providers": {"openai": "http://127.0.0.1:1/"}}
    path.write_text(json.dumps(good | {"limits": {"timeout_s": 5}}))
    assert read_config(path).limits == Limits(timeout_s=5)


async def test_one_call_too_many_is_refused(start_gateway, providers):
    """Two calls may be in flight: the third is a 503 at once, and there is room again behind them."""
    gateway = await start_gateway(limits=Limits(calls=2))
    gate = asyncio.Event()
    providers["openai"].script.extend([hold(gate, None, WHOLE["openai"])] * 2)
    calls = [asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o")) for _ in range(2)]
    await gateway.until(lambda: len(providers["openai"].asked) == 2)
    refused = await gateway.chat("the-admin-token", model="gpt-4o")
    assert (refused.status, (await refused.json())["error"]["code"]) == (503, "overloaded")
    assert [event.failure for event in gateway.heard(RequestFinished)] == ["overloaded"]
    gate.set()
    assert {(await call).status for call in calls} == {200}
    assert (await gateway.chat("the-admin-token", model="gpt-4o")).status == 200


async def test_an_attempt_takes_no_longer_than_its_timeout(start_gateway, providers):
    """It is rule time: 10 s are a tenth of a second at speed 100."""
    gateway = await start_gateway(speed=100, limits=Limits(timeout_s=10))
    providers["openai"].fail("timeout")
    response = await gateway.chat("the-admin-token", model="gpt-4o")
    assert response.headers["X-Gateway-Provider"] == "ollama"
    assert [call.status for call in gateway.heard(CallFinished)] == ["timeout", "ok"]


async def test_a_provider_cools_down_as_long_as_is_said(start_gateway, providers):
    """With next to no cooldown the sixth call goes to it again, after five that could not reach it."""
    for cooldown_s, provider in ((0.000_001, "openai"), (3_600, "ollama")):
        gateway = await start_gateway(limits=Limits(cooldown_s=cooldown_s))
        providers["openai"].fail("network", times=5)
        for _ in range(6):
            await gateway.chat("the-admin-token", model="gpt-4o")
        assert gateway.heard(RouteDecided)[-1].provider == provider
