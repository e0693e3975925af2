"""A server that a user names: its address and the headers that it wants, checked.

A value that is a secret stands in a file, as curl and others have it: `NAME=@FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.errors import BadInput
from alertdrill.runtime.reading import read_bytes

MAX_VALUE_BYTES = 8192
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What a header's name may be (RFC 9110, section 5.6.2)."""
_WORD = re.compile(r"[!-~]+")
_LINE = re.compile(r"[!-~]+( +[!-~]+)*")


def is_header_name(text: str) -> bool:
    """Say whether a header of HTTP can have this name."""
    return _TOKEN.fullmatch(text) is not None


def is_header_value(text: str) -> bool:
    """Say whether a header of HTTP can have this value: one line of visible ASCII."""
    return len(text) <= MAX_VALUE_BYTES and _LINE.fullmatch(text) is not None


def read_headers(option: str, texts: Sequence[str]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the headers that `NAME=VALUE` texts state, and the names of those whose values are in files.

    Raises BadInput; no message shows a value.
    """
    read: dict[str, str] = {}
    secret: set[str] = set()
    for text in texts:
        name, value, is_secret = _read_header(option, text)
        if name.lower() in {other.lower() for other in read}:
            raise BadInput(f"{option}: {name} is given twice")
        read[name] = value
        if is_secret:
            secret.add(name)
    return read, frozenset(secret)


def check_url(option: str, url: str, header_option: str | None = None) -> str:
    """Return an address without the slash at its end. Raises BadInput.

    Credentials do not stand in an address; `header_option` is where they go, if they are wanted at all.
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not _WORD.fullmatch(url):
        # The address is not repeated: what cannot be read may hold a password.
        raise BadInput(f"{option} wants http://HOST[:PORT][/PATH] or https://…")
    if parts.username is not None or parts.password is not None:
        if header_option is None:
            raise BadInput(f"{option} wants an address without credentials")
        raise BadInput(f"{option}: credentials stand in a file: {header_option} Authorization=@FILE")
    if parts.query or parts.fragment:
        raise BadInput(f"{option} wants an address without ? and #, to which /api/… can be added")
    return url.rstrip("/")


def _read_header(option: str, text: str) -> tuple[str, str, bool]:
    """Return a header's name, its value, and whether that came from a file."""
    name, is_pair, value = text.partition("=")
    if not is_pair or not is_header_name(name):
        raise BadInput(f"{option} wants NAME=VALUE or NAME=@FILE")
    is_file, what = value.startswith("@"), "its value"
    if is_file:
        path = Path(value[1:])
        what = f"what {path} has"
        try:
            body = read_bytes(path, MAX_VALUE_BYTES)
        except OSError as error:
            raise BadInput(f"{option} {name}: {path}: {error.strerror}") from error
        value = body.decode(errors="replace").strip()
        if not value:
            raise BadInput(f"{option} {name}: {path} is empty, and should have the header's value")
    if not is_header_value(value):
        raise BadInput(
            f"{option} {name}: {what} must be one line of visible ASCII, {MAX_VALUE_BYTES} bytes at most"
        )
    return name, value, is_file
