"""Where the stack's Prometheus sends its samples, beside keeping them: a remote_write section. Pure.

Format: Prometheus's configuration reference (remote_write). Prometheus shows its configuration to whoever
asks it, except for what it reads from a file or knows to be a password: so the header Authorization, which
it wants stated as what it is, is given to it as a file.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alertdrill.errors import BadInput

AUTHORIZATION = "authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWrite:
    """An address that takes samples by Prometheus's remote write protocol, and the headers that it wants."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def write_remote_write(target: RemoteWrite, credentials_file: str) -> tuple[dict[str, Any], str]:
    """Return a remote_write section, and what must be in its credentials file (empty: it needs none).

    Raises BadInput for an Authorization that Prometheus cannot send.
    """
    open_headers = {name: value for name, value in target.headers.items() if name.lower() != AUTHORIZATION}
    section: dict[str, Any] = {"url": target.url}
    if open_headers:
        section["headers"] = open_headers
    given = next((value for name, value in target.headers.items() if name.lower() == AUTHORIZATION), None)
    if given is None:
        return section, ""
    scheme, _, credentials = given.partition(" ")
    credentials = credentials.strip()
    if not credentials:
        raise BadInput("the header Authorization must be a scheme and its credentials, as in Bearer TOKEN")
    if scheme.lower() != "basic":
        section["authorization"] = {"type": scheme, "credentials_file": credentials_file}
        return section, credentials
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadInput(
            "the credentials of the header Authorization are not base64, as Basic wants them"
        ) from error
    section["basic_auth"] = {"username": user, "password_file": credentials_file}
    return section, password
