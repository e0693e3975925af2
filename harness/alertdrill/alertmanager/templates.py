"""Template files of a config: found, read, and held to what they include.

Alertmanager notices only while it renders a notification that a template includes itself, or one that is
defined nowhere; the notification is then lost. Where files are missing here, nobody knows what they define:
what needs it is named. Syntax: Go's text/template; file patterns: filepath.Glob.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from alertdrill.alertmanager.default_templates import DEFAULT_TEMPLATES
from alertdrill.alertmanager.yaml_without_secrets import locate
from alertdrill.errors import BadInput
from alertdrill.runtime.looking import is_file
from alertdrill.runtime.reading import read_bytes

MAX_FILES = 100
MAX_BYTES = 1024 * 1024
ELSEWHERE = "if they lie elsewhere on this machine, say where by --templates FOLDER"
MAX_SHOWN = 20
"""Of the steps of a circle."""

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
class Inclusion:
    """The template `inside` (None: none) includes the template `name` at `where` (`file:line`)."""

    inside: str | None
    name: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What one text defines, and whether there is anything in it, by name; and what it includes."""

    bodies: dict[str, bool] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """Where each is defined (`file:line`), the last time."""
    inclusions: list[Inclusion] = field(default_factory=list)

    def define(self, known: Mapping[str, tuple[Inclusion, ...]]) -> dict[str, tuple[Inclusion, ...]]:
        """Return what each template includes once this text was read after all others.

        As in Go, a later definition replaces an earlier one unless it is empty.
        """
        own: dict[str, list[Inclusion]] = {
            name: [] for name, is_filled in self.bodies.items() if is_filled or name not in known
        }
        for item in self.inclusions:
            if item.inside in own:
                own[item.inside].append(item)
        return {**known, **{name: tuple(items) for name, items in own.items()}}


class Store(Protocol):
    """Where template files are."""

    def find(self, pattern: Path) -> list[Path]:
        """Return the files that a pattern matches, in order."""
        ...

    def read(self, path: Path) -> str:
        """Return the text of a file; raises BadInput."""
        ...


class _Disk:
    """Template files on disk."""

    def find(self, pattern: Path) -> list[Path]:
        # Go negates a class of characters with ^.
        path = str(pattern).replace("[^", "[!")
        found = glob.glob(path, include_hidden=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        return [Path(name) for name in sorted(found) if is_file(Path(name))]

    def read(self, path: Path) -> str:
        return _read(path)


def read_templates(
    folder: Path,
    patterns: Sequence[tuple[str, str]],
    elsewhere: Path | None = None,
    beside: Mapping[str, str] = MappingProxyType({}),
    store: Store = _Disk(),  # noqa: B008 - it has no state
) -> tuple[tuple[Template, ...], tuple[str, ...]]:
    """Return the files that patterns match, relative ones in the config's folder, and a note of each other.

    `patterns` has where each pattern stands (`file:line`), and the pattern. Files are looked for `elsewhere`
    first, by as much of the end of a pattern as leads to some, and last among the texts `beside` the config
    in its manifest. A pattern that matches nothing is a note: to Alertmanager it is no error.
    """
    found: list[tuple[str, str, Path | None]] = []
    notes: list[str] = []
    for where, pattern in patterns:
        files = _find_elsewhere(store, elsewhere, pattern) if elsewhere else []
        files = files or store.find(folder / pattern)
        matched: list[tuple[str, str, Path | None]] = [(str(file), file.name, file) for file in files]
        if not files:
            last = pattern.rpartition("/")[2]
            names = [name for name in sorted(beside) if fnmatch.fnmatchcase(name, last.replace("[^", "[!"))]
            matched = [(f"{where.rpartition(':')[0]}#{name}", name, None) for name in names]
        if not matched:
            notes.append(f"{where}: no template file matches {pattern!r}: {ELSEWHERE}")
        found += matched
        if len(found) > MAX_FILES:
            raise BadInput(f"{where}: more than {MAX_FILES} template files")
    templates = tuple(
        # Numbered, because the last definition of a name is the one that counts.
        Template(
            source=source,
            name=f"{number:03}-{name}",
            text=beside[name] if path is None else store.read(path),
        )
        for number, (source, name, path) in enumerate(found)
    )
    return templates, tuple(notes)


def _find_elsewhere(store: Store, folder: Path, pattern: str) -> list[Path]:
    parts = [part for part in pattern.split("/") if part not in {"", ".", ".."}]
    found = (store.find(folder.joinpath(*parts[begin:])) for begin in range(len(parts)))
    return next((files for files in found if files), [])


def _read(path: Path) -> str:
    try:
        content = read_bytes(path, MAX_BYTES)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"{path}: the template file cannot be read: {why}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: the template file is larger than {MAX_BYTES} bytes")
    return text


def check_templates(
    templates: Sequence[Template],
    document: Mapping[str, Any],
    lines: Mapping[str, int],
    source: str,
    *,
    is_whole: bool = True,
) -> tuple[tuple[str, str], ...]:
    """Raise BadInput for a template that includes itself, or that is included but defined nowhere.

    Unless the files are the whole: what receivers need of the rest is returned then, as the pointer of each
    text of theirs and the name of the template that is missing.
    """
    known: dict[str, tuple[Inclusion, ...]] = {
        name: tuple(Inclusion(inside=name, name=included, where=name) for included in sorted(includes))
        for name, includes in DEFAULT_TEMPLATES.items()
    }
    scanned = [scan(template.text, template.source, 1) for template in templates]
    for found in scanned:
        known = found.define(known)
    if is_whole:
        for found in scanned:
            _check_known(found.inclusions, known)
    _check_cycles(known)
    missing: list[tuple[str, str]] = []
    for pointer, text in list_texts(document.get("receivers", ()), "/receivers"):
        found = scan(text, locate(lines, pointer, source), None)
        own = found.define(known)
        if is_whole:
            _check_known(found.inclusions, own)
        elif name := _find_missing(found.inclusions, own):
            missing.append((pointer, name))
        if found.bodies:
            _check_cycles(own)
    return tuple(missing)


def _find_missing(inclusions: Sequence[Inclusion], known: Mapping[str, Sequence[Inclusion]]) -> str | None:
    """Return the first template that a text includes, itself or by others, and that is not known."""
    left, seen = [item.name for item in inclusions], set[str]()
    while left:
        name = left.pop(0)
        if name not in known:
            return name
        if name not in seen:
            seen.add(name)
            left += [item.name for item in known[name]]
    return None


def list_texts(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a document that have actions in them."""
    if isinstance(node, str) and "{{" in node:
        yield pointer, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from list_texts(value, f"{pointer}/{key}")
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for index, item in enumerate(node):
            yield from list_texts(item, f"{pointer}/{index}")


def scan(text: str, source: str, line: int | None) -> Scanned:
    """Return what a text defines, and what it includes where; raises BadInput.

    With `line` None, `source` says already where the text stands.
    """
    found = Scanned()
    blocks: list[str | None] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0:
        if line is not None:
            line += text.count("\n", at, begin)
        where = source if line is None else f"{source}:{line}"
        action = _ACTION.match(text, begin)
        if action is None:
            raise BadInput(f"{where}: a template's action is not closed")
        inside = next((name for name in reversed(blocks) if name is not None), None)
        word = _WORD.match(action["body"] or "")
        is_end = word is not None and word["word"] == "end"
        if inside is not None and (text[at:begin].strip() or (action["body"] and not is_end)):
            found.bodies[inside] = True
        if line is not None:
            line += text.count("\n", begin, action.end())
        at = action.end()
        if word is not None:
            _enter(word, blocks, inside, where, found)
    return found


def _enter(
    word: re.Match[str], blocks: list[str | None], inside: str | None, where: str, found: Scanned
) -> None:
    """Note what an action that begins with a word does to the blocks that are open, and what it includes."""
    name = _unquote(word["name"]) if word["name"] else None
    defines = word["word"] in ("define", "block") and name is not None
    if word["word"] in ("template", "block") and name is not None:
        found.inclusions.append(Inclusion(inside=inside, name=name, where=where))
    if defines and name is not None:
        found.bodies.setdefault(name, False)
        found.places[name] = where
    if word["word"] in _OPENING:
        blocks.append(name if defines else None)
    elif word["word"] == "end" and blocks:
        blocks.pop()


def _unquote(literal: str) -> str:
    body = literal[1:-1]
    return body if literal[0] == "`" else re.sub(r"\\(.)", r"\1", body)


def _check_known(inclusions: Sequence[Inclusion], known: Mapping[str, object]) -> None:
    for item in inclusions:
        if item.name not in known:
            raise BadInput(f"{item.where}: the template {item.name!r} is defined nowhere")


def _check_cycles(known: Mapping[str, tuple[Inclusion, ...]]) -> None:
    """Raise BadInput for the first way from a template back to itself, naming every step of it."""
    done: set[str] = set()
    for start in known:
        if start in done:
            continue
        # A walk with a stack of its own, because includes may be nested more deeply than Python's calls.
        way: dict[str, Iterator[Inclusion]] = {start: iter(known[start])}
        while way:
            name, rest = next(reversed(way.items()))
            item = next(rest, None)
            if item is None:
                del way[name]
                done.add(name)
            elif item.name in way:
                names = list(way)
                circle = [*names[names.index(item.name) :], item.name]
                chain = " includes ".join(repr(name) for name in circle[:MAX_SHOWN])
                more = " and so on" if len(circle) > MAX_SHOWN else ""
                raise BadInput(f"{item.where}: a template includes itself: {chain}{more}")
            elif item.name not in done:
                way[item.name] = iter(known.get(item.name, ()))
