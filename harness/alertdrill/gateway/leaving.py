"""Clients that leave before they are answered.

aiohttp cancels the handler of a request whose connection is gone. That is right where a model is called,
and nobody is left to read what it says: `ends_with_client` marks such handlers. What changes something of the
gateway's own goes on to its end, in a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

_Marked = TypeVar("_Marked", bound=Callable[..., Awaitable[Any]])
_MARK = "_ends_with_client"
_READS = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""


def ends_with_client(handler: _Marked) -> _Marked:
    """Mark a handler that is to be cancelled when its client leaves."""
    setattr(handler, _MARK, True)
    return handler


class Outliving:
    """Lets handlers outlive their clients, all but those that are marked."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[web.StreamResponse]] = set()

    @property
    def middleware(self) -> Any:
        """The middleware, which is to be the outermost."""

        @web.middleware
        async def outlive(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.method in _READS or hasattr(request.match_info.handler, _MARK):
                return await handler(request)
            task = asyncio.ensure_future(handler(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return await asyncio.shield(task)

        return outlive

    async def close(self) -> None:
        """Give up what still runs for clients that have left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
