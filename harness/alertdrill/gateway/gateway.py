"""The gateway put together: parts made in order, closed in reverse."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import web

from alertdrill.errors import BadInput
from alertdrill.gateway.accounts import open_accounts
from alertdrill.gateway.admin import Admin
from alertdrill.gateway.admission import Admission
from alertdrill.gateway.app import Front, make_app
from alertdrill.gateway.auth import Doorkeeper
from alertdrill.gateway.calls import Calls
from alertdrill.gateway.config import Config
from alertdrill.gateway.features import Core, OpenFeature
from alertdrill.gateway.hearing import Ears, Hearing
from alertdrill.gateway.inference import open_inference
from alertdrill.gateway.keys import KeyRing
from alertdrill.gateway.messages import open_messages
from alertdrill.gateway.meter import Meter
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.quotas import Quotas
from alertdrill.gateway.runs import open_runs
from alertdrill.gateway.sessions import open_sessions
from alertdrill.gateway.store import Store
from alertdrill.gateway.timing import RuleClock
from alertdrill.gateway.trace import Trace
from alertdrill.gateway.upstream import Upstream

GRACE_WALL_S = 0.1
"""How long calls in flight may go on once the gateway is told to end; then an error ends what is streamed."""
FEATURES: tuple[OpenFeature, ...] = (open_accounts, open_inference, open_messages, open_runs, open_sessions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What proves who the operator is, and who the gateway is to its providers."""

    admin_token: str
    provider_key: str


class Gauges:
    """What surfaces poll; the `State` of `alertdrill.gateway.events`."""

    def __init__(self, keys: KeyRing, trace: Trace) -> None:
        self._keys = keys
        self._trace = trace

    def keys_active(self) -> int:
        """Return how many keys are accepted now."""
        return self._keys.count_active()

    def keys_revoked(self) -> int:
        """Return how many issued keys are not accepted any more."""
        return self._keys.count_revoked()

    def wal_bytes(self) -> int:
        """Return the size of the trace's write-ahead log."""
        return self._trace.wal_bytes()


@asynccontextmanager
async def open_gateway(
    config: Config, secrets: Secrets, attach: Callable[[Gauges], Hearing]
) -> AsyncIterator[web.Application]:
    """Yield the gateway's application; `attach` is called once with what can be polled.

    Raises BadInput if the configuration or its data directory cannot be used.
    """
    catalogue = read_catalogue(SHIPPED, config.providers)
    clock = RuleClock(config.speed)
    quotas = Quotas()
    ears = Ears()
    emit = ears.emit
    meter = Meter(clock, emit)
    make_keys = partial(KeyRing, quotas=quotas, clock=clock, emit=emit)
    with _open_data(config.data_dir, meter, make_keys) as (trace, store, keys):
        hearing = attach(Gauges(keys, trace))
        for listen in (trace.record, *hearing.listeners):
            ears.add(listen)
        for system, surface in hearing.surfaces.items():
            ears.add_surface(system, surface)
        upstream = Upstream(
            config.providers, secrets.provider_key, config.limits.timeout_s / config.speed, meter
        )
        calls = Calls(
            catalogue=catalogue,
            upstream=upstream,
            providers=config.providers,
            limits=config.limits,
            retries=config.retries,
            quotas=quotas,
            clock=clock,
            emit=emit,
        )
        doorkeeper = Doorkeeper(secrets.admin_token, keys)
        admission = Admission(doorkeeper, clock, emit)
        admin = Admin(
            doorkeeper=doorkeeper,
            keys=keys,
            quotas=quotas,
            store=store,
            catalogue=catalogue,
            clock=clock,
            emit=emit,
        )
        core = Core(
            admission=admission,
            calls=calls,
            catalogue=catalogue,
            clock=clock,
            data_dir=config.data_dir,
            emit=emit,
            keys=keys,
            listen=ears.add,
            meter=meter,
        )
        front = Front(
            admission=admission,
            find_chats=core.find_chats,
            catalogue=catalogue,
            clock=clock,
            expositions={**hearing.own_expositions, **hearing.expositions},
        )
        try:
            async with AsyncExitStack() as opened:
                features = [await opened.enter_async_context(open_feature(core)) for open_feature in FEATURES]
                app = make_app(front, admin, features, systems=hearing.expositions, clock=clock, emit=emit)
                app.on_shutdown.append(lambda _app: calls.close(GRACE_WALL_S))
                yield app
        finally:
            await calls.close()
            await upstream.close()


@contextmanager
def _open_data(
    folder: Path, meter: Meter, make_keys: Callable[[Store], KeyRing]
) -> Iterator[tuple[Trace, Store, KeyRing]]:
    """Yield what is kept in a folder, and close it in the end; raises BadInput if it cannot be kept there."""
    with ExitStack() as opened:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            store = opened.enter_context(closing(Store(folder / "keys.db", meter.query)))
            trace = opened.enter_context(closing(Trace(folder / "trace.db", meter.query)))
            keys = make_keys(store)
        except (OSError, sqlite3.Error) as error:
            raise BadInput(f"{folder}: cannot keep data here: {error}") from error
        yield trace, store, keys
