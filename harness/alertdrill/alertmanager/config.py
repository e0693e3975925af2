"""Somebody's alertmanager.yml as a value: without its secrets, in rule time, with its templates' texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from alertdrill.alertmanager.calendar import check_locations
from alertdrill.alertmanager.checks import check_document
from alertdrill.alertmanager.fields import CONFIG
from alertdrill.alertmanager.routes import check_matchers
from alertdrill.alertmanager.templates import Template, check_templates, read_templates
from alertdrill.alertmanager.unplayed import list_unplayed, mark_undefined
from alertdrill.alertmanager.wrapped import unwrap
from alertdrill.alertmanager.yaml_without_secrets import locate, read_document
from alertdrill.errors import BadInput
from alertdrill.runtime.reading import read_bytes

MAX_BYTES = 1024 * 1024
FoundTemplates = tuple[tuple[Template, ...], tuple[str, ...]]
"""Template files, and a note of each that was not found."""
FindTemplates = Callable[[Sequence[tuple[str, str]], Mapping[str, str]], FoundTemplates]
"""Finds the files of patterns, which have where they stand, also among the texts of a manifest, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerConfig:
    """A config that has been checked; what stood in place of `"<secret>"` was not kept.

    `document` is plain data, as JSON could have it. `source` names the file in messages, and `lines` has the
    line of every key by its pointer (`/route/receiver`). `templates` are the template files' texts by the
    names that they are to have, in the order in which Alertmanager would read them.
    """

    document: Mapping[str, Any]
    source: str
    templates: Mapping[str, str] = field(default_factory=dict, repr=False)
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    template_sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files that the templates were read from, by the same names."""
    path: Path | None = None
    """The file that it was read from, if it was."""
    notes: tuple[str, ...] = ()
    """What its user should know: template files that are not there, and what stays unobserved."""

    def locate(self, pointer: str) -> str:
        """Return `file:line` of a pointer, or of the nearest thing around it."""
        return locate(self.lines, pointer, self.source)


def read_config(path: Path, templates_folder: Path | None = None) -> AlertmanagerConfig:
    """Return an Alertmanager config and its template files; files that hold secrets are not opened.

    A file may be a manifest with a Secret that has the config, as for the Prometheus operator. Template files
    are looked for in `templates_folder` first, then where the config says, and then in that Secret; where one
    is in none of these, what needs it is not played. Raises BadInput, in general starting with `file:line: `,
    for what Alertmanager would not take, and for templates that are defined nowhere or include themselves.
    """
    try:
        content = read_bytes(path, MAX_BYTES)
        text = content.decode()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise BadInput(f"{path}: cannot be read: it is not UTF-8")
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: larger than {MAX_BYTES} bytes")

    def find(patterns: Sequence[tuple[str, str]], beside: Mapping[str, str]) -> FoundTemplates:
        return read_templates(path.parent, patterns, templates_folder, beside)

    return replace(parse_whole_config(text, str(path), find), path=path)


def parse_whole_config(text: str, source: str, find: FindTemplates) -> AlertmanagerConfig:
    """Return the config that a text states, or that stands in a manifest in it; `find` has its templates.

    Raises BadInput as `read_config` does.
    """
    original = unwrap(text, source)
    source = original.source
    complaint = ""
    try:
        document, lines = read_document(original.text, CONFIG, source)
    except BadInput as error:
        complaint = original.relocate(str(error))
        if complaint.endswith(" the field groups is unknown"):
            complaint += ": this is no Alertmanager config, which has a route, but looks like a rule file"
    if complaint:
        raise BadInput(complaint)
    lines = dict(original.lines) or lines
    patterns = [
        (locate(lines, f"/templates/{index}", source), pattern)
        for index, pattern in enumerate(document.get("templates", ()))
    ]
    templates, notes = find(patterns, original.files)
    is_whole = original.is_whole and not notes
    return _check(document, lines, source, templates, (*original.notes, *notes), is_whole=is_whole)


def parse_config(text: str, source: str) -> AlertmanagerConfig:
    """Return a config that has no template files; raises BadInput as `read_config` does."""
    document, lines = read_document(text, CONFIG, source)
    if document.get("templates"):
        raise BadInput(f"{locate(lines, '/templates', source)}: there are no template files here")
    return _check(document, lines, source, (), (), is_whole=True)


def _check(
    document: dict[str, Any],
    lines: dict[str, int],
    source: str,
    templates: tuple[Template, ...],
    notes: tuple[str, ...],
    *,
    is_whole: bool,
) -> AlertmanagerConfig:
    check_document(document, lines, source)
    for pointer, what in chain(check_matchers(document), check_locations(document)):
        raise BadInput(f"{locate(lines, pointer, source)}: {what}")
    mark_undefined(document, check_templates(templates, document, lines, source, is_whole=is_whole))
    unplayed = tuple(f"{locate(lines, one.pointer, source)}: {one}" for one in list_unplayed(document))
    return AlertmanagerConfig(
        document=document,
        source=source,
        templates={template.name: template.text for template in templates},
        template_sources={template.name: template.source for template in templates},
        lines=lines,
        notes=(*notes, *unplayed),
    )
