"""Tests of which alerts are sent at the same time, and of what holds what back."""

from __future__ import annotations

import pytest
from support.page_records import bind_alert, make_alert, make_config

from alertdrill.runner.synthetic.batches import plan_batches
from alertdrill.runner.synthetic.inhibition import find_inhibited, read_inhibit_rules

RULES = read_inhibit_rules(
    {
        "inhibit_rules": [
            {
                "source_matchers": ['severity="critical"'],
                "target_matchers": ['severity=~"warning|info"'],
                "equal": ["cluster"],
            },
            {"source_match": {"alertname": "Noise"}, "target_match_re": {"alertname": "Noise|Hum"}},
        ]
    }
)
CRITICAL = {"alertname": "A", "severity": "critical", "cluster": "a"}


@pytest.mark.parametrize(
    ("other", "is_held"),
    [
        ({"alertname": "B", "severity": "warning", "cluster": "a"}, True),
        ({"alertname": "B", "severity": "warning", "cluster": "b"}, False),
        ({"alertname": "B", "severity": "warning"}, False),
        ({"alertname": "B", "severity": "critical", "cluster": "a"}, False),
    ],
)
def test_an_alert_holds_back_what_its_rule_names(other: dict[str, str], is_held: bool) -> None:
    """Where both have the same of the labels that must be equal."""
    assert find_inhibited(RULES, CRITICAL, [other]) == ([other] if is_held else [])


def test_labels_that_neither_has_are_equal() -> None:
    """A label that is not there is the empty text, as for Alertmanager."""
    source, target = {"severity": "critical"}, {"severity": "info"}
    assert find_inhibited(RULES, source, [target]) == [target]


def test_two_that_are_both_source_and_target_do_not_hold_each_other_back() -> None:
    """Else an alert would hold itself back."""
    noise, hum = {"alertname": "Noise"}, {"alertname": "Hum"}
    assert find_inhibited(RULES, noise, [noise, hum]) == [hum]


def test_alerts_that_do_not_meet_are_sent_together() -> None:
    """Groups of their own, and nothing that holds another back."""
    config = make_config({"receiver": "x", "group_by": ["..."]}, x=["webhook"])
    bound = [bind_alert(make_alert(name), config) for name in ("A", "B", "C")]
    assert plan_batches(bound, ()) == [bound]


def test_alerts_of_one_group_are_sent_one_after_another() -> None:
    """Else one page would be theirs together."""
    config = make_config(
        {
            "receiver": "x",
            "group_by": ["team"],
            "routes": [{"receiver": "y", "matchers": ["sev=high"], "group_by": ["alertname"]}],
        },
        x=["webhook"],
        y=["webhook"],
    )
    a, b = (bind_alert(make_alert(name, team="t"), config) for name in ("A", "B"))
    other = bind_alert(make_alert("C", team="u"), config)
    high = bind_alert(make_alert("D", team="t", sev="high"), config)
    assert plan_batches([a, b, other, high], ()) == [[a, other, high], [b]]


def test_an_alert_and_what_it_holds_back_are_sent_one_after_another() -> None:
    """Each is to be seen by itself."""
    config = make_config({"receiver": "x", "group_by": ["..."]}, x=["webhook"])
    critical = bind_alert(make_alert("A", severity="critical"), config)
    warning = bind_alert(make_alert("A", severity="warning"), config)
    assert plan_batches([warning, critical], RULES) == [[warning], [critical]]


def test_what_only_the_root_takes_is_known() -> None:
    """It is flagged: perhaps nobody thought of it."""
    config = make_config({"receiver": "x", "routes": [{"receiver": "x", "matchers": ["a=b"]}]}, x=["webhook"])
    assert bind_alert(make_alert("A"), config).is_by_default_only
    assert not bind_alert(make_alert("A", a="b"), config).is_by_default_only
