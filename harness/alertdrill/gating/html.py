"""A change as the document that a report's page draws: each touched alert before and after. Pure.

Its parts are those of `alertdrill.reports.html`: the first screen, alerts x what is asked of them, and a list
that can be searched. Instants are seconds of rule time from the start of each drill.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from alertdrill.core.verdict import Verdict
from alertdrill.core.wording import say_number, say_selector
from alertdrill.gating import demands
from alertdrill.gating.changes import RuleChange
from alertdrill.gating.evidence import Effect, Spans
from alertdrill.gating.figures import Room, describe_figures
from alertdrill.gating.gate import Gated, Outcome, decide
from alertdrill.gating.wording import (
    SAID,
    Trouble,
    list_doubts,
    list_troubles,
    say_change,
    say_finding,
    say_instants,
    say_scores,
    say_total,
)
from alertdrill.reports import html, say_expected
from alertdrill.reports.html.document import clean
from alertdrill.reports.html.overview import CELLS, EXIT_CODES, order_rows, say_moment

HOPS = ("rule and route", "lint", "drills it needs", "drills", "receivers")
KINDS: Mapping[Outcome, str] = {
    "untouched": "met",
    "met": "met",
    "unmet": "unmet",
    "could not tell": "unobserved",
}
SHORT = {demands.FIRES: "none fires it", demands.SILENT: "none comes near"}
ELSEWHERE = "gate.md and junit.xml have the verdicts, too."
MOST_EFFECTS = 100
"""Of an alert: alarms in drills that are shown."""

Data = dict[str, Any]


def render_html(gated: Sequence[Gated], base: str, started_at: datetime) -> str:
    """Return the page of what a change did beside a commit."""
    return html.draw(describe_gated(gated, base, started_at))


def describe_gated(gated: Sequence[Gated], base: str, started_at: datetime) -> Data:
    """Return all that the page shows of a change."""
    told = [told for one in gated for told in _tell(one)]
    names = _name(told)
    rows = [
        {"alert": name, "note": one.gated.name, "cells": one.list_cells(name), "score": one.percent}
        for name, one in zip(names, told, strict=True)
    ]
    room = Room()
    lines = [line for one in gated for line in _list_lines(one, told, names)]
    document: Data = clean(
        {
            "of": "gate",
            "head": _describe_head(gated, base, started_at),
            "troubles": sorted(lines, key=lambda line: CELLS.index(line["kind"])),
            "matrix": {
                "hops": list(HOPS),
                "counts": say_total(tuple(gated)),
                "left_out": [],
                "rows": order_rows(rows),
            },
            "entries": [one.describe(name, room) for name, one in zip(names, told, strict=True)],
            "others": _describe_others(gated),
            "facts": [["started", started_at.isoformat()], ["beside", base]],
            "logs": [],
            "elsewhere": ELSEWHERE,
            "live": None,
        }
    )
    return document


def _describe_head(gated: Sequence[Gated], base: str, started_at: datetime) -> Data:
    outcome = decide(gated)
    kind = KINDS[outcome]
    said = SAID[outcome]
    drills = {verdict.drill for one in gated for verdict in one.verdicts}
    total = "" if outcome == "untouched" else f": {say_total(tuple(gated))}"
    believed = [
        "The rules before and after were evaluated by promtool, as written, on the recordings of "
        f"{say_number(len(drills), 'drill')}; the drills were judged by those after."
    ]
    return {
        "kind": kind,
        "outcome": f"{said[:1].upper()}{said[1:]}{total}",
        "believed": believed if drills else [],
        "doubts": [said for one in gated for said in list_doubts(one)],
        "doubted": "What could not be told",
        "facts": [
            say_moment(started_at),
            f"beside {base}",
            f"exit code {EXIT_CODES[kind]}",
        ],
        "engines": [],
    }


class _Told:
    """What is told of one touched alert of a system or project."""

    def __init__(self, gated: Gated, alert: str, troubles: Sequence[Trouble]) -> None:
        self.gated = gated
        self.alert = alert
        self.changes = [one for one in gated.changes if alert in one.alerts]
        self.routes = [one for one in gated.routes if one.alert == alert]
        self.effects = [one for one in gated.effects if one.alert == alert]
        self.values = [one for one in gated.values if one.alert == alert]
        self.verdicts = [one for one in gated.verdicts if _is_about(one, alert, gated)]
        self.troubles = [one for one in troubles if alert in one.alerts]
        self.linted = [one for one in gated.linted if one.rule == alert]
        self.score = next((one for one in gated.scores if one.alert == alert), None)
        self.left_out = {
            drill: gated.left_out[drill] for drill in gated.about.get(alert, ()) if drill in gated.left_out
        }
        self.astray = [one for one in gated.misrouted if one.alert == alert]
        self.is_gone = any(one.kind == "removed" and one.rule.name == alert for one in self.changes)

    @property
    def kind(self) -> str:
        """`unmet` if anything is wrong with it, `unobserved` if some of it could not be told, else `met`."""
        if self.troubles or any(verdict.outcome == "unmet" for verdict in self.verdicts):
            return "unmet"
        is_open = self.left_out or self.astray or any(verdict.doubts for verdict in self.verdicts)
        return "unobserved" if is_open else "met"

    @property
    def kind_of_change(self) -> str:
        """What became of it, in a word or two."""
        own = next((one.kind for one in self.changes if one.rule.name == self.alert), None)
        if own is not None:
            return {"added": "new", "removed": "removed", "changed": "changed"}[own]
        return "decided by a rule that changed" if self.changes else "paged otherwise"

    @property
    def percent(self) -> int | None:
        """Whole percent of the mistakes in it that drills notice; only where none slips by, a hundred."""
        return None if self.score is None else math.floor(self.score.after)

    def list_cells(self, name: str) -> list[list[Any]]:
        """Return the cells of its row: of which column, how it looks, and what it says."""
        cells = [[0, "none", self.kind_of_change, ""], *self._list_drill_cells()]
        errors = sum(one.severity == "error" for one in self.linted)
        warnings = len(self.linted) - errors
        if errors:
            cells.append([1, "unmet", say_number(errors, "error"), ""])
        if warnings:
            cells.append([1, "warned", say_number(warnings, "warning"), ""])
        if not self.linted and not self.is_gone and self.changes:
            cells.append([1, "met", "nothing new", ""])
        lacking = self.gated.lacking.get(self.alert, ())
        cells += [[2, "unmet", SHORT[said], ""] for said in lacking]
        if not lacking and not self.is_gone and self.changes:
            cells.append([2, "met", "none is missing", ""])
        for one in self.astray:
            looks = ("unobserved", "not told") if one.may_be_met else ("unmet", "elsewhere")
            cells.append([4, *looks, one.drill])
        if not self.astray:
            cells.append([4, "none", "otherwise" if self.routes else "no other than before", ""])
        return [[*cell, [name]] for cell in cells]

    def _list_drill_cells(self) -> Iterator[list[Any]]:
        met = [one.drill for one in self.verdicts if one.outcome != "unmet" and not one.doubts]
        for verdict in self.verdicts:
            if verdict.drill not in met:
                looks = ("unmet", "not met") if verdict.outcome == "unmet" else ("unobserved", "not told")
                yield [3, *looks, verdict.drill]
        if met:
            yield [3, "met", f"{len(met)} met", ""]
        yield from ([3, "unobserved", "not judged", drill] for drill in self.left_out)
        yield from ([3, "unmet", "lost", one.drill] for one in self._list_orphaned())

    def _list_orphaned(self) -> Iterator[demands.Orphaned]:
        return (one for one in self.gated.orphaned if one.alert == self.alert)

    def describe(self, name: str, room: Room) -> Data:
        """Return what the list shows of it; there is `room` for so many curves."""
        moved = sum(effect.is_changed for effect in self.effects)
        line = f"{moved} of {say_number(len(self.effects), 'alarm')} otherwise than before"
        warned = [one for one in self.linted if one.severity != "error"]
        doubts = [*(f"{drill}: {why}" for drill, why in self.left_out.items())]
        doubts += [f"{verdict.drill}: {why}" for verdict in self.verdicts for why in verdict.doubts]
        doubts += [one.says for one in self.astray if one.may_be_met]
        return {
            "name": name,
            "kind": self.kind,
            "outcome": {"met": "as its drills expect", "unmet": "wrong", "unobserved": "not told"}[self.kind],
            "about": self.kind_of_change,
            "why": next((one.text for one in self.troubles), next(iter(doubts), "")),
            "line": line if self.effects else "",
            "tokens": self._list_tokens(),
            "troubles": [
                *(_line("unmet", one.text, one.source) for one in self.troubles),
                *(_line("unobserved", said) for said in doubts),
                *(_line("warned", say_finding(one), one.place) for one in warned),
            ],
            "changes": [_describe_change(one) for one in self.changes],
            "effects": [_describe_effect(one) for one in self.effects[:MOST_EFFECTS]],
            "effects_more": max(0, len(self.effects) - MOST_EFFECTS),
            **describe_figures(self.values, room),
            "drills": [_describe_verdict(verdict, self.alert) for verdict in self.verdicts],
            "routes": [[list(one.before), list(one.after)] for one in self.routes],
            "score": "" if self.score is None else say_scores(self.score),
        }

    def _list_tokens(self) -> dict[str, list[str]]:
        drills = [*(verdict.drill for verdict in self.verdicts), *self.left_out]
        drills += [one.drill for one in self._list_orphaned()] + [one.drill for one in self.astray]
        labels = (label for effect in self.effects for label in effect.labels)
        return {
            "alert": [self.alert],
            "system": [self.gated.name],
            "outcome": [self.kind],
            "change": [self.kind_of_change],
            "drill": list(dict.fromkeys(drills)),
            "check": list(dict.fromkeys(one.check for one in self.linted)),
            "label": list(dict.fromkeys(f"{name}={value}" for name, value in labels)),
        }


def _tell(gated: Gated) -> list[_Told]:
    troubles = list(list_troubles(gated))
    return [_Told(gated, alert, troubles) for alert in gated.touched]


def _name(told: Sequence[_Told]) -> list[str]:
    """Return a name for each touched alert that no other has."""
    counts: dict[str, int] = {}
    for one in told:
        counts[one.alert] = counts.get(one.alert, 0) + 1
    return [one.alert if counts[one.alert] == 1 else f"{one.alert} ({one.gated.name})" for one in told]


def _is_about(verdict: Verdict, alert: str, gated: Gated) -> bool:
    return verdict.drill in gated.about.get(alert, ()) or any(
        finding.alert == alert for finding in verdict.findings
    )


def _list_lines(gated: Gated, told: Sequence[_Told], names: Sequence[str]) -> Iterator[Data]:
    """Yield what is wrong, and what is warned of, each with the alert in the list that it leads to."""
    own = {one.alert: name for one, name in zip(told, names, strict=True) if one.gated is gated}
    for trouble in list_troubles(gated):
        yield _line("unmet", trouble.text, trouble.source, _find_entry(trouble, own))
    for finding in gated.linted:
        if finding.severity != "error":
            yield _line("warned", say_finding(finding), finding.place, own.get(finding.rule, ""))
    for one in gated.fallen:
        yield _line("warned", f"{one.alert}: {say_scores(one)}", "", own.get(one.alert, ""))


def _find_entry(trouble: Trouble, names: Mapping[str, str]) -> str:
    return next((names[alert] for alert in trouble.alerts if alert in names), "")


def _line(kind: str, says: str, source: str = "", alert: str = "") -> Data:
    return {"kind": kind, "says": says, "source": source, "alert": alert}


def _describe_change(change: RuleChange) -> Data:
    return {
        "says": say_change(change),
        "source": change.rule.source,
        "expr": "" if change.kind == "changed" else change.rule.expr,
        "fields": [[field.name, field.before, field.after] for field in change.fields],
    }


def _describe_effect(effect: Effect) -> Data:
    return {
        "drill": effect.drill,
        "selector": say_selector(effect.alert, dict(effect.labels)),
        "changed": effect.is_changed,
        "says": [say_instants(effect.before), say_instants(effect.after)],
        "until": round(effect.lasts_s, 1),
        "bands": [_list_bands(spans) for spans in effect.spans],
    }


def _list_bands(spans: Spans | None) -> list[list[Any]]:
    return [[span.state, round(span.start_s, 1), round(span.end_s, 1)] for span in spans or ()]


def _describe_verdict(verdict: Verdict, alert: str) -> Data:
    findings = [finding for finding in verdict.findings if finding.alert == alert]
    is_open = verdict.outcome != "unmet" and bool(verdict.doubts)
    return {
        "name": verdict.drill,
        "kind": "unobserved" if is_open else "unmet" if verdict.outcome == "unmet" else "met",
        "findings": [
            [finding.outcome, say_expected(finding.expectation), finding.evidence] for finding in findings
        ],
    }


def _describe_others(gated: Sequence[Gated]) -> Data:
    """Return what changed besides touched alerts: rules that decide none, sections, and what is read."""
    return {
        "changes": [_describe_change(change) for one in gated for change in one.changes if not change.alerts],
        "sections": [name for one in gated for name in one.sections],
        "texts": [
            {
                "says": f"{text.receiver} reads otherwise by {text.integration}, of {text.alert}",
                "lines": list(text.lines),
            }
            for one in gated
            for text in one.texts
        ],
    }
