"""Which requests of the Docker Engine API the guard lets through, as data. Pure.

Paths are those of the Engine API reference, with or without a version in front. Whatever makes a container,
mounts, runs a command in one or names another project's is not among them. A parameter that is not named here
is not let through either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Subject = Literal["none", "list", "container", "prepare", "network"]
"""What a request is about: nothing of ours, a list to be filtered, a container or network of the project."""

NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}"
_NAMED = rf"(?P<name>{NAME})"
_VERSION = re.compile(r"^/v[0-9]{1,3}\.[0-9]{1,3}(?=/)")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, of whom, and by which parameters it may be qualified."""

    subject: Subject
    name: str = ""
    parameters: frozenset[str] = frozenset()


_ALLOWED: tuple[tuple[str, str, Subject, str], ...] = (
    ("GET|HEAD", r"/_ping", "none", ""),
    ("GET", r"/version", "none", ""),
    ("GET", r"/containers/json", "list", "all limit size trunc_cmd filters"),
    ("GET", r"/networks", "list", "filters"),
    ("GET", r"/events", "list", "since until filters"),
    ("GET", rf"/containers/{_NAMED}/json", "container", "size"),
    (
        "GET",
        rf"/containers/{_NAMED}/logs",
        "container",
        "stdout stderr timestamps follow tail since until details",
    ),
    ("POST", rf"/containers/{_NAMED}/(start|pause|unpause)", "container", ""),
    ("POST", rf"/containers/{_NAMED}/kill", "container", "signal"),
    ("POST", rf"/containers/{_NAMED}/(stop|restart)", "container", "t signal"),
    ("POST", rf"/containers/{_NAMED}/wait", "container", "condition"),
    ("GET|PUT", rf"/containers/{_NAMED}/archive", "prepare", "path"),
    ("GET", rf"/networks/{_NAMED}", "network", "verbose scope"),
    ("POST", rf"/networks/{_NAMED}/(connect|disconnect)", "network", ""),
)


def classify(method: str, path: str) -> Request | None:
    """Return what a request is about; None when it must not be let through."""
    plain = _VERSION.sub("", path)
    for methods, pattern, subject, parameters in _ALLOWED:
        match = re.fullmatch(pattern, plain)
        if match and method in methods.split("|"):
            return Request(subject, match.groupdict().get("name") or "", frozenset(parameters.split()))
    return None
