"""The guard's server: asks the engine whose a container or network is, before it passes anything on.

What it passes on is made anew of what it has checked; see `alertdrill.stacks.guard.rebuilding`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web

from alertdrill.runtime.http_server import read_body
from alertdrill.stacks.guard.allowed import Request, classify
from alertdrill.stacks.guard.rebuilding import Unclear, rebuild_connection, rebuild_parameters

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_DESCRIPTION_BYTES = 4 * 1024 * 1024
TIMEOUT_S = 120.0
ENGINE = "http://engine"
_PASSED_ON = ("Api-Version", "Content-Type", "X-Docker-Container-Path-Stat")
_log = logging.getLogger("guard")


class EngineFailed(Exception):
    """The engine did not answer, or not as its API says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A request as it is passed on."""

    method: str
    path: str
    parameters: dict[str, str]
    body: bytes | None
    content_type: str


class Guard:
    """One project's way to the engine behind `session`."""

    def __init__(self, project: str, session: aiohttp.ClientSession) -> None:
        self._project = project
        self._session = session

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on to the engine and its answer back; 403 for what is not allowed."""
        asked = classify(request.method, request.path)
        try:
            rebuilt = await self._rebuild(request, asked) if asked else None
            if rebuilt is None:
                _log.warning("refused: %s %.200r", request.method, request.path)
                return refuse(request, 403, "the guard does not let this through")
            return await self._forward(request, rebuilt)
        except Unclear as unclear:
            return refuse(request, 400, str(unclear))
        except EngineFailed as failed:
            _log.warning("%s", failed)
            return refuse(request, 502, str(failed))

    async def _rebuild(self, request: web.Request, asked: Request) -> Rebuilt | None:
        """Return what may be passed on of a request; None where it is about somebody else's."""
        label = f"{PROJECT_LABEL}={self._project}" if asked.subject == "list" else None
        parameters = rebuild_parameters(request.query.items(), asked.parameters, label)
        if not await self._is_ours(asked):
            return None
        received = await read_body(request)
        body, content_type = None, "application/json"
        if asked.subject == "prepare" and request.method == "PUT":
            body, content_type = received, "application/x-tar"
        elif asked.subject == "network" and request.method == "POST":
            connection = rebuild_connection(received)
            if await self._read_labels("containers", f"{connection['Container']}/json") is None:
                return None
            body = json.dumps(connection).encode()
        elif received:
            raise Unclear("this takes no body")
        return Rebuilt(
            method=request.method,
            path=request.path,
            parameters=parameters,
            body=body,
            content_type=content_type,
        )

    async def _forward(self, request: web.Request, rebuilt: Rebuilt) -> web.StreamResponse:
        response: web.StreamResponse | None = None
        try:
            async with self._session.request(
                rebuilt.method,
                ENGINE + rebuilt.path,
                params=rebuilt.parameters,
                data=rebuilt.body,
                headers={"Content-Type": rebuilt.content_type},
                allow_redirects=False,
            ) as answer:
                passed = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
                response = web.StreamResponse(status=answer.status, headers=passed)
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if response is not None and response.prepared:
                raise ConnectionError("the engine's answer, or the client, broke off") from error
            raise EngineFailed("the Docker engine does not answer") from error

    async def _is_ours(self, asked: Request) -> bool:
        if asked.subject in ("none", "list"):
            return True
        if asked.subject == "network":
            return await self._read_labels("networks", asked.name) is not None
        labels = await self._read_labels("containers", f"{asked.name}/json")
        if labels is None:
            return False
        return asked.subject != "prepare" or labels.get(SERVICE_LABEL) == "prepare"

    async def _read_labels(self, kind: str, path: str) -> dict[str, Any] | None:
        """Return the labels of a container or network of our project; None if it is none.

        Raises EngineFailed.
        """
        try:
            async with self._session.get(f"{ENGINE}/{kind}/{quote(path)}", allow_redirects=False) as answer:
                if answer.status == 404:
                    return None
                if answer.status != 200:
                    raise EngineFailed(f"the Docker engine answered with status {answer.status}")
                text = await _read_at_most(answer.content, MAX_DESCRIPTION_BYTES)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise EngineFailed("the Docker engine does not answer") from error
        labels = _find_labels(text)
        return labels if labels.get(PROJECT_LABEL) == self._project else None


async def _read_at_most(content: aiohttp.StreamReader, most_bytes: int) -> bytes:
    text = bytearray()
    async for chunk in content.iter_any():
        text += chunk
        if len(text) > most_bytes:
            raise EngineFailed(f"the Docker engine's answer is longer than {most_bytes} bytes")
    return bytes(text)


def _find_labels(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
        labels = (document.get("Config") or document).get("Labels") or {}
        return dict(labels.items())
    except (ValueError, RecursionError, AttributeError):
        raise EngineFailed("the Docker engine's answer is not what its API says") from None


def refuse(_request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    """Return what the guard answers to what it does not pass on: an error as the engine's own are."""
    return web.json_response({"message": sentence}, status=status)


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
