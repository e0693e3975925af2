"""Which alerts are there only to inhibit others."""

from __future__ import annotations

import pytest

from alertdrill.rules.files import parse_rules
from alertdrill.rules.inhibitors import find_inhibitors

KUBE_PROMETHEUS = (
    'ALERTS{severity = "info"} == 1 unless on (namespace) ALERTS{alertname != "InfoInhibitor", '
    'severity =~ "warning|critical", alertstate = "firing"} == 1'
)


@pytest.mark.parametrize(
    ("expr", "severity", "is_inhibitor"),
    [
        (KUBE_PROMETHEUS, "none", True),
        ('{__name__="ALERTS", team="web"}', "none", True),
        (KUBE_PROMETHEUS, "warning", False),
        ("count(ALERTS) > 100 and on () up == 0", "none", False),
        ("ALERTS_FOR_STATE > 1", "none", False),
        ("vector(1)", "none", False),
    ],
)
def test_an_alert_of_no_severity_about_other_alerts_is_there_to_inhibit(
    expr: str, severity: str, is_inhibitor: bool
) -> None:
    """One that reads a metric is about something, and one with a severity is for somebody."""
    text = f"groups: [{{name: g, rules: [{{alert: A, expr: '{expr}', labels: {{severity: {severity}}}}}]}}]"
    file = parse_rules(text, "r.yml")
    assert (find_inhibitors(file.alerts) == {"A"}) == is_inhibitor
