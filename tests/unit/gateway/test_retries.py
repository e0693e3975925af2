"""When a call is tried again at the same provider, and how long it waits for that."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPMessage

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from support.fake_providers import FAILURES, wait_to_be_left
from support.patience import PATIENCE_S

from alertdrill.core.error_classes import ERROR_CLASSES, PASSING, THE_CLIENTS_FAULT
from alertdrill.errors import BadInput
from alertdrill.gateway.config import read_config
from alertdrill.gateway.events import CallFinished, CallRetried
from alertdrill.gateway.own_metrics import OwnMetrics
from alertdrill.gateway.retrying import NONE, Retries, read_asked_s, read_retries

NOW_S = 1_700_000_000.0
ODD = (
    "",
    "-1",
    "x",
    "1e3",
    "9" * 40,
    "٣",
    "\x00",
    "Wed, 99 Foo",
    "12:00",
    "0" * 500,
    " 5 ",
    "5.",
    ".5",
    "inf",
)


def say(**headers: str) -> HTTPMessage:
    """Return headers, which are found whatever their case."""
    message = HTTPMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def refuse_for(said: dict[str, str]):
    """Return an answer with status 429 and some headers."""
    status, body = FAILURES["openai"]["rate_limit"]

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=said)

    return answer


def test_nothing_is_retried_unless_it_is_said():
    """The default is no retry of any class, so that every drill's samples are as they were."""
    waits = [NONE.find_wait_s(name, 0, None, draw=0.5) for name in ERROR_CLASSES]
    assert waits == [None] * len(ERROR_CLASSES)


def test_waits_double_and_are_bounded():
    """At most half of each is taken off at random; as many retries as are allowed, and no more."""
    retries = Retries(times=4, backoff_s=1, longest_s=3)
    longest = [retries.find_wait_s("network", retried, None, draw=0.0) for retried in range(5)]
    shortest = [retries.find_wait_s("network", retried, None, draw=1.0) for retried in range(5)]
    assert longest == [1, 2, 3, 3, None]
    assert shortest == [0.5, 1, 1.5, 1.5, None]


def test_only_what_may_pass_is_retried():
    """By default what may be over a moment later; otherwise what is said."""
    retried = {name for name in ERROR_CLASSES if Retries(times=1).find_wait_s(name, 0, None, draw=0)}
    assert retried == PASSING
    one = Retries(times=1, after=frozenset({"auth"}))
    assert [name for name in ERROR_CLASSES if one.find_wait_s(name, 0, None, draw=0)] == ["auth"]


@pytest.mark.parametrize(("asked_s", "wait_s"), [(0.0, 1), (0.5, 1), (20, 20), (30, 30), (30.1, None)])
def test_a_provider_is_left_alone_as_long_as_it_asks(asked_s, wait_s):
    """Unless it asks for longer than is waited at most: then another provider is sooner."""
    assert Retries(times=1).find_wait_s("rate_limit", 0, asked_s, draw=0.0) == wait_s


@pytest.mark.parametrize(
    ("headers", "document", "asked_s"),
    [
        ({}, None, None),
        ({"retry_after": "7"}, None, 7),
        ({"Retry_After": " 1.5 "}, None, 1.5),
        ({"Retry_After": "9", "Retry_After_Ms": "250"}, None, 0.25),
        ({"Retry_After": format_datetime(datetime.fromtimestamp(NOW_S + 12, UTC), usegmt=True)}, None, 12),
        ({"Retry_After": format_datetime(datetime.fromtimestamp(NOW_S - 12, UTC), usegmt=True)}, None, 0),
        ({}, {"error": {"details": [{"x": 1}, {"retryDelay": "34.5s"}]}}, 34.5),
        ({"Retry_After": "tomorrow"}, {"error": {"details": [{"retryDelay": "2s"}]}}, None),
        ({}, {"error": {"details": [{"retryDelay": 2}]}}, None),
        ({}, {"error": {"details": "2s"}}, None),
        ({}, {"error": "2s"}, None),
        ({}, ["2s"], None),
    ],
)
def test_what_a_provider_asks_for_is_read(headers, document, asked_s):
    """Seconds, milliseconds, a date, or Google's detail of an error."""
    assert read_asked_s(say(**headers), document, NOW_S) == asked_s


def test_whatever_a_provider_says_is_a_time_or_nothing():
    """No text ends in an error, and no time is negative or endless."""
    rng = random.Random(1)  # noqa: S311 - repeatable, no secret
    date = format_datetime(datetime.fromtimestamp(NOW_S, UTC), usegmt=True)
    for _ in range(3_000):
        said = list(rng.choice((*ODD, date, "120")))
        for _ in range(rng.randrange(3)):
            said.insert(rng.randrange(len(said) + 1), rng.choice("0:-+.,sSMT \x00é9"))
        text = "".join(said)
        for asked_s in (
            read_asked_s({"Retry-After": text}, None, NOW_S),
            read_asked_s({"retry-after-ms": text}, None, NOW_S),
            read_asked_s({}, {"error": {"details": [{"retryDelay": text + "s"}]}}, NOW_S),
        ):
            assert asked_s is None or 0 <= asked_s < 1e12


def test_retries_are_read_and_each_part_has_a_default():
    """A configuration may state one of them and leave the others as they are."""
    assert read_retries({}) == NONE
    assert read_retries({"times": 3, "after": ["timeout"]}) == Retries(times=3, after=frozenset({"timeout"}))


def test_whatever_is_stated_is_read_or_refused_by_name():
    """No part of any type ends in an error of another kind."""
    refusals: set[str] = set()
    rng, read = random.Random(2), 0  # noqa: S311 - repeatable, no secret
    odd = (None, True, 0, -1, 2, 0.5, 10**30, float("nan"), "", "timeout", [], {}, [[]], [{}], ["timeout"])
    for _ in range(3_000):
        names = rng.sample(["times", "after", "backoff_s", "longest_s", "x"], rng.randrange(4))
        stated = {name: rng.choice(odd) for name in names}
        try:
            retries = read_retries(stated)
        except ValueError as error:
            refusals.add(str(error).partition(" ")[0])
            continue
        read += 1
        assert 0 < retries.backoff_s <= retries.longest_s
    assert read > 300
    assert refusals == {"retries:"}


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ([], "retries must be an object"),
        ({"tries": 1}, "retries: 'tries' is none of them"),
        ({"times": -1}, "retries: times must be a whole number from 0 to 10"),
        ({"times": True}, "retries: times must be"),
        ({"after": []}, "retries: after must be a list of some of rate_limit, auth"),
        ({"after": "timeout"}, "retries: after must be a list"),
        ({"after": [[]]}, "retries: after must be a list"),
        *(({"after": [name]}, "retries: after must be a list") for name in sorted(THE_CLIENTS_FAULT)),
        ({"backoff_s": 0}, "retries: backoff_s must be a number above 0"),
        ({"longest_s": "1"}, "retries: longest_s must be a number above 0"),
        ({"backoff_s": 40}, "retries: backoff_s (40) must not be above longest_s (30)"),
    ],
)
def test_unusable_retries_are_refused_by_name(tmp_path, stated, said):
    """The error has the file, and the key that is wrong."""
    path = tmp_path / "gateway.json"
    good = {"speed": 60, "data_dir": "x", "providers": {"openai": "http://127.0.0.1:1/"}}
    path.write_text(json.dumps(good | {"retries": stated}))
    with pytest.raises(BadInput) as met:
        read_config(path)
    assert str(met.value).startswith(f"{path}: {said}")


async def test_a_provider_that_asks_for_longer_is_left_at_once(start_gateway, providers):
    """`Retry-After: 60` is more than 30 s: the next model answers, and nobody waits."""
    gateway = await start_gateway(retries=Retries(times=2))
    providers["openai"].script.append(refuse_for({"Retry-After": "60"}))
    response = await gateway.chat("the-admin-token", model="gpt-4o")
    assert response.headers["X-Gateway-Provider"] == "ollama"
    assert gateway.heard(CallRetried) == []


async def test_what_a_provider_asks_for_is_wall_time(start_gateway, providers):
    """0.02 s of it are 2 s of rule time at speed 100, and within the bound of 3 s."""
    gateway = await start_gateway(speed=100, retries=Retries(times=1, backoff_s=0.01, longest_s=3))
    for said, provider in (("0.02", "openai"), ("0.04", "ollama")):
        providers["openai"].script.append(refuse_for({"Retry-After": said}))
        response = await gateway.chat("the-admin-token", model="gpt-4o")
        assert response.headers["X-Gateway-Provider"] == provider
    calls = gateway.heard(CallFinished)
    assert [call.status for call in calls] == ["rate_limit", "ok", "rate_limit", "ok"]


async def test_a_provider_that_cools_down_is_not_retried(start_gateway, providers):
    """Five failures in a row open its breaker, in the midst of the retries."""
    gateway = await start_gateway(retries=Retries(times=9, backoff_s=0.001, longest_s=0.001))
    providers["openai"].fail("network", times=20)
    response = await gateway.chat("the-admin-token", model="gpt-4o")
    assert response.headers["X-Gateway-Provider"] == "ollama"
    assert [call.status for call in gateway.heard(CallFinished)] == ["network"] * 5 + ["ok"]


async def test_nobody_waits_for_a_provider_that_cools_down(start_gateway, providers):
    """The fifth of five calls that fail opens the breaker, and is answered by another at once."""
    gateway = await start_gateway(retries=Retries(times=1, backoff_s=3_000, longest_s=3_000))
    providers["openai"].fail("network", times=5)
    waiting = [asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o")) for _ in range(4)]
    await gateway.until(lambda: len(gateway.heard(CallFinished)) == 4)
    async with asyncio.timeout(PATIENCE_S):
        answer = await gateway.chat("the-admin-token", model="gpt-4o")
    assert answer.headers["X-Gateway-Provider"] == "ollama"
    assert not any(call.done() for call in waiting)
    for call in waiting:
        call.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_provider_that_has_come_to_cool_down_is_not_retried(start_gateway, providers):
    """Four calls wait for their retry while a fifth opens the breaker: they are answered by another."""
    gateway = await start_gateway(retries=Retries(times=1, backoff_s=3))
    providers["openai"].fail("network", times=5)
    calls = [asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o")) for _ in range(4)]
    await gateway.until(lambda: len(gateway.heard(CallFinished)) == 4)
    calls.append(asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o")))
    answers = await asyncio.gather(*calls)
    assert {answer.headers["X-Gateway-Provider"] for answer in answers} == {"ollama"}
    assert (len(providers["openai"].asked), gateway.heard(CallRetried)) == (5, [])


async def test_a_client_that_leaves_ends_the_wait(start_gateway, providers):
    """No attempt is made for somebody who has gone."""
    gateway = await start_gateway(retries=Retries(times=1, backoff_s=3_000, longest_s=3_000))
    providers["openai"].fail("server_error")
    call = asyncio.create_task(gateway.chat("the-admin-token", model="gpt-4o"))
    await gateway.until(lambda: len(gateway.heard(CallFinished)) == 1)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    left = asyncio.Event()
    providers["openai"].script.append(wait_to_be_left(left))
    assert (await gateway.chat("the-admin-token", model="claude-opus-4-1")).status == 200
    assert len(providers["openai"].asked) == 1


def test_own_metrics_count_by_provider_and_reason():
    """They are the gateway's, and of no system."""
    own = OwnMetrics()
    for _ in range(2):
        own.observe(CallRetried(provider="openai", model="gpt-4o", reason="timeout"))
    samples = [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(own.expose().decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]
    assert samples == [
        ("alertdrill_gateway_retries_total", {"provider": "openai", "reason": "timeout"}, 2.0),
        ("alertdrill_gateway_connections_refused_total", {}, 0.0),
    ]
