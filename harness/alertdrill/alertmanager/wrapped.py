"""A config that stands in another file: in a manifest, the operator's way, or in what Mimir is given. Pure.

In a manifest it is a key of a Secret or a ConfigMap. Mimir, Cortex and Amazon's managed service have it and
its template files as texts of one file.

What is read here has secrets in it: it is handed on, and in no message.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from yaml.dumper import BaseDumper

from alertdrill.alertmanager.fields import CONFIG
from alertdrill.alertmanager.operator_config import BASE, KIND, NAMESPACE, combine
from alertdrill.alertmanager.yaml_without_secrets import read_document
from alertdrill.errors import BadInput
from alertdrill.runtime.nesting import find_too_deep

KEYS = ("alertmanager.yaml", "alertmanager.yml", "alertmanager.yaml.gz")
"""What the operator and charts call the config; elsewhere it is known by its route and its receivers."""
UPLOADED, UPLOADED_TEMPLATES = "alertmanager_config", "template_files"
KINDS = ("Secret", "ConfigMap")
MAX_UNPACKED_BYTES = 4 * 1024 * 1024
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A config's text, the name that its lines count in, and the files beside it, by their names.

    Of one that is made of several, `lines` has the line in the file of each part by its pointer, and
    `origins` that of each line of the text.
    """

    text: str = field(repr=False)
    source: str
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    origins: Mapping[int, int] = field(default_factory=dict, repr=False)
    is_whole: bool = True
    """Whether there is no other part of the config, which may name template files."""

    def find_line(self, line: int) -> int:
        """Return the line in the file that a line of the text is from."""
        return self.origins.get(line, line)

    def relocate(self, said: str) -> str:
        """Return what was said of a line of the text, `source:line: …`, with the line in the file."""
        found = re.match(re.escape(self.source) + r":(\d+): ", said)
        return (
            said if found is None else f"{self.source}:{self.find_line(int(found[1]))}: {said[found.end() :]}"
        )


def unwrap(text: str, source: str) -> Original:
    """Return the config that a file's text states, or that stands in a manifest in it.

    What is no YAML is returned as it is. Raises BadInput for a manifest without a config.
    """
    documents = _compose(text)
    resources = [one for document in documents for one in _list_resources(document)]
    if not resources:
        return _take_first(text, source, documents)
    own = [one for one in resources if _read(one, "kind") == KIND]
    base = _find_base(resources, source)
    if own:
        try:
            return _combine(base, own, source)
        except RecursionError:
            line = own[0].start_mark.line + 1
        raise BadInput(f"{source}:{line}: the {KIND} is nested too deeply, or in itself")
    if base is not None:
        return base
    line = resources[0].start_mark.line + 1
    raise BadInput(
        f"{source}:{line}: this is a Kubernetes resource; an Alertmanager config is in a "
        f"{' or a '.join(KINDS)} with the key {KEYS[0]}, or in an {KIND}"
    )


def _find_base(resources: Iterable[yaml.MappingNode], source: str) -> Original | None:
    for resource in resources:
        values = dict(_list_values(resource)) if _read(resource, "kind") in KINDS else {}
        for key, value in values.items():
            if key in KEYS or (key.endswith((".yml", ".yaml")) and _is_config(value)):
                return _unwrap(value, key, source, values)
    return None


def _is_config(value: _Value) -> bool:
    documents = _compose(value.read() or "")[:1]
    return bool(documents) and all(_find(documents[0], key) is not None for key in ("route", "receivers"))


def _combine(base: Original | None, own: Iterable[yaml.MappingNode], source: str) -> Original:
    """Return the config that the operator makes of a base config and resources."""
    text, lines = BASE, {"": 1}
    if base is not None:
        # Raises BadInput for what is no config.
        text, (_, lines) = base.text, read_document(base.text, CONFIG, base.source)
    # Scalars stay what they are, to the letter: `12:00` is a number to YAML 1.1, and none to Alertmanager.
    node = yaml.compose(text, Loader=yaml.BaseLoader)
    assert isinstance(node, yaml.MappingNode)  # noqa: S101 - it was read
    combined = combine(node, lines if base is not None and base.source == source else {}, own, source)
    spread(combined.node, set())
    text = str(yaml.serialize(combined.node, Dumper=BaseDumper, width=2**31, allow_unicode=True))
    origins = {}
    for line, pointer in _number_lines(text).items():
        while pointer and pointer not in combined.lines:
            pointer = pointer.rpartition("/")[0]
        origins[line] = combined.lines.get(pointer, 1)
    files = {} if base is None else base.files
    notes = [
        f"{source}:{one.start_mark.line + 1}: the {KIND} states no namespace: it is read as in {NAMESPACE!r}"
        for one in own
        if not _read(_find(one, "metadata"), "namespace")
    ]
    return Original(
        notes=tuple(notes),
        text=text,
        source=source,
        files=files,
        lines=combined.lines,
        origins=origins,
        is_whole=base is not None,
    )


def spread(node: yaml.Node, seen: set[int]) -> None:
    """Let every key and item stand on a line of its own, where a text need not be quoted that is none."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    node.flow_style = False
    for below in node.value:
        for one in below if isinstance(below, tuple) else (below,):
            spread(one, seen)


def _number_lines(text: str) -> dict[int, str]:
    """Return the pointer of what begins first on each line of a YAML text."""
    found: dict[int, str] = {}

    def walk(node: yaml.Node, pointer: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                found.setdefault(key.start_mark.line + 1, f"{pointer}/{key.value}")
                walk(value, f"{pointer}/{key.value}")
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                found.setdefault(item.start_mark.line + 1, f"{pointer}/{index}")
                walk(item, f"{pointer}/{index}")

    document = yaml.compose(text, Loader=yaml.BaseLoader)
    assert document is not None  # noqa: S101 - it was written before
    walk(document, "")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """A key's value: its text, where it is in base64, and the line before its first one if it has lines."""

    node: yaml.ScalarNode = field(repr=False)
    is_encoded: bool

    def read(self, *, is_packed: bool = False) -> str | None:
        """Return the text; None if it cannot be read."""
        if not self.is_encoded:
            return str(self.node.value)
        try:
            content = base64.b64decode("".join(self.node.value.split()), validate=True)
            if is_packed:
                unpacking = zlib.decompressobj(wbits=31)
                content = unpacking.decompress(content, MAX_UNPACKED_BYTES)
                if not unpacking.eof:
                    return None
            return content.decode()
        except (binascii.Error, zlib.error, ValueError):
            return None


def _unwrap(value: _Value, key: str, source: str, values: Mapping[str, _Value]) -> Original:
    text = value.read(is_packed=key.endswith(".gz"))
    if text is None:
        line = value.node.start_mark.line + 1
        raise BadInput(f"{source}:{line}: {key} is not base64 of a text" + " in gzip" * key.endswith(".gz"))
    found = {name: one.read() for name, one in values.items() if name != key and name not in KEYS}
    files = {name: one for name, one in found.items() if one is not None}
    if not value.is_encoded and value.node.style == "|":
        # So that its lines are those of the manifest.
        return Original(text="\n" * (value.node.start_mark.line + 1) + text, source=source, files=files)
    return Original(text=text, source=f"{source}#{key}", files=files)


def _take_first(text: str, source: str, documents: list[yaml.Node]) -> Original:
    """Return the first document, which is all that Alertmanager reads, and a note if there are others."""
    config = _find(documents[0], UPLOADED) if documents else None
    if isinstance(config, yaml.ScalarNode):
        files = dict(_list_texts(_find(documents[0], UPLOADED_TEMPLATES)))
        return _unwrap(_Value(node=config, is_encoded=False), UPLOADED, source, files)
    if len(documents) < 2:
        return Original(text=text, source=source)
    line = documents[1].start_mark.line
    lines = text.splitlines(keepends=True)[:line]
    while lines and not lines[-1].startswith("---"):
        lines.pop()
    note = f"{source}:{line + 1}: Alertmanager reads the first document of a file, and not this one"
    return Original(text="".join(lines[:-1]), source=source, notes=(note,))


def _compose(text: str) -> list[yaml.Node]:
    if find_too_deep(text) is not None:
        return []
    try:
        return [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    except (yaml.YAMLError, ValueError, RecursionError):
        return []


def _list_resources(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield the resource that a node is, or those of a list of them; nothing for a plain config."""
    if not isinstance(node, yaml.MappingNode) or _read(node, "kind") is None:
        return
    for key, value in node.value:
        if key.value == "items" and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                yield from _list_resources(item)
            return
    yield node


def _list_values(resource: yaml.MappingNode) -> Iterator[tuple[str, _Value]]:
    """Yield the keys of a Secret or a ConfigMap; what stands as text comes last, and wins."""
    is_secret = _read(resource, "kind") == "Secret"
    for section, is_encoded in (("binaryData", True), ("data", is_secret), ("stringData", False)):
        for key, value in resource.value:
            if key.value != section or not isinstance(value, yaml.MappingNode):
                continue
            for name, text in value.value:
                if isinstance(text, yaml.ScalarNode):
                    yield str(name.value), _Value(node=text, is_encoded=is_encoded)


def _list_texts(node: yaml.Node | None) -> Iterator[tuple[str, _Value]]:
    for name, text in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(text, yaml.ScalarNode):
            yield str(name.value), _Value(node=text, is_encoded=False)


def _find(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)


def _read(node: yaml.Node | None, name: str) -> str | None:
    value = _find(node, name)
    return str(value.value) if isinstance(value, yaml.ScalarNode) else None
