"""The sessions API; every route asks for a key, and shows a tenant only what is its own.

- `PUT /v1/workspaces/NAME` `{"default_model"?, "tools"?: [...]}`;
- `POST /v1/sessions` `{"workspace"}` → 201 `{"id", …}`; `GET` and `DELETE /v1/sessions/ID`;
- `POST /v1/sessions/ID/turns` `{"text", "model"?, "max_tokens"?, "tools"?: [{"name", "arguments"}]}`: the
  tools are run first and their results shown to the model; a tool that fails does not fail the turn;
- `POST /v1/sessions/ID/turns/NUMBER/evaluations` and `POST /v1/sessions/ID/evaluations`
  `{"judge"?: "heuristic" | "model", "model"?}` → `{"passed"}`. What is said of a turn is learned from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.chat import ChatRequest, Message
from alertdrill.gateway.features import Core
from alertdrill.gateway.keys import ID_PATTERN, Key
from alertdrill.gateway.problems import Problem, quote, refuse_parameter
from alertdrill.gateway.routing import OPEN_CHOICE, Hints
from alertdrill.gateway.sessions.bodies import (
    TurnBody,
    parse_evaluation,
    parse_opening,
    parse_turn,
    parse_workspace,
)
from alertdrill.gateway.sessions.judges import Judges
from alertdrill.gateway.sessions.patterns import PatternStore
from alertdrill.gateway.sessions.table import (
    MAX_SESSIONS,
    MAX_TURNS,
    Session,
    SessionTable,
    TooManySessions,
    Turn,
    UnknownSession,
)
from alertdrill.gateway.sessions.tools import Toolbox, ToolResult
from alertdrill.gateway.sessions.workspaces import UnknownWorkspace, Workspace, WorkspaceConflict, Workspaces

Handler = Callable[[web.Request, Key | None], Awaitable[web.StreamResponse]]
OPERATOR = "operator"
"""The tenant of requests without a key."""
MAX_REMEMBERED = 10
"""Earlier turns that a model is shown."""


class SessionsApi:
    """The routes of workspaces and sessions."""

    def __init__(self, core: Core, table: SessionTable) -> None:
        self._core = core
        self._table = table
        self._workspaces = Workspaces()
        self._tools = Toolbox(core.catalogue, core.clock, core.emit)
        self._patterns = PatternStore(core.emit)
        self._judges = Judges(core.calls, core.emit)

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.put("/v1/workspaces/{name}", self._admit(self._put_workspace)),
            web.post("/v1/sessions", self._admit(self._open)),
            web.get("/v1/sessions/{id}", self._admit(self._show)),
            web.delete("/v1/sessions/{id}", self._admit(self._close)),
            web.post("/v1/sessions/{id}/turns", self._admit(self._take_turn)),
            web.post("/v1/sessions/{id}/evaluations", self._admit(self._judge_session)),
            web.post("/v1/sessions/{id}/turns/{number}/evaluations", self._admit(self._judge_turn)),
        ]

    def _admit(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def admitted(request: web.Request) -> web.StreamResponse:
            key = self._core.admission.admit(request)
            try:
                return await handler(request, key)
            except UnknownWorkspace as unknown:
                raise Problem(
                    404, f"there is no workspace {quote(str(unknown))}", code="no_workspace"
                ) from None
            except WorkspaceConflict as conflict:
                raise Problem(409, str(conflict), code="workspace_conflict") from None
            except UnknownSession as unknown:
                raise Problem(404, f"there is no session {quote(str(unknown))}", code="no_session") from None
            except TooManySessions:
                message = f"{MAX_SESSIONS} sessions are open already"
                raise Problem(429, message, code="too_many_sessions") from None

        return admitted

    async def _put_workspace(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        name = request.match_info["name"]
        if not ID_PATTERN.fullmatch(name):
            raise refuse_parameter("name", "must be 1 to 64 letters, digits or ._@-")
        body = parse_workspace(await read_json(request), self._tools.names)
        if body.default_model is not None and self._core.catalogue.find(body.default_model) is None:
            raise refuse_parameter("default_model", "must be one of GET /v1/models")
        self._workspaces.put(
            Workspace(name=name, tenant=_name_tenant(key), default_model=body.default_model, tools=body.tools)
        )
        return web.json_response({"name": name, "default_model": body.default_model})

    async def _open(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        name = parse_opening(await read_json(request))
        tenant = _name_tenant(key)
        session = self._table.open(tenant, self._workspaces.find(name, tenant))
        return web.json_response(_describe(session), status=201)

    async def _show(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        return web.json_response(_describe(self._find(request, key)))

    async def _close(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        session = self._find(request, key)
        self._table.end(session, "closed")
        return web.json_response(_describe(session))

    async def _take_turn(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        session = self._find(request, key)
        body = parse_turn(await read_json(request))
        if session.busy.locked():
            raise Problem(409, "the session is still answering another turn", code="session_busy")
        async with session.busy:
            if len(session.turns) >= MAX_TURNS:
                raise Problem(409, f"a session has at most {MAX_TURNS} turns", code="session_full")
            allowed = session.workspace.tools
            results = [await self._tools.run(call, allowed, session.ended) for call in body.tools]
            if session.ended.is_set():
                raise UnknownSession(session.id)
            turn = await self._ask(session, body, tuple(results), key)
            session.turns.append(turn)
            session.used_s = self._core.clock.now_s()
        return web.json_response({"number": len(session.turns) - 1, **_describe_turn(turn)})

    async def _ask(
        self, session: Session, body: TurnBody, results: tuple[ToolResult, ...], key: Key | None
    ) -> Turn:
        workspace = session.workspace
        asked = "\n".join([body.text, *(f"[{result.name}: {result.text}]" for result in results)])
        chat = ChatRequest(
            model=body.model or OPEN_CHOICE,
            messages=(*_recall(session.turns), Message(role="user", text=asked)),
            max_tokens=body.max_tokens,
        )
        hints = Hints(
            workspace_default=workspace.default_model,
            find_pattern=lambda: self._patterns.find(workspace.name, body.text),
        )
        model, completion = await self._core.calls.complete(chat, key, hints)
        return Turn(
            text=body.text,
            answer=completion.text,
            model=model.id,
            finish_reason=completion.finish_reason,
            tools=results,
        )

    async def _judge_turn(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        session = self._find(request, key)
        number = request.match_info["number"]
        turn = next((turn for place, turn in enumerate(session.turns) if str(place) == number), None)
        if turn is None:
            raise Problem(404, f"there is no turn {quote(number)}", code="no_turn")
        body = parse_evaluation(await read_json(request))
        passed = await self._judges.judge(body.judge, "turn", [turn], key, body.model)
        self._patterns.learn(session.workspace.name, turn.text, turn.model, passed=passed)
        return web.json_response({"passed": passed})

    async def _judge_session(self, request: web.Request, key: Key | None) -> web.StreamResponse:
        session = self._find(request, key)
        body = parse_evaluation(await read_json(request))
        if not session.turns:
            raise Problem(409, "the session has no turn to judge", code="session_empty")
        turns = tuple(session.turns)
        passed = await self._judges.judge(body.judge, "session", turns, key, body.model)
        return web.json_response({"passed": passed})

    def _find(self, request: web.Request, key: Key | None) -> Session:
        return self._table.find(request.match_info["id"], _name_tenant(key))


def _name_tenant(key: Key | None) -> str:
    return key.tenant if key is not None else OPERATOR


def _recall(turns: list[Turn]) -> list[Message]:
    messages = []
    for turn in turns[-MAX_REMEMBERED:]:
        messages.append(Message(role="user", text=turn.text))
        messages.append(Message(role="assistant", text=turn.answer))
    return messages


def _describe(session: Session) -> dict[str, Any]:
    return {"id": session.id, "workspace": session.workspace.name, "turns": len(session.turns)}


def _describe_turn(turn: Turn) -> dict[str, Any]:
    return {
        "model": turn.model,
        "text": turn.answer,
        "tools": [
            {"name": result.name, "result": result.text}
            if result.error_class is None
            else {"name": result.name, "error": {"class": result.error_class, "message": result.text}}
            for result in turn.tools
        ],
    }
