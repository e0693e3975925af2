"""What a user says about a store, checked: its address, headers, tenant, and where it takes samples.

A value that is a secret stands in a file, as curl and others have it: `NAME=@FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from harness.errors import BadInput
from harness.stacks.remote_write import AUTHORIZATION, RemoteWrite, write_remote_write
from harness.store import Store

TENANT_HEADER = "X-Scope-OrgID"
"""Mimir's, Cortex's and Loki's; Thanos has it if it is told so (--query.tenant-header)."""
MAX_TENANT_CHARACTERS = 150
"""Mimir's own limit for one tenant."""
MAX_VALUE_BYTES = 8192
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What a header's name may be (RFC 9110, section 5.6.2)."""
_WORD = re.compile(r"[!-~]+")
_LINE = re.compile(r"[!-~]+( +[!-~]+)*")


def take_store_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where to read what happened; `make_store` reads their values."""
    options = (
        click.option(
            "--prometheus",
            metavar="URL",
            help="Read what happened from this server with Prometheus's HTTP API, not from the stack's own.",
        ),
        click.option(
            "--prometheus-header",
            "headers",
            multiple=True,
            metavar="NAME=VALUE",
            help="Header for that server; NAME=@FILE keeps a secret in a file. May be repeated.",
        ),
        click.option("--tenant", metavar="NAME", help=f"Tenant there, sent as {TENANT_HEADER}."),
        click.option(
            "--remote-write",
            metavar="URL",
            help="Where the stack's Prometheus sends its samples to, with the same headers and tenant.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def make_store(
    prometheus: str | None, headers: Sequence[str], tenant: str | None, remote_write: str | None
) -> tuple[Store | None, RemoteWrite | None]:
    """Return the store that the options of `alertdrill run` name, and where the stack is to send samples.

    Raises BadInput for what cannot be used; no message shows a header's value.
    """
    if prometheus is None:
        given = {"--prometheus-header": headers, "--tenant": tenant, "--remote-write": remote_write}
        for option, value in given.items():
            if value:
                raise BadInput(f"{option} says how to use the store that --prometheus names: name one")
        return None, None
    read: dict[str, str] = {}
    secret: set[str] = set()
    if tenant is not None:
        read[TENANT_HEADER] = _check_tenant(tenant)
    for text in headers:
        name, value, is_secret = _read_header(text)
        if name.lower() in {other.lower() for other in read}:
            raise BadInput(f"--prometheus-header: {name} is given twice")
        read[name] = value
        if is_secret:
            secret.add(name)
    store = Store(url=_check_url("--prometheus", prometheus), headers=read)
    if remote_write is None:
        return store, None
    exposed = sorted(name for name in secret if name.lower() != AUTHORIZATION)
    if exposed:
        raise BadInput(
            f"--remote-write: Prometheus shows {exposed[0]} to whoever asks for its configuration; "
            f"it keeps only Authorization to itself"
        )
    target = RemoteWrite(url=_check_url("--remote-write", remote_write), headers=read)
    write_remote_write(target, "")
    return store, target


def _check_url(option: str, url: str) -> str:
    """Return an address without the slash at its end."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not _WORD.fullmatch(url):
        # The address is not repeated: what cannot be read may hold a password.
        raise BadInput(f"{option} wants http://HOST[:PORT][/PATH] or https://…")
    if parts.username is not None or parts.password is not None:
        raise BadInput(f"{option}: credentials stand in a file: --prometheus-header Authorization=@FILE")
    if parts.query or parts.fragment:
        raise BadInput(f"{option} wants an address without ? and #, to which /api/v1/… can be added")
    return url.rstrip("/")


def _check_tenant(tenant: str) -> str:
    if not _WORD.fullmatch(tenant) or len(tenant) > MAX_TENANT_CHARACTERS:
        raise BadInput(f"--tenant wants up to {MAX_TENANT_CHARACTERS} visible characters of ASCII")
    return tenant


def _read_header(text: str) -> tuple[str, str, bool]:
    """Return a header's name, its value, and whether that came from a file."""
    name, is_pair, value = text.partition("=")
    if not is_pair or not _TOKEN.fullmatch(name):
        raise BadInput("--prometheus-header wants NAME=VALUE or NAME=@FILE")
    is_file = value.startswith("@")
    if is_file:
        path = Path(value[1:])
        try:
            with path.open("rb") as opened:
                body = opened.read(MAX_VALUE_BYTES + 1)
        except OSError as error:
            raise BadInput(f"--prometheus-header {name}: {path}: {error.strerror}") from error
        value = body.decode(errors="replace").strip()
    if not _LINE.fullmatch(value) or len(value) > MAX_VALUE_BYTES:
        raise BadInput(
            f"--prometheus-header {name}: its value must be one line of visible ASCII, "
            f"{MAX_VALUE_BYTES} bytes at most"
        )
    return name, value, is_file
