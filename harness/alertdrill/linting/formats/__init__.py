"""How findings are written: one format a module. Pure.

Each is a function `render` from findings, and sentences of why files could not be read, to a text. What is
not read is written too: whoever sees only this text must not take silence about a file for praise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alertdrill.linting.finding import Finding
from alertdrill.linting.formats import github, json, junit, sarif, text

FORMATS: Mapping[str, Callable[[Sequence[Finding], Sequence[str]], str]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "github": github.render,
    "junit": junit.render,
}
