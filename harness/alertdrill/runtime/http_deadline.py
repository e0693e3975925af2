"""HTTP sessions whose requests come to an end: all of an answer has a time, not each piece of it.

The timeout of requests is for each read of a socket: a server that sends a byte a second never exceeds it.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


def make_session(within_s: float) -> requests.Session:
    """Return a session in which an answer, headers and body, takes at most `within_s`.

    It reads no credentials and no proxies from the environment. The certificates are the system's, as for
    every other program here; SSL_CERT_FILE names others.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = ssl.get_default_verify_paths().cafile or True
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(within_s))
    return session


class _Adapter(HTTPAdapter):
    """Opens connections that know when to give up."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Choose the kind of connection for each scheme."""
        super().init_poolmanager(*args, **kwargs)
        own = {"within_s": self._within_s}
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": type("Own", (_Connection,), own)}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": type("Own", (_Secure,), own)}),
        }


class _Connection(HTTPConnection):
    """A connection that answers each request within a time, from when it is asked."""

    within_s: float

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Ask, and note when the answer must be there."""
        # What http.client makes of the socket that an answer comes from.
        give_up_at = time.monotonic() + self.within_s
        self.response_class = partial(_Answer, give_up_at=give_up_at)  # type: ignore[assignment] # it is called
        super().request(*args, **kwargs)


class _Secure(_Connection, HTTPSConnection):
    """The same with TLS."""


class _Answer(HTTPResponse):
    """An answer that is read from a stream which gives up."""

    def __init__(self, sock: socket.socket, *args: Any, give_up_at: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        given = self.fp
        self.fp = io.BufferedReader(_Stream(sock, give_up_at))
        given.close()


class _Stream(io.RawIOBase):
    """What comes from a socket until it is time to give up; TimeoutError then."""

    def __init__(self, sock: socket.socket, give_up_at: float) -> None:
        self._sock = sock
        self._silent_within_s = sock.gettimeout()
        self._give_up_at = give_up_at
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has come, or wait for it."""
        left_s = self._give_up_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s if self._silent_within_s is None else min(left_s, self._silent_within_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()
