"""Takes e-mail: SMTP with STARTTLS and AUTH, without which nothing is taken.

The user's name is the inbox's path, the password its key.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from collections import defaultdict
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from alertdrill.alertmanager.addresses import MAX_TAG_CHARACTERS, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt
from alertdrill.alertmanager.receivers.email import read_mail
from alertdrill.pager.deliveries import MAX_BODY_BYTES, reset_on_close
from alertdrill.pager.intake import Desk

MAX_RECIPIENTS = 100
MAX_COMMAND_CHARACTERS = 16 * 1024
"""AUTH has the inbox's path in it, and so the receiver's name."""
_OK = Answer(status=250, body="OK")
_FAILED = AuthResult(success=False, handled=False)

log = logging.getLogger("pager")
# What clients send, secrets among it, is on the finer levels.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class _Connection(SMTP):
    line_length_limit = MAX_TAG_CHARACTERS + 1024  # the tag is one line; `read_mail` measures the others
    command_size_limits: dict[str, int] = defaultdict(  # noqa: RUF012 - as aiosmtpd declares it
        lambda: MAX_COMMAND_CHARACTERS
    )
    AuthLoginUsernameChallenge = "Username:"  # what Alertmanager waits for
    AuthLoginPasswordChallenge = "Password:"

    def drop(self, *, is_reset: bool = False) -> None:
        """End the connection at once."""
        # Typed as BaseTransport; that of uvloop is no subclass of the others, but has their methods.
        transport: Any = self._original_transport or self.transport
        if is_reset:
            reset_on_close(transport.get_extra_info("socket"))
        transport.abort()


class Postbox:
    """What is done with a connection's commands; the names of the methods are aiosmtpd's."""

    def __init__(self, desk: Desk, token: str) -> None:
        self._desk = desk
        self._token = token

    def authenticate(
        self, server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        """Say whether somebody has an inbox's key, and which inbox that is."""
        if not isinstance(data, LoginPassword) or not isinstance(server, _Connection):
            return _FAILED
        try:
            address = parse_path(data.login.decode())
        except ValueError:
            return _FAILED
        if address.integration != "email":
            return _FAILED
        fault = self._desk.faults.find(address)
        if fault and fault.how in {"tls", "refuse"}:
            server.drop()
            return AuthResult(success=False)
        if not hmac.compare_digest(data.password, derive_key(self._token, address).encode()):
            return _FAILED
        return AuthResult(success=True, auth_data=address)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender, unless the inbox fails: see `alertdrill.pager.faults`."""
        inbox = session.auth_data
        if isinstance(inbox, Address) and self._desk.faults.find(inbox):
            return await self._decide(server, inbox, Attempt(answer=_OK))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, whoever it is."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        address = session.auth_data
        content = envelope.original_content
        if not isinstance(address, Address) or content is None:
            return "530 5.7.0 authentication is required"
        attempt = read_mail(
            address, content, sender=envelope.mail_from or "", recipients=tuple(envelope.rcpt_tos)
        )
        return await self._decide(server, address, attempt)

    async def handle_exception(self, error: Exception) -> str:
        """Log what went wrong as one line: what clients break off is nothing to trace."""
        log.warning("a mail connection failed: %s", type(error).__name__)
        return "421 4.3.0 closing"

    async def _decide(self, server: _Connection, address: Address, attempt: Attempt) -> str:
        answer = self._desk.take(address, attempt)
        if isinstance(answer, Answer):
            return f"{answer.status} {answer.body}"
        if answer == "timeout" and (fault := self._desk.faults.find(address)):
            await fault.over.wait()
        server.drop(is_reset=answer == "reset")
        return "421 4.3.0 closing"


async def take_mail(
    desk: Desk, token: str, *, host: str, port: int, context: ssl.SSLContext, idle_s: float
) -> asyncio.Server:
    """Start to listen for mail; who says nothing for `idle_s` is left. The caller closes the server."""
    postbox = Postbox(desk, token)
    make_connection = partial(
        _Connection,
        postbox,
        data_size_limit=MAX_BODY_BYTES,
        enable_SMTPUTF8=True,
        hostname="pager.invalid",
        timeout=idle_s,
        ident="alertdrill",
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=postbox.authenticate,
    )
    return await asyncio.get_running_loop().create_server(make_connection, host, port)
