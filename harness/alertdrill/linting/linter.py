"""Runs the checks over rules: remarks get their place, the ignored go, the rest is sorted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from alertdrill.linting.checks import IGNORE_COMMENT, Check, find_checks
from alertdrill.linting.finding import Finding, order
from alertdrill.linting.ignoring import read_ignored
from alertdrill.linting.scalar_places import find_index, locate
from alertdrill.linting.surroundings import Known, LintedRule, Remark
from alertdrill.rules.yaml.nodes import Mapping, Scalar


def lint(known: Known, today: date) -> tuple[Finding, ...]:
    """Return what all checks find in all rules, sorted and each once."""
    checks = find_checks()
    names = {check.name for check in checks} - {IGNORE_COMMENT}
    found = {finding for rule in known.rules for check in checks for finding in _run(check, rule)}
    kept: set[Finding] = set()
    for file in known.files:
        ignored, wrong = read_ignored(file, names, today)
        own = (finding for finding in found if finding.file == file.name)
        kept.update(finding for finding in own if not any(one.covers(finding) for one in ignored))
        kept.update(wrong)
    kept.update(_look_at_dashboards(known, checks))
    return tuple(sorted(kept, key=order))


def _run(check: Check, rule: LintedRule) -> Iterator[Finding]:
    for remark in check.find(rule) if check.find is not None else ():
        place = locate(rule.file.source, _find_index(remark, rule))
        yield _place(remark, check, rule.file.name, place, rule.rule.name)


def _place(remark: Remark, check: Check, file: str, place: tuple[int, int], rule: str) -> Finding:
    """Return a remark as a finding at a line and column of a file; a panel stands for its `rule`."""
    line, column = place
    return Finding(
        file=file,
        line=line,
        column=column,
        check=check.name,
        severity=remark.severity or check.severity,
        rule=rule,
        happens=_say_happening(remark),
        instead=remark.instead,
    )


def _say_happening(remark: Remark) -> str:
    """Return what happens, and where it stands if that is another rule's expression."""
    where = "" if remark.part is None else remark.part.recorded
    return f"{remark.happens} It is in {where}." if where else remark.happens


def _look_at_dashboards(known: Known, checks: Iterable[Check]) -> Iterator[Finding]:
    """Yield what is wrong with the queries of panels; JSON has no comments that would ignore it."""
    for check in checks:
        for dashboard in known.dashboards if check.find_in_query is not None else ():
            for query in (one for panel in dashboard.panels for one in known.list_queries(panel)):
                for remark in check.find_in_query(query) if check.find_in_query is not None else ():
                    offset = 0 if remark.part is None else remark.part.offset
                    place = locate(dashboard.source, query.query.find_index(offset))
                    yield _place(remark, check, dashboard.name, place, query.panel.title)


def _find_index(remark: Remark, rule: LintedRule) -> int:
    """Return where in the file a remark is about: a part of the expression, or a field of the rule."""
    if remark.part is not None:
        expr = rule.node.values.get("expr")
        return (
            find_index(expr, remark.part.offset, rule.file.source)
            if isinstance(expr, Scalar)
            else rule.node.start
        )
    node = rule.node
    for key in remark.at.split("/"):
        if key not in node.values:
            break
        value = node.values[key]
        if not isinstance(value, Mapping):
            return node.keys[key].start
        node = value
    if node is not rule.node:
        return node.start
    named = rule.node.keys.get("alert") or rule.node.keys.get("record")
    return named.start if named is not None else rule.node.start
