"""The pager's servers: control, deliveries by HTTPS and by SMTP, in one process."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

from alertdrill.alertmanager.addresses import SERVER_NAMES
from alertdrill.errors import BadInput
from alertdrill.pager.control import make_control
from alertdrill.pager.deliveries import make_deliveries, refuse
from alertdrill.pager.faults import Faults
from alertdrill.pager.intake import Desk
from alertdrill.pager.rule_time import RuleTime
from alertdrill.pager.smtp import take_mail
from alertdrill.pager.webhooks import make_webhooks
from alertdrill.runtime.http_server import LIMITS, HttpRunner, Limits
from alertdrill.runtime.serving import SHUTDOWN_WALL_S, naming_address

At = tuple[str, int]
MAX_LINE_BYTES = 512 * 1024
"""Of the first line of a request for an inbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Where the pager listens, with which certificate (PEM: key and chain), and its token.

    At `webhooks` it takes those of an Alertmanager that is somebody's own.
    """

    deliveries: At
    smtp: At
    certificate: Path
    speed: float
    token: str = field(repr=False)
    webhooks: At | None = None
    limits: Limits = LIMITS


def make_pager(setup: Setup) -> web.Application:
    """Return the control API's server; as it starts, deliveries are taken too.

    Raises BadInput where the certificate cannot be used.
    """
    desk = Desk(RuleTime(setup.speed))
    context = make_context(setup.certificate, desk.faults)

    async def take_deliveries(_app: web.Application) -> AsyncIterator[None]:
        runner = _DeliveriesRunner(
            make_deliveries(desk, setup.token),
            refuse,
            limits=setup.limits,
            handler_cancellation=True,
            shutdown_timeout=SHUTDOWN_WALL_S,
        )
        await runner.setup()
        host, port = setup.deliveries
        try:
            with naming_address(host, port):
                await web.TCPSite(runner, host, port, ssl_context=context).start()
            yield
        finally:
            desk.close()
            await runner.cleanup()

    async def take_mails(_app: web.Application) -> AsyncIterator[None]:
        host, port = setup.smtp
        with naming_address(host, port):
            server = await take_mail(
                desk, setup.token, host=host, port=port, context=context, idle_s=setup.limits.idle_s
            )
        yield
        server.close()

    async def take_webhooks(_app: web.Application) -> AsyncIterator[None]:
        if setup.webhooks is None:
            yield
            return
        host, port = setup.webhooks
        runner = HttpRunner(
            make_webhooks(desk), refuse, limits=setup.limits, shutdown_timeout=SHUTDOWN_WALL_S
        )
        await runner.setup()
        try:
            with naming_address(host, port):
                await web.TCPSite(runner, host, port).start()
            yield
        finally:
            await runner.cleanup()

    app = make_control(desk, setup.token)
    app.cleanup_ctx.extend((take_deliveries, take_mails, take_webhooks))
    return app


class _DeliveriesRunner(HttpRunner):
    """Takes requests that have a whole notification in their first line, as Pushover's do."""

    async def _make_server(self) -> web.Server:
        server: Any = await super()._make_server()
        # The shared server has no setting for it, and the stub providers, which share it, no use of one.
        server._connect = partial(server._connect, max_line_size=MAX_LINE_BYTES)
        made: web.Server = server
        return made


def make_context(certificate: Path, faults: Faults) -> ssl.SSLContext:
    """Return the context of all inboxes; who asks for one that fails so gets a certificate nobody signed.

    Raises BadInput where the certificate cannot be used.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    stranger = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert(SERVER_NAMES).configure_cert(stranger)
    try:
        context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"{certificate}: no key with its certificate chain can be read: {error}") from error

    def choose(handshake: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name and faults.distrusts(name):
            handshake.context = stranger

    context.sni_callback = choose
    return context
