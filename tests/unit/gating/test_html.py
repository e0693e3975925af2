"""The document of a gated change: what the page is told of each touched alert."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.judged_reports import (
    BASE,
    NOW,
    make_change,
    make_gated,
    make_linted,
    make_rule,
    make_verdict,
)

from alertdrill.gating.changes import RuleChange
from alertdrill.gating.demands import Orphaned
from alertdrill.gating.gate import Gated
from alertdrill.gating.html import describe_gated
from alertdrill.gating.receivers import Misrouted

EMPTY = Gated(name="queues", about={}, lacking={}, left_out={})


def describe(*gated: Gated) -> dict[str, Any]:
    """Return the document of a change."""
    return describe_gated(gated, BASE, NOW)


def find_entry(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an alert of the list."""
    (entry,) = [entry for entry in document["entries"] if entry["name"] == name]
    return dict(entry)


def list_cells(document: dict[str, Any], alert: str) -> list[tuple[str, str, str, str]]:
    """Return the cells of an alert: column, look, words and drill."""
    (row,) = [row for row in document["matrix"]["rows"] if row["alert"] == alert]
    hops = document["matrix"]["hops"]
    return [(hops[hop], kind, state, inbox) for hop, kind, state, inbox, _ in row["cells"]]


def test_an_alert_is_shown_before_and_after_in_each_drill() -> None:
    """As bands over the drill's own time, and in words; with what changed in its rule."""
    entry = find_entry(describe(make_gated()), "Deep")
    (effect,) = entry["effects"]
    assert effect["bands"] == [
        [["pending", 480.0, 600.0], ["firing", 600.0, 1200.0]],
        [["pending", 480.0, 660.0]],
    ]
    assert effect["says"] == ["pending 8:00, firing 10:00, resolved 20:00", "pending 8:00 to 11:00"]
    assert effect["until"] == 3600.0
    assert entry["changes"][0]["fields"] == [["expr", "depth > 100", "depth > 200 # a"]]
    assert entry["line"] == "1 of 1 alarm otherwise than before"


def test_each_alert_is_wrong_or_not_told_or_as_expected() -> None:
    """By its own troubles, drills and doubts, and by no other's."""
    document = describe(make_gated())
    kinds = {entry["name"]: entry["kind"] for entry in document["entries"]}
    assert kinds == {"Deep": "unmet", "Low": "unobserved", "Calm": "met"}
    assert [row["alert"] for row in document["matrix"]["rows"]] == ["Deep", "Low", "Calm"]
    assert document["head"]["kind"] == "unmet"
    assert document["head"]["outcome"].startswith(
        "Something is wrong: 3 alerts touched; 2 drills judged, 1 not"
    )
    assert "exit code 1" in document["head"]["facts"]


def test_cells_say_what_is_asked_of_an_alert() -> None:
    """Lint, the drills that it needs, those that it has, and where it ends."""
    document = describe(make_gated())
    assert list_cells(document, "Deep") == [
        ("rule and route", "none", "changed", ""),
        ("drills", "unmet", "not met", "deep"),
        ("lint", "met", "nothing new", ""),
        ("drills it needs", "unmet", "none comes near", ""),
        ("receivers", "none", "no other than before", ""),
    ]
    assert ("drills", "met", "1 met", "") in list_cells(document, "Calm")
    assert ("drills", "unobserved", "not judged", "low") in list_cells(document, "Low")
    assert ("lint", "warned", "1 warning", "") in list_cells(document, "Calm")
    assert ("receivers", "none", "otherwise", "") in list_cells(document, "Calm")


def test_what_is_to_be_done_leads_to_its_alert() -> None:
    """Troubles first, with the line of the rule, then warnings."""
    troubles = describe(make_gated())["troubles"]
    assert [(one["kind"], one["alert"]) for one in troubles] == [
        ("unmet", "Deep"),
        ("unmet", "Deep"),
        ("warned", "Calm"),
        ("warned", "Calm"),
    ]
    twice = describe(make_gated(), replace(make_gated(), name="mails"))["troubles"]
    assert [one["kind"] for one in twice] == ["unmet"] * 4 + ["warned"] * 4
    assert troubles[0]["source"] == "rules.yml:5"
    assert troubles[3]["says"].endswith("80 % of the mistakes that alertdrill mutate makes, 90 % before")


def test_a_score_is_known_of_alerts_whose_drills_are_met() -> None:
    """In the matrix in whole percent, in the alert beside the one before."""
    document = describe(make_gated())
    scores = {row["alert"]: row["score"] for row in document["matrix"]["rows"]}
    assert scores == {"Deep": None, "Low": None, "Calm": 80}
    assert "90 % before" in find_entry(document, "Calm")["score"]


def test_alerts_of_one_name_are_told_apart_by_their_systems() -> None:
    """So that each has an address of its own, and a trouble leads to the right one."""
    other = replace(EMPTY, name="mails", changes=(make_change("Deep"),), about={"Deep": ()})
    document = describe(make_gated(), other)
    names = [entry["name"] for entry in document["entries"]]
    assert names == ["Deep (queues)", "Low", "Calm", "Deep (mails)"]
    assert document["troubles"][0]["alert"] == "Deep (queues)"
    assert find_entry(document, "Deep (mails)")["kind"] == "met"


@pytest.mark.parametrize(
    ("gated", "kind", "outcome"),
    [
        (EMPTY, "met", "No rule, route or setting means anything else than before"),
        (replace(EMPTY, changes=(make_change(),)), "met", "As its drills expect: 1 alert touched; "),
        (
            replace(
                EMPTY, changes=(make_change(),), verdicts=(make_verdict("d", "unobserved", doubt="gap"),)
            ),
            "unobserved",
            "Could not be told: 1 alert touched; ",
        ),
    ],
)
def test_the_verdict_is_one_sentence(gated: Gated, kind: str, outcome: str) -> None:
    """What could not be told is no tick."""
    head = describe(gated)["head"]
    assert head["kind"] == kind
    assert head["outcome"].startswith(outcome)
    assert head["doubts"] == (["d: gap"] if kind == "unobserved" else [])


def test_a_drill_of_an_alert_that_is_gone_is_lost() -> None:
    """It is named in the alert's row, and nothing is asked of an alert that is no more."""
    gone = RuleChange(kind="removed", rule=make_rule(), fields=(), alerts=("Deep",))
    orphaned = Orphaned(drill="deep", alert="Deep", source="drills.yml:3")
    document = describe(replace(EMPTY, changes=(gone,), orphaned=(orphaned,)))
    assert list_cells(document, "Deep") == [
        ("rule and route", "none", "removed", ""),
        ("drills", "unmet", "lost", "deep"),
        ("receivers", "none", "no other than before", ""),
    ]
    assert find_entry(document, "Deep")["changes"][0]["expr"] == "depth > 200"


def test_an_alert_that_ends_elsewhere_is_wrong_unless_labels_may_decide() -> None:
    """Where they may, it could not be told."""
    astray = Misrouted(drill="deep", alert="Deep", says="it ends at chat", source="am.yml:1")
    base = replace(EMPTY, changes=(make_change(),))
    wrong = describe(replace(base, misrouted=(astray,)))
    assert ("receivers", "unmet", "elsewhere", "deep") in list_cells(wrong, "Deep")
    assert find_entry(wrong, "Deep")["kind"] == "unmet"
    doubted = describe(replace(base, misrouted=(replace(astray, may_be_met=True),)))
    assert ("receivers", "unobserved", "not told", "deep") in list_cells(doubted, "Deep")
    assert find_entry(doubted, "Deep")["kind"] == "unobserved"


def test_what_lint_finds_in_an_alert_stands_in_it() -> None:
    """An error makes it wrong, a warning does not."""
    base = replace(EMPTY, changes=(make_change(),))
    error = find_entry(describe(replace(base, linted=(make_linted("error"),))), "Deep")
    assert (error["kind"], error["troubles"][0]["kind"]) == ("unmet", "unmet")
    warning = find_entry(describe(replace(base, linted=(make_linted(),))), "Deep")
    assert (warning["kind"], warning["troubles"][0]["kind"]) == ("met", "warned")


def test_what_changed_besides_alerts_is_named() -> None:
    """Rules that decide no alert, sections of the config, and what receivers read."""
    alone = replace(make_change("recorded"), alerts=())
    others = describe(replace(make_gated(), changes=(alone,)))["others"]
    assert [change["says"] for change in others["changes"]] == ["recorded: changed"]
    assert others["sections"] == ["receivers"]
    assert others["texts"] == [{"says": "chat reads otherwise by slack, of Calm", "lines": ["- old", "+ a"]}]
