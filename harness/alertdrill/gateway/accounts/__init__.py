"""Accounts: credits, rate limits, caches, queues and subscriptions, under the prefixes that have them.

models.yml says which these are. Who asks under another prefix, or under none, meets none of them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager

from aiohttp import web

from alertdrill.errors import BadInput
from alertdrill.gateway.accounts.book import AccountBook
from alertdrill.gateway.accounts.chats import AccountedChats, name_user
from alertdrill.gateway.accounts.endpoints import Endpoints
from alertdrill.gateway.accounts.providers import Providers
from alertdrill.gateway.accounts.routes import AccountRoutes
from alertdrill.gateway.accounts.store import AccountStore
from alertdrill.gateway.events import CallFinished, DomainEvent
from alertdrill.gateway.features import Core
from alertdrill.gateway.prefixes import current_prefix


class Accounts:
    """The routes of accounts, and an ear for the calls that they are charged for."""

    def __init__(self, core: Core, book: AccountBook) -> None:
        self._core = core
        self._book = book
        self._providers = Providers()
        self.endpoints = Endpoints(core)
        self._routes = AccountRoutes(core, book)
        self._heard = (None, *core.catalogue.list_accounted())

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [*self._routes.list_routes(), *self.endpoints.list_routes()]

    def hear(self, event: DomainEvent) -> None:
        """Note how a provider did, and charge its user for a call under a prefix with accounts."""
        if not isinstance(event, CallFinished) or current_prefix() not in self._heard:
            return
        if event.status != "cancelled":
            self._core.emit(self._providers.note(event))
        if event.key_id is not None and current_prefix() is not None:
            self._book.charge(name_user(self._core.keys.get(event.key_id)), event)


@asynccontextmanager
async def open_accounts(core: Core) -> AsyncIterator[Accounts]:
    """Yield the feature; raises BadInput if the data directory cannot be used."""
    with _open_book(core) as book:
        accounts = Accounts(core, book)
        chats = AccountedChats(core, book)
        core.chats.update(dict.fromkeys(core.catalogue.list_accounted(), chats))
        core.listen(accounts.hear)
        book.announce()
        keeper = asyncio.create_task(book.keep())
        try:
            yield accounts
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await accounts.endpoints.close()
            await book.save()


@contextmanager
def _open_book(core: Core) -> Iterator[AccountBook]:
    with ExitStack() as opened:
        try:
            path = core.data_dir / "accounts.db"
            store = opened.enter_context(closing(AccountStore(path, core.meter.query)))
            book = AccountBook(store, core.clock, core.emit)
        except (OSError, sqlite3.Error) as error:
            raise BadInput(f"{core.data_dir}: cannot keep accounts here: {error}") from error
        yield book
