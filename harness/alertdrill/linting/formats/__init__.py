"""How findings are written: one format a module, each a function `render` from findings to a text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alertdrill.linting.finding import Finding
from alertdrill.linting.formats import github, json, junit, sarif, text

FORMATS: Mapping[str, Callable[[Sequence[Finding]], str]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "github": github.render,
    "junit": junit.render,
}
