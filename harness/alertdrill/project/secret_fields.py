"""Where a project file says that secrets are. A literal one is refused, and no message repeats it."""

from __future__ import annotations

import re
from pathlib import Path

from alertdrill.project.named_files import join
from alertdrill.project.project import Secret
from alertdrill.project.toml_fields import TomlFields
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar
from alertdrill.runtime.server_options import is_header_name, is_header_value

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_SECRETS = re.compile(
    r"(?:.*[-_])?(?:authorization|cookie|(?:api)?key|(?:api)?token|secret|password|credentials?)",
    re.IGNORECASE,
)
"""Names of headers whose values are secrets."""
HOW = '{env = "NAME"} or {file = "PATH"}'


def take_secret(fields: TomlFields, key: str, folder: Path) -> Secret | None:
    """Return where a secret is, None where nothing is stated; raises BadInput."""
    return _read_secret(fields, key, fields.take_node(key), folder) if fields.has(key) else None


def take_headers(fields: TomlFields, folder: Path) -> dict[str, Secret | str]:
    """Return the headers of every request, none where nothing is stated; raises BadInput."""
    if not fields.has("headers"):
        return {}
    within = fields.take_fields("headers")
    headers: dict[str, Secret | str] = {}
    for name, node in within.take_rest().items():
        what = f"the header {name!r}"
        if not is_header_name(name):
            raise within.fail(f"{name!r} is no name of a header", node)
        if name.lower() in {known.lower() for known in headers}:
            raise within.fail(f"{what} is stated twice", node)
        if isinstance(node, Scalar) and node.style and not _OF_SECRETS.fullmatch(name):
            if not is_header_value(node.text):
                raise within.fail(f"{what} is not one line of visible ASCII", node)
            headers[name] = node.text
        else:
            headers[name] = _read_secret(within, what, node, folder)
    return headers


def _read_secret(fields: TomlFields, what: str, node: Node, folder: Path) -> Secret:
    if not isinstance(node, Mapping):
        raise fields.fail(
            f"{what} of {fields.what} is a secret, which does not stand here: write {HOW}", node
        )
    where = TomlFields(node, fields.name, f"{what} of {fields.what}")
    has_env, has_file = where.has("env"), where.has("file")
    if not has_env and not has_file:
        where.end()
    if has_env == has_file:
        raise where.fail(f"{where.what} has to be {HOW}")
    source = f"{fields.name}:{node.line}"
    if has_file:
        secret = Secret(file=join(folder, where.take_text("file")), source=source)
    else:
        secret = Secret(env=where.take_text("env"), source=source)
        if not _VARIABLE.fullmatch(secret.env or ""):
            # Not repeated: it may be the secret itself.
            raise where.fail(f"env of {where.what} is no name of an environment variable")
    where.end()
    return secret
