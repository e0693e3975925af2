"""Writes the HTML of a mail anew with what shows words only: without scripts, forms, images and addresses.

The frame that shows it allows none of them anyway; what is not there is not even tried, such as a connection
that a browser opens ahead of a request.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

_KEPT = frozenset(
    (
        *(
            "a",
            "abbr",
            "b",
            "big",
            "blockquote",
            "body",
            "br",
            "center",
            "code",
            "dd",
            "del",
            "div",
            "dl",
            "dt",
        ),
        *("em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "s"),
        *("small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
        *("thead", "tr", "u", "ul"),
    )
)
_EMPTY = frozenset(("br", "hr"))
_DROPPED = frozenset(("script", "title", "textarea", "select", "object", "noscript", "svg", "math"))
"""What is in these is no text of the mail."""
_ATTRIBUTES = frozenset(
    (
        *("align", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "colspan", "dir"),
        *("face", "height", "rowspan", "size", "style", "valign", "width"),
    )
)
_LEADS_OUT = re.compile(r"@import|url\s*\(|image-set|\\", re.IGNORECASE)
"""What a style may load something by; a backslash could hide one of these."""


def clean_mail(page: str) -> str:
    """Return what a mail's HTML shows."""
    cleaner = _Cleaner()
    cleaner.feed(page)
    cleaner.close()
    return "".join(cleaner.parts)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._dropped = 0
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._dropped += tag in _DROPPED
        self._is_style = tag == "style"
        if self._dropped:
            return
        if tag == "img":
            self.parts.append(escape(dict(attrs).get("alt") or ""))
        elif tag in _KEPT:
            kept = (
                f' {name}="{escape(value or "")}"'
                for name, value in attrs
                if name in _ATTRIBUTES and not _LEADS_OUT.search(value or "")
            )
            self.parts.append(f"<{tag}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif not self._dropped and tag in _KEPT and tag not in _EMPTY:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if not self._is_style:
            self.parts.append(escape(data))
        elif "<" not in data and not _LEADS_OUT.search(data):
            self.parts.append(data)
