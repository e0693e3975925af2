"""Sessions in memory: opened, found, closed, and ended when they were idle for too long."""

from __future__ import annotations

import asyncio
import contextvars
import secrets
from dataclasses import dataclass, field

from alertdrill.gateway.answers import FinishReason
from alertdrill.gateway.events import Listener
from alertdrill.gateway.sessions.events import EndReason, SessionEnded, SessionOpened
from alertdrill.gateway.sessions.tools import ToolResult
from alertdrill.gateway.sessions.workspaces import Workspace
from alertdrill.gateway.timing import RuleClock

MAX_SESSIONS = 1_000
MAX_TURNS = 50
IDLE_S = 900.0
"""Rule time without a request after which a session ends."""
SWEEP_S = 15.0


class UnknownSession(Exception):
    """The tenant has no such session, or it has ended; the argument is the id."""


class TooManySessions(Exception):
    """There is no room for another session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and its answer; `model` is the id of the model that answered."""

    text: str
    answer: str
    model: str
    finish_reason: FinishReason
    tools: tuple[ToolResult, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """A tenant's conversation; `context` is that of the request that opened it, `ended` is set at its end."""

    id: str
    tenant: str
    workspace: Workspace
    used_s: float
    context: contextvars.Context
    turns: list[Turn] = field(default_factory=list)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class SessionTable:
    """All sessions by id."""

    def __init__(self, clock: RuleClock, emit: Listener) -> None:
        self._clock = clock
        self._emit = emit
        self._sessions: dict[str, Session] = {}

    def open(self, tenant: str, workspace: Workspace) -> Session:
        """Return a new session; raises TooManySessions."""
        if len(self._sessions) >= MAX_SESSIONS:
            raise TooManySessions
        session = Session(
            id=f"session-{secrets.token_hex(12)}",
            tenant=tenant,
            workspace=workspace,
            used_s=self._clock.now_s(),
            context=contextvars.copy_context(),
        )
        self._sessions[session.id] = session
        self._emit(SessionOpened(workspace=workspace.name))
        return session

    def find(self, session_id: str, tenant: str) -> Session:
        """Return a tenant's session, which is no longer idle; raises UnknownSession."""
        session = self._sessions.get(session_id)
        if session is None or session.tenant != tenant:
            raise UnknownSession(session_id)
        session.used_s = self._clock.now_s()
        return session

    def end(self, session: Session, reason: EndReason) -> None:
        """End a session, once."""
        if self._sessions.pop(session.id, None) is not None:
            session.ended.set()
            # Whoever heard of its opening must hear of its end, under whatever prefix it was closed.
            session.context.run(self._emit, SessionEnded(workspace=session.workspace.name, reason=reason))

    def sweep(self) -> None:
        """End the sessions that were idle for too long; one that is answering is not idle."""
        idle_since_s = self._clock.now_s() - IDLE_S
        for session in list(self._sessions.values()):
            if session.used_s < idle_since_s and not session.busy.locked():
                self.end(session, "idle")

    async def keep_sweeping(self) -> None:
        """Sweep for ever."""
        while True:
            await asyncio.sleep(SWEEP_S / self._clock.speed)
            self.sweep()
