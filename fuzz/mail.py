"""Mail with something wrong in it, in plain lines, to the pager: no connection ends for a mistake of ours."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import random
import ssl
import tempfile
from pathlib import Path

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.runtime.http_server import Limits
from fuzz.finding import Finding, Tried
from fuzz.requests import Tracebacks

# The tests know how a pager is run: `fuzz.requests` has found them.
from support.running_pager import TOKEN, RunningPager, run_pager  # isort: skip
from support.served import WAIT_S, read_to_the_end  # isort: skip

MAILS = 60
"""Of one round."""
AT_ONCE = 20
IDLE_S = 0.5
"""For which a pager waits that is told to be hasty: long enough for a busy machine to shake hands."""
INBOX = Address(receiver="page", integration="email")
FAILED = b"421 4.3.0 closing"
"""What is said where a mistake of ours ends a connection."""
LINES = (
    b"EHLO x",
    b"HELO x",
    b"MAIL FROM:<a@example.org>",
    b"MAIL FROM:<a@example.org> SIZE=99999999999999999999 BODY=8BITMIME SMTPUTF8",
    b"MAIL FROM:<\xff\xfe@\xed\xa0\x80>",
    b"MAIL FROM:" + b"<" * 500,
    b"RCPT TO:<b@example.org>",
    b"RCPT TO:<>",
    b"RCPT TO:<b@example.org> NOTIFY=NEVER",
    b"DATA",
    b".",
    b"..",
    b"Subject: x\r\nX-Alertdrill-Tag: y\r\n\r\ntext\r\n.",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n.",
    b"Content-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n====\r\n.",
    b"From: =?utf-8?b?////?=\r\nDate: never\r\n\r\n.",
    b"RSET",
    b"NOOP x",
    b"VRFY x",
    b"EXPN x",
    b"HELP x",
    b"AUTH",
    b"AUTH PLAIN",
    b"AUTH PLAIN ====",
    b"AUTH LOGIN",
    b"AUTH LOGIN AAAA",
    b"AUTH x",
    b"*",
    b"STARTTLS",
    b"STARTTLS x",
    b"BDAT 5",
    b"\x00",
    b"\xff\xfe",
    b"x" * 20_000,
    b"",
    b"GET / HTTP/1.1",
)
AUTH = b"AUTH PLAIN " + base64.b64encode(
    b"\0".join((b"", INBOX.path.encode(), derive_key(TOKEN, INBOX).encode()))
)


async def send(pager: RunningPager, trust: ssl.SSLContext, rng: random.Random) -> bytes:
    """Send some lines on a connection of their own, mostly as somebody who may; return what comes back.

    Raises TimeoutError if the connection is not closed.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", pager.smtp_port)
    try:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            lines = [rng.choice(LINES) for _ in range(rng.randint(1, 12))]
            if rng.random() < 0.8:
                await reader.readline()
                writer.write(b"EHLO x\r\nSTARTTLS\r\n")
                while not (said := await reader.readline()).startswith(b"220"):
                    if not said:
                        return b""
                await writer.start_tls(trust)
                lines = [b"EHLO x", *([AUTH] if rng.random() < 0.8 else []), *lines]
            writer.write(b"".join(line + rng.choice((b"\r\n",) * 8 + (b"\n", b"\r", b"")) for line in lines))
            return await read_to_the_end(reader)
        return b""
    finally:
        writer.transport.abort()


def fuzz(seed: int) -> Tried:
    """Try mails to a pager."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
    tracebacks = Tracebacks()
    logging.getLogger().addHandler(tracebacks)
    try:
        wrong = asyncio.run(_try_pager(rng))
    finally:
        logging.getLogger().removeHandler(tracebacks)
    wrong += [f"a traceback in the log: {said}" for said in tracebacks.said]
    return Tried(outcomes=("mail",) * MAILS, findings=tuple(Finding(what=f"mail: {what}") for what in wrong))


async def _try_pager(rng: random.Random) -> list[str]:
    wrong: list[str] = []
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE

    async def try_one(seed: int) -> None:
        try:
            received = await send(pager, trust, random.Random(seed))  # noqa: S311 - no secret
        except TimeoutError:
            wrong.append(f"no end, of the lines of {seed}")
            return
        if FAILED in received:
            wrong.append(f"{received[-300:]!r}, of the lines of {seed}")

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        limits = Limits(idle_s=IDLE_S, body_s=WAIT_S, unread_s=WAIT_S)
        async with run_pager(Path(folder), limits=limits) as pager:
            for _ in range(MAILS // AT_ONCE):
                await asyncio.gather(*(try_one(rng.randrange(10**9)) for _ in range(AT_ONCE)))
    return wrong
