"""What every server answers to what no client of its own sends, as docs/reference/reliability.md says."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import tracemalloc
import zlib
from functools import cache
from pathlib import Path

import pytest
from support.served import SERVERS, WAIT_S, Answer, Served, is_text, read_answers, read_to_the_end, run

from alertdrill.runtime.http_server import Limits
from stub_providers.behaviour import Behaviour
from stub_providers.distributions import Constant

pytestmark = pytest.mark.long

TRAILER = "Authorization: Bearer lent-token\r\nx-api-key: lent-token\r\nx-goog-api-key: lent-token\r\n"


def chunked(served: Served, trailer: str) -> bytes:
    """Return the good request, in one chunk, with these fields behind it."""
    size = f"{len(served.body):x}\r\n".encode()
    return served.request(chunked=True) + size + served.body + b"\r\n0\r\n" + trailer.encode() + b"\r\n"


async def test_a_chunked_request_ends_its_connection(server: Served) -> None:
    """Its trailer cannot become headers of the next request, for there is none."""
    keys = "".join(f"{name}: {value}\r\n" for name, value in server.keys.items())
    answers = await server.say(chunked(server, keys or TRAILER) + server.request(has_key=False))
    assert len(answers) == 1
    assert answers[0].headers["connection"] == "close"
    assert answers[0].status < 500


async def test_the_next_request_after_a_plain_one_is_answered(server: Served) -> None:
    """Connections are shared as ever, but for the inboxes', which have one request each."""
    answers = await server.say(server.request() + server.request(headers={"Connection": "close"}))
    assert [answer.status for answer in answers] == [answers[0].status] * len(answers)
    assert len(answers) == (1 if server.trust else 2)


NOT_SO = [
    ("gzip", b"{}", 400),
    ("gzip", gzip.compress(b"{}")[:-4], 400),
    ("gzip", gzip.compress(b"{}") * 2, 400),
    ("deflate", b"{}", 400),
    ("zstd", b"{}", 415),
    ("br", b"{}", 415),
    ("no-such", b"{}", 415),
    ("gzip, gzip", b"{}", 415),
]


async def test_a_body_that_is_not_in_its_encoding_is_refused_in_shape(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """400 where it is not what it says, 415 where nobody here reads that; nothing of it is a failure."""
    for encoding, body, status in NOT_SO:
        answer = await server.ask(body=body, headers={"Content-Encoding": encoding})
        assert answer.status == status, (encoding, answer.text)
        assert server.shape(status, answer.text)
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_body_in_an_encoding_is_read(server: Served) -> None:
    """Gzip and deflate are what clients may use."""
    plain = await server.ask()
    for encoding, packed in (("gzip", gzip.compress(server.body)), ("deflate", zlib.compress(server.body))):
        answer = await server.ask(body=packed, headers={"Content-Encoding": encoding})
        assert answer.status == plain.status < 500, answer.text


@cache
def pack_blanks(count: int) -> bytes:
    """Return a small body that unpacks to many bytes."""
    return gzip.compress(b" " * count, 1)


async def test_a_body_that_unpacks_to_too_much_is_refused(server: Served) -> None:
    """No more of it is unpacked than the bound."""
    answer = await server.ask(body=pack_blanks(20_000_000), headers={"Content-Encoding": "gzip"})
    assert answer.status in (413, 400), answer.text
    assert server.shape(answer.status, answer.text)


async def test_no_more_is_unpacked_than_the_bound(tmp_path: Path) -> None:
    """A body of 100 kB that would be 100 MB does not take more than a few of these."""
    bomb = pack_blanks(100_000_000)
    async with run("gateway", tmp_path) as served:
        await served.ask()  # what is made once is made
        tracemalloc.start()
        answer = await served.ask(body=bomb, headers={"Content-Encoding": "gzip"})
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert answer.status == 413
    assert peak_bytes < 10_000_000


def without_id(text: str) -> str:
    """Return a body without the request's id, which is another each time."""
    return re.sub(r"req_[0-9a-f]+", "", text)


@pytest.mark.parametrize("server", [name for name in SERVERS if name != "guard"], indirect=True)
async def test_nothing_is_said_of_a_body_before_the_key(server: Served) -> None:
    """Who has no key is told so, whatever is in the body. The guard knows no keys: drills alone reach it."""
    plain = await server.ask(has_key=False)
    assert server.shape(plain.status, plain.text)
    for encoding in ("zstd", "gzip", "no-such"):
        answer = await server.ask(has_key=False, body=b"{}", headers={"Content-Encoding": encoding})
        assert (answer.status, without_id(answer.text)) == (plain.status, without_id(plain.text))


async def test_no_such_route_is_said_in_shape(server: Served) -> None:
    """404, or the guard's 403."""
    answer = await server.ask(path="/no/such/route")
    assert answer.status in (404, 403)
    assert server.stranger(answer.status, answer.text)


async def test_a_wrong_method_is_said_in_shape(server: Served) -> None:
    """405 with the methods that there are, or the guard's 403."""
    answer = await server.ask(method="PATCH", body=b"")
    assert answer.status in (405, 403)
    assert (answer.status == 405) == ("allow" in answer.headers)
    assert server.shape(answer.status, answer.text)


async def test_an_expectation_is_refused_in_shape(server: Served) -> None:
    """417, also where there is no route."""
    answer = await server.ask(headers={"Expect": "a-miracle"})
    assert (answer.status, server.shape(417, answer.text)) == (417, True)
    answer = await server.ask(path="/no/such/route", headers={"Expect": "a-miracle"})
    assert (answer.status, server.stranger(417, answer.text)) == (417, True)


async def test_a_body_that_is_too_long_is_refused_in_shape(server: Served) -> None:
    """It is 413; the stubs' control has always said 400."""
    answer = await server.ask(body=b" " * (17 * 1024 * 1024))
    assert answer.status in (413, 400)
    assert server.shape(answer.status, answer.text)


NO_DOCUMENTS = {
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "half a surrogate pair": b'"\\ud800"',
    "no text": b"\xff\xfe",
    "a number without end": b"1" * 5_000,
}


async def test_a_body_that_is_no_document_is_refused_in_shape(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """However deep, or no text at all: it is 4xx, and nothing of it is a failure."""
    for name, body in NO_DOCUMENTS.items():
        answer = await server.ask(body=body)
        assert 400 <= answer.status < 500, name
        assert server.shape(answer.status, answer.text), name
    assert [record for record in caplog.records if record.exc_info] == []


MALFORMED = [
    "GET / HTTP/1.1\r\nAuthorization Bearer {token}\r\n\r\n",
    "GET / HTTP/1.1\r\nAuthorization: Bearer {token}\x00\r\n\r\n",
    "GET /?key={token} HTTP/9\r\n\r\n",
    "{token} / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nContent-Length: {token}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {token}\r\nContent-Length: 3\r\n\r\nabc",
    "GET / HTTP/1.1\r\nAuthorization: Bearer {token}" + "x" * 70_000 + "\r\n\r\n",
]


async def test_a_malformed_request_is_neither_logged_nor_sent_back(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Its token is in no line of the log and not in the answer, which is in shape."""
    token = "t0k3n-of-somebody"
    for said in MALFORMED:
        (answer,) = await server.say(said.format(token=token).encode())
        assert answer.status == 400
        assert server.stranger(400, answer.text)
        assert token not in answer.text
    assert token not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_malformed_chunk_is_refused_in_shape(hasty: Served, caplog: pytest.LogCaptureFixture) -> None:
    """It is 400 with its header, 408 where it comes later, and said of the key where nobody reads it."""
    for has_key in (True, False):
        for wait_s in (0, WAIT_S / 5):
            async with hasty.connect() as (reader, writer):
                writer.write(hasty.request(chunked=True, has_key=has_key))
                await asyncio.sleep(wait_s)
                writer.write(b"zz-t0k3n\r\n{}\r\n0\r\n\r\n")
                answers = read_answers(await read_to_the_end(reader))
            assert answers
            for answer in answers:
                assert 400 <= answer.status < 500
                assert hasty.shape(answer.status, answer.text) or hasty.stranger(answer.status, answer.text)
                assert "t0k3n" not in answer.text
    assert "t0k3n" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_host_that_is_none_changes_nothing(server: Served) -> None:
    """No server here looks at it."""
    good = await server.ask()
    for host in ("[[x", "\u00c3x", "a b", "x:99999999", ""):
        assert (await server.ask(headers={"Host": host})).status in (good.status, 400)


async def test_an_idle_connection_is_closed(impatient: Served) -> None:
    """Who says nothing is not waited for."""
    assert await impatient.say(b"") == []


async def test_half_a_header_is_not_waited_for(impatient: Served) -> None:
    """Nor is one that grows by a byte now and then."""
    async with impatient.connect() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost")

        async def drip() -> None:
            while not writer.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert read_answers(await read_to_the_end(reader)) == []
        dripping.cancel()


@pytest.mark.parametrize(
    "impatient", ["gateway", "guard", "pager", "stub control", "stub openai"], indirect=True
)
async def test_a_connection_is_closed_some_time_after_an_answer_too(impatient: Served) -> None:
    """The time begins anew with each answer; an inbox's connection ends at once."""
    first: list[Answer] = []
    while not first:  # where this machine pauses, the connection may be closed before the request is there
        first = await impatient.say(impatient.request())
    assert [answer.headers.get("connection") for answer in first] == [None]


@pytest.mark.parametrize("rest", [b"", b"2\r\n{", b"ff"], ids=["half a body", "half a chunk", "half a size"])
async def test_half_a_body_is_not_waited_for(hasty: Served, rest: bytes) -> None:
    """It is 408 in shape, and the connection ends."""
    half = hasty.request(chunked=True) + rest if rest else hasty.request(headers={"Content-Length": "99"})
    (answer,) = await hasty.say(half)
    assert answer.status == 408
    assert hasty.shape(408, answer.text)


async def test_half_a_body_without_the_key_is_not_waited_for_either(hasty: Served) -> None:
    """It is refused at once, and what is missing is not awaited for long."""
    (answer,) = await hasty.say(hasty.request(headers={"Content-Length": "99"}, has_key=False))
    assert 400 <= answer.status < 500


def test_a_sentence_is_no_document() -> None:
    """What is held to be plain text is neither JSON nor a page."""
    assert is_text(400, "Bad")
    assert not is_text(400, json.dumps({}))


async def test_a_slow_answer_is_not_cut(tmp_path: Path) -> None:
    """Limits are for clients that keep us waiting: an answer, streamed or not, may take any time."""
    limits = Limits(idle_s=WAIT_S, body_s=WAIT_S, unread_s=WAIT_S)
    for name in ("stub openai", "gateway"):
        async with run(name, tmp_path, limits) as served:
            assert served.engine
            served.engine.tell("*", Behaviour(latency=Constant(s=100 * 5 * WAIT_S)))
            for stream in (False, True):
                body = json.dumps(json.loads(served.body) | {"stream": stream}).encode()
                answer = await served.ask(body=body)
                assert answer.status == 200, answer.text
                assert ("[DONE]" in answer.text) == stream
