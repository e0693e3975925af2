"""Reads the markup of chat services as far as it changes how words look. Pure.

What is no such markup stays as it stands, so that nothing of a text is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Literal

from alertdrill.core.card import Said

Mark = Literal["bold", "italic", "strike", "code"]
WEB = ("http://", "https://")
"""How a link begins that is one; all others are shown as text."""

_SLACK = re.compile(
    r"```\n?(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<url>https?://[^|>\s]*)(?:\|(?P<label>[^>]*))?>"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])",
    re.DOTALL,
)
_MARKDOWN = re.compile(
    r"```(?:\w*\n)?(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|^#{1,6} +(?P<heading>[^\n]+)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|<(?P<address>https?://[^>\s]+)>"
    r"|!?\[(?P<label>[^\]\n]*)\]\((?P<url>[^()\s]*)\)"
    r"|\*\*(?P<bold>[^\s*][^*\n]*)\*\*"
    r"|__(?P<strong>[^\s_][^_\n]*)__"
    r"|~~(?P<strike>[^\s~][^~\n]*)~~"
    r"|(?<![\w*])\*(?P<italic>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<emphasis>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])",
    re.DOTALL | re.MULTILINE,
)
_MARKS: dict[str, Mark] = {
    "heading": "bold",
    "bold": "bold",
    "strong": "bold",
    "italic": "italic",
    "emphasis": "italic",
    "strike": "strike",
}
_TAGS: dict[str, Mark] = {
    **dict.fromkeys(("b", "strong", "u", "ins"), "bold"),
    **dict.fromkeys(("i", "em", "blockquote"), "italic"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("code", "pre"), "code"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A stretch of text that looks the same; `url` is where it leads, on the web, or empty."""

    text: str
    marks: frozenset[Mark] = frozenset()
    url: str = ""


def read_markup(said: Said) -> Sequence[Words]:
    """Return a text as stretches that look the same, in order."""
    if said.markup == "html":
        return _read_html(said.text)
    if said.markup == "plain":
        return [Words(text=said.text)] if said.text else []
    pattern = _SLACK if said.markup == "slack" else _MARKDOWN
    return list(_read(pattern, said.text, frozenset()))


def is_web(url: str) -> bool:
    """Tell whether an address is one of the web, which may be followed."""
    return url.lower().startswith(WEB)


def _read(pattern: re.Pattern[str], text: str, marks: frozenset[Mark]) -> Iterator[Words]:
    def plain(part: str) -> Iterator[Words]:
        if part:
            # Slack wants three characters to be written as in HTML.
            yield Words(text=unescape(part) if pattern is _SLACK else part, marks=marks)

    at = 0
    for found in pattern.finditer(text):
        yield from plain(text[at : found.start()])
        at = found.end()
        named = {name: part for name, part in found.groupdict().items() if part is not None}
        url = named.get("url", named.get("address", ""))
        code = named.get("block", named.get("code"))
        if code is not None:
            shown = unescape(code) if pattern is _SLACK else code
            yield Words(text=shown, marks=marks | {"code"})
        elif "escaped" in named:
            yield Words(text=named["escaped"], marks=marks)
        elif url and is_web(url):
            yield Words(text=unescape(named.get("label") or url), marks=marks, url=unescape(url))
        elif inner := next((name for name in _MARKS if name in named), None):
            yield from _read(pattern, named[inner], marks | {_MARKS[inner]})
        else:
            yield from plain(found[0])
    yield from plain(text[at:])


class _Html(HTMLParser):
    """Collects the words of HTML, with the marks of the tags that a chat service knows."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[Words] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.handle_data("\n")
        elif tag in _TAGS or tag == "a":
            self._open.append((tag, dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index]
                return

    def handle_data(self, data: str) -> None:
        marks = frozenset(_TAGS[tag] for tag, _ in self._open if tag in _TAGS)
        url = next((url for tag, url in reversed(self._open) if tag == "a" and is_web(url)), "")
        self.words.append(Words(text=data, marks=marks, url=url))


def _read_html(text: str) -> Sequence[Words]:
    reader = _Html()
    reader.feed(text)
    reader.close()
    return reader.words
