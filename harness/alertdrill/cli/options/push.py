"""What a user says about where a run's metrics are sent, checked: address, protocol, headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from urllib.parse import urlsplit

import click

from alertdrill.errors import BadInput
from alertdrill.reports.pushing import JOB, Protocol, PushTarget
from alertdrill.runtime.server_options import check_url, is_header_value, read_headers

OPTION = "--push"
HEADER_OPTION = "--push-header"
AUTHORIZATION = "ALERTDRILL_PUSH_AUTHORIZATION"
SCHEMES: Mapping[str, Protocol] = {"pushgateway+": "Pushgateway", "remote-write+": "remote write"}
WRITES = ("write", "push", "receive")
"""What the addresses end in that take remote write: Prometheus's, VictoriaMetrics's, Mimir's, Thanos's."""
GROUPS = "/metrics/job"
"""Begins a group of a Pushgateway; with @base64, a name in which anything may stand."""


def take_push_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where metrics are sent; `make_push` reads their values."""
    options = (
        click.option(
            OPTION,
            "push",
            metavar="URL",
            help="Send what metrics.prom has there: by remote write if the path ends in /write, /push or "
            "/receive, else to a Pushgateway; remote-write+URL or pushgateway+URL says which.",
        ),
        click.option(
            HEADER_OPTION,
            "push_headers",
            multiple=True,
            metavar="NAME=@FILE",
            help=f"Header for that server, its value in a file; {AUTHORIZATION} is the header Authorization. "
            "May be repeated.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def make_push(
    url: str | None, headers: Sequence[str], environ: MutableMapping[str, str]
) -> PushTarget | None:
    """Return where metrics are sent; None where nobody asks for it.

    The secret is taken out of the environment, so that no part that is started later inherits it. Raises
    BadInput for what cannot be used; no message shows a header's value.
    """
    authorization = environ.pop(AUTHORIZATION, "").strip()
    if url is None:
        if headers:
            raise BadInput(f"{HEADER_OPTION} says how to use the server that {OPTION} names: name one")
        return None
    scheme = next((scheme for scheme in SCHEMES if url.startswith(scheme)), "")
    url = url.removeprefix(scheme)
    if "?" in url or "#" in url:
        raise BadInput(f"{OPTION} wants an address without ? and #")
    url = check_url(OPTION, url, HEADER_OPTION)
    path = urlsplit(url).path
    is_write = GROUPS not in path and path.rpartition("/")[2] in WRITES
    protocol: Protocol = SCHEMES.get(scheme, "remote write" if is_write else "Pushgateway")
    if protocol == "Pushgateway" and GROUPS not in path:
        url += f"{GROUPS}/{JOB}"
    return PushTarget(protocol=protocol, url=url, headers=_read_secrets(headers, authorization))


def _read_secrets(headers: Sequence[str], authorization: str) -> dict[str, str]:
    """Return the headers, whose values stand in files, and the one that the environment states."""
    if not all(text.partition("=")[2].startswith("@") for text in headers):
        raise BadInput(f"{HEADER_OPTION} wants NAME=@FILE: a header, and the file that has its value")
    read, _ = read_headers(HEADER_OPTION, headers)
    if not authorization:
        return read
    if any(name.lower() == "authorization" for name in read):
        raise BadInput(f"{HEADER_OPTION}: Authorization is given by {AUTHORIZATION}, too")
    if not is_header_value(authorization):
        raise BadInput(f"{AUTHORIZATION} must be one line of visible ASCII, such as Bearer TOKEN")
    return {**read, "Authorization": authorization}
