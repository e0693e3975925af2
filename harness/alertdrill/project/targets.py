"""The target of a project file: where the gateway is, and how it is started."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.errors import BadInput
from alertdrill.project.named_files import take_path
from alertdrill.project.placeholders import find_unknown, make_placeholder
from alertdrill.project.project import Target
from alertdrill.project.secret_fields import take_headers, take_secret
from alertdrill.project.toml_fields import MAX_CHARS, TomlFields
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.yaml.nodes import Scalar
from alertdrill.runtime.server_options import check_url

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"/[!-~]*")
_PORTS = {"http": 80, "https": 443}


def read_target(fields: TomlFields, folder: Path, providers: Iterable[str]) -> Target:
    """Return the target; `providers` are the names of the project's stub providers. Raises BadInput."""
    target = Target(
        url=_take_url(fields),
        ready=take_url_path(fields, "ready", "/"),
        key=take_secret(fields, "key", folder),
        headers=take_headers(fields, folder),
        ca=take_path(fields, "ca", folder),
        command=fields.take_texts("command"),
        env=_take_env(fields, tuple(providers)),
    )
    if target.env and not target.command:
        raise fields.fail(f"{fields.what} has env, which is for its command, and no command")
    fields.end()
    return target


def take_url_path(fields: TomlFields, key: str, default: str) -> str:
    """Return the path of a URL, with its query if it has one."""
    if not fields.has(key):
        return default
    node = fields.take_node(key)
    path = fields.put_back(key, node).take_text(key)
    if not _PATH.fullmatch(path):
        raise fields.fail(f"{key} of {fields.what} is {path!r}, not a path such as {default}", node)
    return path


def find_address(target: Target) -> str:
    """Return the target's own `host:port`."""
    parts = urlsplit(target.url)
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or _PORTS[parts.scheme]}"


def _take_url(fields: TomlFields) -> str:
    node = fields.take_node("url")
    url = fields.put_back("url", node).take_text("url")
    try:
        return check_url(f"url of {fields.what}", url, None)
    except BadInput as error:
        raise fields.fail(str(error), node) from error


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
        unknown = find_unknown(node.text, providers)
        if unknown is not None:
            near = say_nearest(unknown, map(make_placeholder, providers))
            raise within.fail(
                f"{name} of {within.what} has {unknown}, and no [[provider]] has that name{near}", node
            )
        env[name] = node.text
    return env
