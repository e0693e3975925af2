"""Calls under Gatewayz's prefix wait for a slot of their model, and give it back."""

from __future__ import annotations

import asyncio

from support.accounts_prefix import MODEL
from support.fake_providers import STREAMED, WHOLE, hold, wait_to_be_left

from alertdrill.gateway.accounts.events import (
    QueueChanged,
)
from alertdrill.gateway.accounts.slots import SLOTS


async def test_calls_wait_for_a_slot(prefix, providers):
    """Eight calls of a model are upstream, the ninth waits until one is over; another model's does not."""
    gate = asyncio.Event()
    providers["openrouter"].script.extend([hold(gate, None, WHOLE["openai"])] * SLOTS)
    token = await prefix.issue(id="k1")
    calls = [asyncio.create_task(prefix.chat(token)) for _ in range(SLOTS + 1)]
    await prefix.until(lambda: prefix.heard(QueueChanged) and len(providers["openrouter"].asked) == SLOTS)
    assert [change.waiting for change in prefix.heard(QueueChanged)] == [1]
    assert (await prefix.chat(token, model="openrouter:codestral")).status == 200
    gate.set()
    assert [answer.status for answer in await asyncio.gather(*calls)] == [200] * (SLOTS + 1)
    assert [change.waiting for change in prefix.heard(QueueChanged)] == [1, 0]


async def test_a_stream_holds_its_slot_to_its_end(prefix, providers):
    """Streams that have begun are calls in flight: the next one waits, until one of them is over."""
    gate = asyncio.Event()
    first, rest = STREAMED["openai"][:2], STREAMED["openai"][2:]
    providers["openrouter"].script.extend([hold(gate, first, rest)] * SLOTS)
    headers = {"Authorization": f"Bearer {await prefix.issue(id='k1')}"}
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    begun = [
        await prefix.client.post("/gatewayz/v1/chat/completions", headers=headers, json=body)
        for _ in range(SLOTS)
    ]
    assert prefix.heard(QueueChanged) == []
    next_one = asyncio.create_task(prefix.chat(headers["Authorization"].partition(" ")[2]))
    await prefix.until(lambda: bool(prefix.heard(QueueChanged)))
    assert not next_one.done()
    gate.set()
    assert (await next_one).status == 200
    for stream in begun:
        assert (await stream.text()).endswith("data: [DONE]\n\n")
    assert prefix.heard(QueueChanged)[-1].waiting == 0


async def test_a_stream_that_fails_gives_its_slot_back(prefix, providers):
    """More failures than there are slots leave no call waiting."""
    token = await prefix.issue(id="k1")
    for _ in range(SLOTS + 1):
        providers["openrouter"].fail("invalid_request")
        assert (await prefix.chat(token, stream=True)).status == 400
    assert (await prefix.chat(token, stream=True)).status == 200
    assert prefix.heard(QueueChanged) == []


async def test_a_stream_that_its_client_left_gives_its_slot_back(prefix, providers):
    """As many clients as there are slots leave, and the next call need not wait."""
    headers = {"Authorization": f"Bearer {await prefix.issue(id='k1')}"}
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    for _ in range(SLOTS):
        left = asyncio.Event()
        providers["openrouter"].script.append(wait_to_be_left(left, STREAMED["openai"][:2]))
        response = await prefix.client.post("/gatewayz/v1/chat/completions", headers=headers, json=body)
        response.close()
        await asyncio.wait_for(left.wait(), 10)
    assert (await prefix.chat(headers["Authorization"].partition(" ")[2])).status == 200
    assert prefix.heard(QueueChanged) == []
