"""The checks, each a module: its name with hyphens is the check's, its docstring the check's page.

A module has a function `check` of a rule, or `check_query` of a query of a dashboard's panel.

A page has a title, then `What happens: …`, `Instead: …`, and rules that are wrong and right, indented below
`Wrong:` and `Right:`; what they need beside them stands below `With metrics:` or `With alertmanager.yml:`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedQuery, LintedRule, Remark

IGNORE_COMMENT = "ignore-comment"
"""The check of the comments that ignore others; it cannot be ignored itself."""
_HEADING = r"(?:What happens|Instead|Wrong|Right|With [\w.]+):"
_SECTION = re.compile(rf"^({_HEADING})(.*?)(?=^{_HEADING}|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is written of a check; `given` is what its rules need beside them, by its name."""

    title: str
    happens: str
    instead: str
    wrong: str
    right: str
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check, of rules or of panels' queries; `severity` is that of remarks that state none."""

    name: str
    severity: Severity
    page: Page
    find: Callable[[LintedRule], Iterator[Remark]] | None = None
    find_in_query: Callable[[LintedQuery], Iterator[Remark]] | None = None


@cache
def find_checks() -> tuple[Check, ...]:
    """Return all checks, by their names."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        of = importlib.import_module(f"{__name__}.{module.name}")
        found.append(
            Check(
                name=module.name.replace("_", "-"),
                severity=of.SEVERITY,
                find=getattr(of, "check", None),
                find_in_query=getattr(of, "check_query", None),
                page=read_page(inspect.cleandoc(of.__doc__ or "")),
            )
        )
    return tuple(sorted(found, key=lambda one: one.name))


def read_page(text: str) -> Page:
    """Return the parts of a page."""
    title, _, rest = text.partition("\n")
    sections = {name.removesuffix(":"): inspect.cleandoc(body) for name, body in _SECTION.findall(rest)}
    return Page(
        title=title.removesuffix(" Pure."),
        happens=sections["What happens"],
        instead=sections["Instead"],
        wrong=sections["Wrong"],
        right=sections["Right"],
        given={
            name.removeprefix("With "): body for name, body in sections.items() if name.startswith("With ")
        },
    )
