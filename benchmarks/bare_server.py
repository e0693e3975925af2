"""A server that answers every request alike and at once, and says when they came.

`python -m benchmarks.bare_server` prints the port that it listens on. `GET /came` says how many requests
came, and when the first and the last did; the next one is then the first again.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import cast

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 2, "total_tokens": 102},
    }
).encode()


def frame(body: bytes) -> bytes:
    """Return an answer with this body."""
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


FRAMED = frame(ANSWER)


class Came:
    """How many requests came, and when."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.count, self.first_s, self.last_s = 0, 0.0, 0.0

    def note(self) -> None:
        """Note one that came now."""
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.count += 1


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, came: Came) -> None:
        self._came = came
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is there whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            _, _, stated = head.partition(b"\r\ncontent-length:")
            whole = end + 4 + int(stated.partition(b"\r\n")[0] or 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        if not head.startswith(b"get /came "):
            self._came.note()
            return FRAMED
        said = {"count": self._came.count, "first_s": self._came.first_s, "last_s": self._came.last_s}
        self._came.clear()
        return frame(json.dumps(said).encode())


async def serve() -> None:
    """Serve on a free port of loopback until the process is ended."""
    came = Came()
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(came), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - a program of its own
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
