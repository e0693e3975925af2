"""The target of a project file: where the gateway is, and how it is started."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.errors import BadInput
from alertdrill.project.named_files import take_path
from alertdrill.project.placeholders import find_unknown, make_placeholder
from alertdrill.project.project import Service, Target
from alertdrill.project.secret_fields import take_headers, take_secret
from alertdrill.project.toml_fields import MAX_CHARS, TomlFields
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.yaml.nodes import Scalar
from alertdrill.runtime.server_options import check_url

AUTHORIZATION = "authorization"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"/[!-~]*")
_PORTS = {"http": 80, "https": 443}


def read_target(fields: TomlFields, folder: Path, providers: Iterable[str]) -> Target:
    """Return the target; `providers` are the names of the project's stub providers. Raises BadInput."""
    target = Target(
        url=take_url(fields),
        ready=take_url_path(fields, "ready", "/"),
        key=take_secret(fields, "key", folder),
        headers=take_headers(fields, folder),
        ca=take_path(fields, "ca", folder),
        command=_take_command(fields, tuple(providers)),
        env=_take_env(fields, tuple(providers)),
    )
    if target.env and not target.command:
        raise fields.fail(f"{fields.what} has env, which is for its command, and no command")
    check_key(fields, target)
    fields.end()
    return target


def check_key(fields: TomlFields, stated: Target | Service) -> None:
    """Raise BadInput for a key beside a header that it would be sent in."""
    if stated.key is not None and AUTHORIZATION in {name.lower() for name in stated.headers}:
        raise fields.fail(f"{fields.what} has both a key and a header Authorization, in which a key is sent")


def take_url_path(fields: TomlFields, key: str, default: str) -> str:
    """Return the path of a URL, with its query if it has one."""
    if not fields.has(key):
        return default
    node = fields.peek(key)
    path = fields.take_text(key)
    if not _PATH.fullmatch(path):
        raise fields.fail(f"{key} of {fields.what} is {path!r}, not a path such as {default}", node)
    return path


def find_address(target: Target) -> str:
    """Return the target's own `host:port`."""
    parts = urlsplit(target.url)
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or _PORTS[parts.scheme]}"


def take_url(fields: TomlFields) -> str:
    """Return the base URL of a server, without a slash at its end."""
    node = fields.peek("url")
    url = fields.take_text("url")
    try:
        return check_url(f"url of {fields.what}", url, None)
    except BadInput as error:
        raise fields.fail(str(error), node) from error


def _take_command(fields: TomlFields, providers: tuple[str, ...]) -> tuple[str, ...]:
    """Return what starts the target; it may name the URLs of stub providers, as its environment may."""
    nodes = fields.take_text_nodes("command")
    for node in nodes:
        _check_placeholders(fields, node, f"command of {fields.what}", providers)
    return tuple(node.text for node in nodes)


def _check_placeholders(fields: TomlFields, node: Scalar, what: str, providers: tuple[str, ...]) -> None:
    unknown = find_unknown(node.text, providers)
    if unknown is not None:
        near = say_nearest(unknown, map(make_placeholder, providers))
        raise fields.fail(f"{what} has {unknown}, and no [[provider]] has that name{near}", node)


def _take_env(fields: TomlFields, providers: tuple[str, ...]) -> dict[str, str]:
    """Return the environment that is added for the command; no message repeats a value."""
    if not fields.has("env"):
        return {}
    within = fields.take_fields("env")
    env = {}
    for name, node in within.take_rest().items():
        if not _VARIABLE.fullmatch(name):
            raise within.fail(f"{name!r} is no name of an environment variable", node)
        if not isinstance(node, Scalar) or not node.style:
            raise within.fail(f"{name} of {within.what} is no text", node)
        if len(node.text) > MAX_CHARS or "\0" in node.text:
            raise within.fail(f"{name} of {within.what} is longer than {MAX_CHARS}, or has a NUL", node)
        _check_placeholders(within, node, f"{name} of {within.what}", providers)
        env[name] = node.text
    return env
