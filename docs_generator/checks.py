"""Reference page of the checks of `alertdrill lint`, made of their docstrings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from alertdrill.linting.checks import Check, find_checks
from docs_generator.commands import NOTE

INTRODUCTION = """\
What [`alertdrill lint`](../how-to/lint.md) finds in rules and dashboards. `error`: it does not do what it
says. `warning`: in some cases it does not. `information`: worth knowing. A finding may be more or less severe
than its check, where the rule tells so.
"""


def write_checks() -> str:
    """Return the page with a section for each check."""
    rows = [
        f"| [`{check.name}`](#{check.name}) | {check.severity} | {check.page.title.removesuffix('.')} |"
        for check in find_checks()
    ]
    table = "\n".join(["| check | severity | finds |", "|---|---|---|", *rows])
    sections = "\n".join("\n".join(_write_section(check)) for check in find_checks())
    return f"# Checks\n\n{NOTE}\n\n{INTRODUCTION}\n{table}\n\n{sections}"


def _write_section(check: Check) -> Iterator[str]:
    page = check.page
    yield f"## {check.name}\n\n{page.title} Severity: {check.severity}.\n"
    yield f"**What happens**: {page.happens}\n"
    yield f"**Instead**: {page.instead}\n"
    of = "json" if page.wrong.startswith("{") else "yaml"
    yield f"Wrong:\n\n```{of}\n{_show(page.wrong)}\n```\n"
    yield f"Right:\n\n```{of}\n{_show(page.right)}\n```\n"
    for name, text in page.given.items():
        language = "yaml" if name.endswith((".yml", "rules")) else "text"
        yield f"With {name}:\n\n```{language}\n{_show(text)}\n```\n"


def _show(text: str) -> str:
    return textwrap.dedent(text).strip()
