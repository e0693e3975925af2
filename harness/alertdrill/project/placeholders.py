"""What stands in a target's environment for what is known once the stub providers run. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_PLACEHOLDER = re.compile(r"\{(provider\.[^{}]*)\}")
_KNOWN = re.compile(r"provider\.(.+)\.url")


def find_unknown(text: str, providers: Iterable[str]) -> str | None:
    """Return the first placeholder of a text that is of no provider, as it is written; None without."""
    known = {make_placeholder(name) for name in providers}
    return next((found[0] for found in _PLACEHOLDER.finditer(text) if found[0] not in known), None)


def make_placeholder(provider: str) -> str:
    """Return what stands for the URL of a stub provider."""
    return f"{{provider.{provider}.url}}"


def fill_in(text: str, urls: Mapping[str, str]) -> str:
    """Return a text with the URLs of stub providers, by name, in the place of their placeholders."""

    def find_url(found: re.Match[str]) -> str:
        name = _KNOWN.fullmatch(found[1])
        return urls[name[1]] if name is not None else found[0]

    return _PLACEHOLDER.sub(find_url, text)
