"""Rules in a few words, and what `alertdrill lint` says of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from datetime import date

from alertdrill.alertmanager.config import parse_config
from alertdrill.linting.dashboards import read_dashboard
from alertdrill.linting.finding import Finding
from alertdrill.linting.links import list_anchors, list_linked
from alertdrill.linting.linter import lint
from alertdrill.linting.surroundings import Known, find_nodes
from alertdrill.project.drafting.metrics import read_exposition
from alertdrill.rules.files import parse_rules

TODAY = date(2026, 11, 30)


def write_rule(fields: str) -> str:
    """Return a rule file with one rule; without a name it is an alert called Example."""
    if fields.startswith("{"):
        named = "" if re.match(r"\{(?:alert|record):", fields) else "alert: Example, "
        return f"groups:\n- name: example\n  rules:\n  - {{{named}{fields[1:]}\n"
    named = "" if re.match(r"(?:alert|record):", fields) else "alert: Example\n"
    rule = textwrap.indent(named + textwrap.dedent(fields).strip(), "    ")
    return f"groups:\n- name: example\n  rules:\n  - {rule.lstrip()}\n"


def lint_text(text: str, given: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Return the findings in a rule file's text.

    `given` has metrics, alertmanager.yml, other rules, and a panel of a dashboard.
    """
    given = given or {}
    texts = {"rules.yml": text}
    if "rules" in given:
        texts["others.yml"] = given["rules"]
    files = tuple(find_nodes(parse_rules(one, name), one) for name, one in sorted(texts.items()))
    headings = {name: list_anchors(one) for name, one in given.items() if name.endswith(".md")}
    known = Known(
        headings={**dict.fromkeys(list_linked(files)), **headings},
        files=files,
        dashboards=(read_dashboard(f'{{"panels": [{given["panel"]}]}}', "api.json"),)
        if "panel" in given
        else (),
        metrics=read_exposition(given["metrics"], "the metrics") if "metrics" in given else None,
        alertmanager=parse_config(given["alertmanager.yml"], "alertmanager.yml")
        if "alertmanager.yml" in given
        else None,
    )
    return lint(known, TODAY)


def find(check: str, fields: str, given: Mapping[str, str] | None = None) -> list[Finding]:
    """Return what one check says of one rule, or of one panel, as JSON, beside other rules."""
    if fields.startswith('{"'):
        found = lint_text(
            write_rule("record: other:one\nexpr: vector(1)"), {**(given or {}), "panel": fields}
        )
        return [one for one in found if one.check == check and one.file == "api.json"]
    found = lint_text(write_rule(fields), given)
    return [one for one in found if one.check == check and one.file == "rules.yml"]
