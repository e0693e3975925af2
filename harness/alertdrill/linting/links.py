"""Links of annotations to Markdown files in the checkout, and the headings that these have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from alertdrill.linting.surroundings import LintedFile

_LINK = re.compile(r"(?!\w+:)(?P<path>[\w./-]+\.md)(?:#(?P<anchor>[\w-]+))?")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_OWN_ANCHOR = re.compile(r"""<a\s+(?:id|name)=["']([\w-]+)["']""")
_CODE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def split_link(text: str) -> tuple[str, str] | None:
    """Return the file and the anchor of a link into the checkout; None of any other text."""
    found = _LINK.fullmatch(text.strip())
    return (found["path"], found["anchor"] or "") if found is not None else None


def list_linked(files: Iterable[LintedFile]) -> Iterator[str]:
    """Yield the files that annotations link to."""
    for file in files:
        for alert in file.read.alerts:
            for text in alert.annotations.values():
                if (link := split_link(text)) is not None:
                    yield link[0]


def list_anchors(text: str) -> frozenset[str]:
    """Return the anchors of a Markdown file, as GitHub makes them of its headings."""
    anchors: set[str] = set()
    for heading in _HEADING.findall(_CODE.sub("", text)):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while (own := f"{anchor}-{number}" if number else anchor) in anchors:
            number += 1
        anchors.add(own)
    return frozenset(anchors | set(_OWN_ANCHOR.findall(text)))
