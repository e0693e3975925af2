"""Does what a command line of curl does that alertdrill prints."""

from __future__ import annotations

import shlex
import urllib.error
import urllib.request
from collections.abc import Mapping


def perform(command: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """Do what a command line of curl does, after a shell has put in variables; return status and text."""
    for name, value in environ.items():
        command = command.replace(f"${name}", value)
    program, *words = shlex.split(command)
    assert program == "curl"
    method, body, headers, url = None, None, {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0).encode()
        else:
            url = word
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - a stub on loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
