"""Joins the page's small modules and style sheets into one script and one sheet, without a build step.

A module imports and exports names as browsers' own modules do, so that editors follow them; in the page each
is a function of its own. It imports by `import { a, b } from "./other.js";` and exports functions and
constants where it declares them.
"""

from __future__ import annotations

import re
from importlib import resources

SCRIPTS = (
    *("elements", "words", "curves", "address", "matching", "colours", "lanes", "plots"),
    *(
        "head",
        "live",
        "pager",
        "matrix",
        "timeline",
        "cards",
        "pages",
        "sent",
        "drill",
        "drills",
        "entries",
        "rehearsed",
        "gated",
        "list",
        "alerts",
        "panels",
        "run",
    ),
    *("reports", "start"),
)
"""In the order in which the page runs them: what is used stands before what uses it."""
STYLES = ("page.css", "parts.css")
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (function|const) (\w+)", re.MULTILINE)


def join_scripts() -> str:
    """Return one script of all modules of the page."""
    joined = "".join(_wrap(name, read_asset(f"page/{name}.js")) for name in SCRIPTS)
    return f'(function () {{\n"use strict";\nconst modules = {{}};\n{joined}}})();\n'


def join_styles() -> str:
    """Return one style sheet of all of the page's, and uPlot's."""
    return "\n".join(read_asset(name) for name in ("uplot/uPlot.min.css", *(f"page/{one}" for one in STYLES)))


def read_asset(name: str) -> str:
    """Return the text of a file that the page carries."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _wrap(name: str, module: str) -> str:
    exported = ", ".join(found[2] for found in _EXPORT.finditer(module))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const \1 = modules.\2;", module))
    return f"modules.{name} = (function () {{\n{body}\nreturn {{ {exported} }};\n}})();\n"
