"""A gateway that is somebody else's: how its calls say who they are, and how it is trusted.

It has no admin API that keys come from, no prefixes and no clock of ours: all keys of a plan are one token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields

KEY = "target"
"""What the key of a load profile is called that names none."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where secrets are, never what they are: variables in the environment of Locust's process.

    `token_env` has the bearer token of all calls, None for none; `headers_env` has a variable for each
    further header. `ca` is a file of the authorities that the gateway's certificate is checked with, None for
    the system's.
    """

    token_env: str | None
    headers_env: Mapping[str, str]
    ca: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a target's calls carry."""

    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_target(fields: Fields) -> Target:
    """Take the fields of a target. Raises BadPlan."""
    token_env = _check_variable(fields.text("token_env"), fields) if fields.has("token_env") else None
    headers = Fields(fields.mapping("headers_env", {}), f"{fields.where}: headers_env")
    headers_env = {name: _check_variable(headers.text(name), headers) for name in headers.names}
    for name in headers_env:
        if not _HEADER.fullmatch(name):
            raise BadPlan(f"{headers.where}: {name!r} is no name of a header")
    ca = Path(fields.text("ca")) if fields.has("ca") else None
    fields.end()
    return Target(token_env=token_env, headers_env=headers_env, ca=ca)


def describe_target(target: Target) -> dict[str, object]:
    """Return a target as JSON that `read_target` reads."""
    return {
        "token_env": target.token_env,
        "headers_env": dict(target.headers_env),
        "ca": None if target.ca is None else str(target.ca),
    }


def find_credentials(target: Target, environ: Mapping[str, str]) -> Credentials:
    """Return what the variables of a target have. Raises BadPlan, which names the variable alone."""
    return Credentials(
        token=None if target.token_env is None else _read(target.token_env, environ),
        headers={name: _read(variable, environ) for name, variable in target.headers_env.items()},
    )


def _check_variable(name: str, fields: Fields) -> str:
    if not _VARIABLE.fullmatch(name):
        raise BadPlan(f"{fields.where}: {name!r} is no name of an environment variable")
    return name


def _read(variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable, "").strip()
    if not value:
        raise BadPlan(
            f"The environment variable {variable} must be set: calls of the target carry what it has"
        )
    if not (value.isascii() and value.isprintable()):
        raise BadPlan(f"The environment variable {variable} has characters that no header of HTTP may have")
    return value
