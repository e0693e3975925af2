"""Tests of what a change of an Alertmanager config is."""

from __future__ import annotations

from alertdrill.alertmanager.config import parse_config
from alertdrill.gating.paging import find_route_changes, list_other_sections
from alertdrill.rules.files import parse_rules
from alertdrill.systems.drill_files.drills import parse_drills

RULES = parse_rules(
    "groups: [{name: g, rules: "
    "[{alert: A, expr: x > 1, labels: {severity: page}}, {alert: B, expr: x > 1}]}]",
    "rules.yml",
)
CONFIG = """\
route:
  receiver: chat
  routes:
  - {matchers: [severity="page"], receiver: oncall, group_wait: 10s}
receivers: [{name: chat}, {name: oncall}]
"""


def test_alerts_that_go_elsewhere_are_named() -> None:
    """Each by the labels that its rule states; the others go where they went."""
    before = parse_config(CONFIG, "a")
    after = parse_config(CONFIG.replace('severity="page"', 'severity="critical"'), "b")
    (change,) = find_route_changes(RULES.alerts, (), before, after)
    assert change.alert == "A"
    assert [side[0].partition(" (")[0] for side in (change.before, change.after)] == ["oncall", "chat"]


def test_another_wait_is_a_change_and_another_layout_is_none() -> None:
    """What decides when a page comes, and not how that is written."""
    before = parse_config(CONFIG, "a")
    after = parse_config(CONFIG.replace("group_wait: 10s", "group_wait: 1m"), "b")
    (change,) = find_route_changes(RULES.alerts, (), before, after)
    assert "waits 10s" in change.before[0]
    assert "waits 1m, then" in change.after[0]
    same = parse_config("# routes\n" + CONFIG.replace("group_wait: 10s", 'group_wait: "10s"'), "c")
    assert find_route_changes(RULES.alerts, (), before, same) == ()


def test_sections_beside_the_routes_are_named() -> None:
    """Whom an inhibition silences is not known here, but that it is another one is said."""
    more = "inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d]}]\n"
    before, after = parse_config(CONFIG, "a"), parse_config(CONFIG + more, "b")
    assert list_other_sections(before, after) == ("inhibit_rules",)


def test_labels_that_drills_expect_are_known_too() -> None:
    """A route on what the rule's series have is a change of those alerts."""
    drills = parse_drills(
        "drills: [{name: d, why: w, expect: [{alert: B, labels: {zone: z}, near_miss: {reaches: 50%}}]}]",
        "d.yml",
        "own",
    )
    before = parse_config(CONFIG, "a")
    after = parse_config(CONFIG.replace('severity="page"', 'severity="page", zone="z"'), "b")
    zoned = parse_config(
        CONFIG.replace("routes:", 'routes:\n  - {matchers: [zone="z"], receiver: oncall}'), "c"
    )
    assert [one.alert for one in find_route_changes(RULES.alerts, drills, before, after)] == ["A"]
    assert [one.alert for one in find_route_changes(RULES.alerts, drills, before, zoned)] == ["B"]
    assert find_route_changes(RULES.alerts, (), before, zoned) == ()
