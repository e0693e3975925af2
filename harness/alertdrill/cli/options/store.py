"""What a user says about a store, checked: its address, headers, tenant, and where it takes samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import click

from alertdrill.errors import BadInput
from alertdrill.recording.store import Store
from alertdrill.runtime.server_options import check_url, read_headers
from alertdrill.stacks.remote_write import AUTHORIZATION, RemoteWrite, write_remote_write

HEADER_OPTION = "--prometheus-header"
TENANT_HEADER = "X-Scope-OrgID"
"""Mimir's, Cortex's and Loki's; Thanos has it if it is told so (--query.tenant-header)."""
MAX_TENANT_CHARACTERS = 150
"""Mimir's own limit for one tenant."""
_WORD = re.compile(r"[!-~]+")


def take_store_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where to read what happened; `make_store` reads their values."""
    options = (
        click.option(
            "--prometheus",
            metavar="URL",
            help="Read events and samples from this server, as Thanos or Mimir, not from the stack's own. "
            "For a project's drills: your own Prometheus, used instead of starting one, at speed 1.",
        ),
        click.option(
            HEADER_OPTION,
            "headers",
            multiple=True,
            metavar="NAME=VALUE",
            help="Header for that server; NAME=@FILE reads a secret from a file. May be repeated.",
        ),
        click.option("--tenant", metavar="NAME", help=f"Tenant at that server, sent as {TENANT_HEADER}."),
        click.option(
            "--remote-write",
            metavar="URL",
            help="Where the stack's Prometheus remote-writes its samples, with the same headers and tenant.",
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
        given = {HEADER_OPTION: headers, "--tenant": tenant, "--remote-write": remote_write}
        for option, value in given.items():
            if value:
                raise BadInput(f"{option} says how to use the store that --prometheus names: name one")
        return None, None
    store, secret = read_store(prometheus, headers, tenant)
    if remote_write is None:
        return store, None
    exposed = sorted(name for name in secret if name.lower() != AUTHORIZATION)
    if exposed:
        raise BadInput(
            f"--remote-write: Prometheus shows {exposed[0]} to whoever asks for its configuration; "
            f"it keeps only Authorization to itself"
        )
    url = check_url("--remote-write", remote_write, HEADER_OPTION)
    target = RemoteWrite(url=url, headers=store.headers)
    write_remote_write(target, "")
    return store, target


def read_store(prometheus: str, headers: Sequence[str], tenant: str | None) -> tuple[Store, frozenset[str]]:
    """Return the store at an address, and which of its headers came from files.

    Raises BadInput for what cannot be used; no message shows a header's value.
    """
    read, secret = read_headers(HEADER_OPTION, headers)
    if tenant is not None:
        if TENANT_HEADER.lower() in {name.lower() for name in read}:
            raise BadInput(f"{HEADER_OPTION}: {TENANT_HEADER} is given twice")
        read = {TENANT_HEADER: _check_tenant(tenant), **read}
    return Store(url=check_url("--prometheus", prometheus, HEADER_OPTION), headers=read), secret


def _check_tenant(tenant: str) -> str:
    if not _WORD.fullmatch(tenant) or len(tenant) > MAX_TENANT_CHARACTERS:
        raise BadInput(f"--tenant wants up to {MAX_TENANT_CHARACTERS} visible characters of ASCII")
    return tenant
