"""How a streamed answer is sent: event by event as it comes, to its end or to an error that says why not."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Protocol

from aiohttp import web

from alertdrill.gateway.answers import Chunk, UpstreamFailed
from alertdrill.gateway.models import Model
from alertdrill.gateway.problems import CLIENT_LEFT, FAILURE, Problem, describe_failure
from alertdrill.gateway.replies import name_answerer
from alertdrill.gateway.streams import Chunks

_log = logging.getLogger(__name__)


class EventWriter(Protocol):
    """Writes the events of one streamed answer, in the format of its client."""

    def write(self, chunk: Chunk) -> bytes:
        """Return the events of a chunk; none for what the client is not told."""

    def end(self) -> bytes:
        """Return what says that the answer is complete."""

    def write_problem(self, problem: Problem) -> bytes:
        """Return the event that says why the answer breaks off."""


async def send_stream(
    request: web.Request, model: Model, chunks: Chunks, writer: EventWriter
) -> web.StreamResponse:
    """Send the chunks of an answer and close them; a call whose client leaves is given up."""
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", **name_answerer(model)}
    response = web.StreamResponse(headers=headers)
    with closing(chunks):
        try:
            await response.prepare(request)
            try:
                async for chunk in chunks:
                    if data := writer.write(chunk):
                        await response.write(data)
                await response.write(writer.end())
            except UpstreamFailed as failed:
                problem = describe_failure(failed.error_class, str(failed))
                request[FAILURE] = problem.code
                await response.write(writer.write_problem(problem))
            await response.write_eof()
        except ConnectionError:
            request[FAILURE] = CLIENT_LEFT
            _log.debug("the client left before its answer ended")
    return response
