"""A bare aiohttp server: what any gateway made of aiohttp spends at least.

`python -m benchmarks.gateway.echo HOST:PORT` reads each call as JSON and answers it alike and at once.
"""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web

from benchmarks.bare_server import ANSWER

EVENT = (
    b'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"a few words"}}]}\n\n'
)
EVENTS = 5
END = b"data: [DONE]\n\n"


async def answer(request: web.Request) -> web.StreamResponse:
    """Answer a call, with so many events as a stub has for it, if it asks for a stream."""
    call = await request.json()
    if not call.get("stream"):
        return web.Response(body=ANSWER, content_type="application/json")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for _ in range(EVENTS):
        await response.write(EVENT)
    await response.write(END)
    await response.write_eof()
    return response


def main() -> None:
    """Serve until the process is ended."""
    host, _, port = sys.argv[1].rpartition(":")
    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", answer)])
    uvloop.install()
    web.run_app(app, host=host, port=int(port), print=None, access_log=None, backlog=1024)


if __name__ == "__main__":
    main()
