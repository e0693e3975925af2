"""Tests of which drills name receivers that their alerts do not end at."""

from __future__ import annotations

import pytest

from alertdrill.alertmanager.config import parse_config
from alertdrill.gating.receivers import Misrouted, Side, find_misrouted
from alertdrill.rules.files import parse_rules
from alertdrill.systems.drill_files.drills import parse_drills

RULES = """\
groups:
- name: g
  rules:
  - {alert: Slow, expr: sum by (model) (slow) > 1, labels: {severity: warning}}
"""
CONFIG = """\
route:
  receiver: oncall
  routes:
  - matchers: [severity="warning"]
    receiver: team
receivers:
- name: oncall
  webhook_configs: [{url: http://a}]
- name: team
  webhook_configs: [{url: http://b}]
- name: nobody
"""
DRILLS = """\
drills:
- name: slow
  why: it is slow
  expect: [{alert: Slow, labels: {model: m}, fires: 1m..2m, pages: team, resolves_by: 5m}]
"""


def find(config: str = CONFIG, rules: str = RULES, drills: str = DRILLS) -> tuple[Misrouted, ...]:
    """Return what is misrouted after a change."""
    before = Side(files=[parse_rules(RULES, "rules.yml")], config=parse_config(CONFIG, "a.yml of HEAD"))
    after = Side(files=[parse_rules(rules, "rules.yml")], config=parse_config(config, "a.yml"))
    return find_misrouted(parse_drills(drills, "d.yml", "own"), {"slow": "d.yml:2"}, before, after)


def test_what_did_not_change_is_not_blamed() -> None:
    """Neither where all is as expected, nor where the drill named somebody else before."""
    assert find() == ()
    assert find(drills=DRILLS.replace("pages: team", "pages: nobody")) == ()


@pytest.mark.parametrize(
    ("old", "new", "end", "line"),
    [
        ('severity="warning"', 'severity="warn"', "at oncall (webhook)", 1),
        ("receiver: team", "receiver: nobody", "at nobody, which has no integration and pages nobody", 4),
        ("  webhook_configs: [{url: http://b}]\n", "", "at team, which has no integration", 4),
        ("  routes:\n", '  routes:\n  - {matchers: [model="m"], receiver: nobody}\n', "at nobody, which", 4),
        (
            "    receiver: team\n",
            "    receiver: team\n    continue: true\n  - {receiver: oncall}\n",
            "at team (webhook) and at oncall (webhook)",
            7,
        ),
    ],
    ids=["another matcher", "another receiver", "no integration", "a label of the drill", "somebody besides"],
)
def test_a_config_that_contradicts_a_drill_is_named(old: str, new: str, end: str, line: int) -> None:
    """With the drill and its line, the receiver that it names, where the alert ends, and that line."""
    assert old in CONFIG
    (found,) = find(CONFIG.replace(old, new, 1))
    assert found.says.startswith('slow (d.yml:2) expects Slow{model="m"} to page team, and it ends ' + end)
    assert not found.may_be_met
    assert found.source == f"a.yml:{line}"


def test_a_label_of_the_rule_leads_elsewhere_too() -> None:
    """The config is as it was."""
    (found,) = find(rules=RULES.replace("severity: warning", "severity: critical"))
    assert "ends at oncall" in found.says


def test_labels_that_only_series_have_may_lead_anywhere() -> None:
    """Nobody can tell before they are known, and the drill can state them."""
    routed = CONFIG.replace('severity="warning"', 'model="m"')
    unstated = DRILLS.replace(", labels: {model: m}", "")
    (found,) = find(routed, drills=unstated)
    assert found.may_be_met
    assert "state them in the drill" in found.says
    assert find(routed) == ()


def test_who_is_never_paged_ends_nowhere_else() -> None:
    """An alert that is inhibited for good pages nobody, whoever its receiver is."""
    inhibited = DRILLS.replace("pages: team", "pages: team, suppressed: {why: inhibited}")
    assert find(CONFIG.replace("receiver: team", "receiver: nobody"), drills=inhibited) == ()
