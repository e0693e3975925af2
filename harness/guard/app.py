"""The guard's server: asks the engine whose a container or network is, before it passes anything on."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
from aiohttp import web

from harness.guard.allowed import Request, classify

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
MAX_BODY_BYTES = 16 * 1024 * 1024
TIMEOUT_S = 120.0
ENGINE = "http://engine"
_PASSED_ON = ("Api-Version", "Content-Type", "X-Docker-Container-Path-Stat")
_log = logging.getLogger("guard")


class Guard:
    """One project's way to the engine behind `session`."""

    def __init__(self, project: str, session: aiohttp.ClientSession) -> None:
        self._project = project
        self._session = session

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on to the engine and its answer back; 403 for what is not allowed."""
        asked = classify(request.method, request.path)
        body = await request.read()
        if asked is None or not await self._is_ours(asked, body):
            _log.warning("refused: %s %s", request.method, request.path)
            return web.json_response({"message": "the guard does not let this through"}, status=403)
        query = dict(request.query)
        if asked.subject == "list":
            query["filters"] = self._narrow(query.get("filters", "{}"))
        async with self._session.request(
            request.method,
            ENGINE + request.path,
            params=query,
            data=body or None,
            headers={"Content-Type": request.headers.get("Content-Type", "application/json")},
        ) as answer:
            passed = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers=passed)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    def _narrow(self, filters: str) -> str:
        """Return the filters of a list with our project's label as the only label."""
        try:
            asked = dict(json.loads(filters))
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text="filters must be an object") from error
        return json.dumps({**asked, "label": [f"{PROJECT_LABEL}={self._project}"]})

    async def _is_ours(self, asked: Request, body: bytes) -> bool:
        if asked.subject in ("none", "list"):
            return True
        if asked.subject == "network":
            # Connecting names a container in the body, which must be ours as well.
            named = _find_named_container(body)
            if named is not None and await self._read_labels("containers", f"{named}/json") is None:
                return False
            return await self._read_labels("networks", asked.name) is not None
        labels = await self._read_labels("containers", f"{asked.name}/json")
        if labels is None:
            return False
        return asked.subject != "prepare" or labels.get(SERVICE_LABEL) == "prepare"

    async def _read_labels(self, kind: str, path: str) -> dict[str, str] | None:
        """Return the labels of a container or network of our project; None if it is none."""
        async with self._session.get(f"{ENGINE}/{kind}/{quote(path)}") as answer:
            if answer.status != 200:
                return None
            document = await answer.json()
        labels = (document.get("Config") or document).get("Labels") or {}
        return labels if labels.get(PROJECT_LABEL) == self._project else None


def _find_named_container(body: bytes) -> str | None:
    """Return the container that a body names; an empty name, which is nobody's, when it cannot be read."""
    if not body:
        return None
    try:
        return str(json.loads(body).get("Container", ""))
    except (ValueError, AttributeError):
        return ""


def make_app(project: str, socket: str) -> web.Application:
    """Return the guard's server for one project and the engine that listens on a socket."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)

    async def open_engine(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.UnixConnector(path=socket)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            app[_GUARD] = Guard(project, session)
            yield

    async def answer_health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def pass_on(request: web.Request) -> web.StreamResponse:
        return await request.app[_GUARD].pass_on(request)

    app.cleanup_ctx.append(open_engine)
    app.router.add_get("/healthz", answer_health)
    app.router.add_route("*", "/{path:.*}", pass_on)
    return app


_GUARD = web.AppKey("guard", Guard)
