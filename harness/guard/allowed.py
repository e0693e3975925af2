"""Which requests of the Docker Engine API the guard lets through, as data. Pure.

Paths are those of the Engine API reference, with or without a version in front. Whatever makes a container,
mounts, runs a command in one or names another project's is not among them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Subject = Literal["none", "list", "container", "prepare", "network"]
"""What a request is about: nothing of ours, a list to be filtered, a container or network of the project."""

_NAME = r"(?P<name>[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127})"
_VERSION = re.compile(r"^/v[0-9]+\.[0-9]+(?=/)")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and of whom."""

    subject: Subject
    name: str = ""


_ALLOWED: tuple[tuple[str, str, Subject], ...] = (
    ("GET|HEAD", r"/_ping", "none"),
    ("GET", r"/version", "none"),
    ("GET", r"/(containers/json|networks|events)", "list"),
    ("GET", rf"/containers/{_NAME}/(json|logs)", "container"),
    ("POST", rf"/containers/{_NAME}/(start|stop|kill|restart|pause|unpause|wait)", "container"),
    ("GET|PUT", rf"/containers/{_NAME}/archive", "prepare"),
    ("GET", rf"/networks/{_NAME}", "network"),
    ("POST", rf"/networks/{_NAME}/(connect|disconnect)", "network"),
)


def classify(method: str, path: str) -> Request | None:
    """Return what a request is about; None when it must not be let through."""
    plain = _VERSION.sub("", path)
    for methods, pattern, subject in _ALLOWED:
        match = re.fullmatch(pattern, plain)
        if match and method in methods.split("|"):
            return Request(subject, match.groupdict().get("name") or "")
    return None
