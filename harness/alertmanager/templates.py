"""Template files of a config: found, read, and held to what they include.

Alertmanager notices only while it renders a notification that a template includes itself, or one that is
defined nowhere; the notification is then lost. Syntax: Go's text/template; file patterns: filepath.Glob.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.alertmanager.default_templates import DEFAULT_TEMPLATES
from harness.alertmanager.document import locate
from harness.errors import BadInput

MAX_FILES = 100
MAX_BYTES = 1024 * 1024

_TEXT = r'"(?:\\.|[^"\\\n])*"|`[^`]*`'
_ACTION = re.compile(
    r"\{\{(?:-(?=\s))?(?:\s*/\*(?s:.*?)\*/\s*|"
    rf"(?P<body>(?:{_TEXT}|'(?:\\.|[^'\\\n])*'|[^\"'`}}]|\}}(?!\}}))*?))-?\}}\}}"
)
_WORD = re.compile(rf"\s*(?P<word>[a-z]+)\b\s*(?P<name>{_TEXT})?")
_OPENING = {"if", "range", "with", "define", "block"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template file: its path for messages, the name that it is to have beside the others, its text."""

    source: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inclusion:
    """The template `inside` (None: none) includes the template `name` at `where` (`file:line`)."""

    inside: str | None
    name: str
    where: str


def read_templates(folder: Path, patterns: Mapping[str, str]) -> tuple[Template, ...]:
    """Return the files that patterns match, relative ones in the config's folder.

    `patterns` has each pattern by where it stands (`file:line`). Raises BadInput for one that
    matches nothing.
    """
    paths: list[Path] = []
    for where, pattern in patterns.items():
        # Go negates a class of characters with ^.
        path = str(folder / pattern.replace("[^", "[!"))
        found = glob.glob(path, include_hidden=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        files = [Path(name) for name in sorted(found) if not Path(name).is_dir()]
        if not files:
            raise BadInput(f"{where}: no template file matches {pattern!r}")
        paths += files
        if len(paths) > MAX_FILES:
            raise BadInput(f"{where}: more than {MAX_FILES} template files")
    return tuple(
        # Numbered, because the last definition of a name is the one that counts.
        Template(source=str(path), name=f"{number:03}-{path.name}", text=_read(path))
        for number, path in enumerate(paths)
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"{path}: the template file cannot be read: {why}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: the template file is larger than {MAX_BYTES} bytes")
    return text


def check_templates(
    templates: Sequence[Template], document: Mapping[str, Any], lines: Mapping[str, int], source: str
) -> None:
    """Raise BadInput for a template that includes itself, or that is included but defined nowhere."""
    known: dict[str, tuple[_Inclusion, ...]] = {
        name: tuple(_Inclusion(inside=name, name=included, where=name) for included in sorted(includes))
        for name, includes in DEFAULT_TEMPLATES.items()
    }
    inclusions: list[_Inclusion] = []
    for template in templates:
        defined, found = _scan(template.text, template.source, 1)
        inclusions += found
        known |= {name: tuple(item for item in found if item.inside == name) for name in defined}
    _check_known(inclusions, known)
    _check_cycles(known)
    for pointer, text in _list_texts(document.get("receivers", ()), "/receivers"):
        where = locate(lines, pointer, source)
        defined, found = _scan(text, where, None)
        own = known | {name: tuple(item for item in found if item.inside == name) for name in defined}
        _check_known(found, own)
        if defined:
            _check_cycles(own)


def _list_texts(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a document that have actions in them."""
    if isinstance(node, str) and "{{" in node:
        yield pointer, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _list_texts(value, f"{pointer}/{key}")
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for index, item in enumerate(node):
            yield from _list_texts(item, f"{pointer}/{index}")


def _scan(text: str, source: str, line: int | None) -> tuple[list[str], list[_Inclusion]]:
    """Return the names that a text defines, and what it includes where.

    With `line` None, `source` says already where the text stands.
    """
    defined: list[str] = []
    inclusions: list[_Inclusion] = []
    open_blocks: list[str | None] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0:
        if line is not None:
            line += text.count("\n", at, begin)
        where = source if line is None else f"{source}:{line}"
        action = _ACTION.match(text, begin)
        if action is None:
            raise BadInput(f"{where}: a template's action is not closed")
        if line is not None:
            line += text.count("\n", begin, action.end())
        at = action.end()
        word = _WORD.match(action["body"] or "")
        if word is None:
            continue
        name = _unquote(word["name"]) if word["name"] else None
        inside = next((block for block in reversed(open_blocks) if block is not None), None)
        if word["word"] in ("template", "block") and name is not None:
            inclusions.append(_Inclusion(inside=inside, name=name, where=where))
        if word["word"] in ("define", "block") and name is not None:
            defined.append(name)
        if word["word"] in _OPENING:
            open_blocks.append(name if word["word"] in ("define", "block") else None)
        elif word["word"] == "end" and open_blocks:
            open_blocks.pop()
    return defined, inclusions


def _unquote(literal: str) -> str:
    body = literal[1:-1]
    return body if literal[0] == "`" else re.sub(r"\\(.)", r"\1", body)


def _check_known(inclusions: Sequence[_Inclusion], known: Mapping[str, object]) -> None:
    for item in inclusions:
        if item.name not in known:
            raise BadInput(f"{item.where}: the template {item.name!r} is defined nowhere")


def _check_cycles(known: Mapping[str, tuple[_Inclusion, ...]]) -> None:
    """Raise BadInput for the first way from a template back to itself, naming every step of it."""
    done: set[str] = set()
    for start in known:
        # A walk with a stack of its own, because includes may be nested more deeply than Python's calls.
        way: list[tuple[str, Iterator[_Inclusion]]] = [(start, iter(known[start]))]
        if start in done:
            continue
        while way:
            item = next(way[-1][1], None)
            if item is None:
                done.add(way.pop()[0])
                continue
            names = [name for name, _ in way]
            if item.name in names:
                circle = [*names[names.index(item.name) :], item.name]
                chain = " includes ".join(repr(name) for name in circle)
                raise BadInput(f"{item.where}: a template includes itself: {chain}")
            if item.name not in done:
                way.append((item.name, iter(known.get(item.name, ()))))
