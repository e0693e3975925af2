"""Values: what a values file may state, what may be set, and the rules that are rendered with them."""

from __future__ import annotations

import pytest

from alertdrill.errors import BadInput, BadRules
from alertdrill.rules.files import parse_rules
from alertdrill.rules.values import (
    AlertValues,
    Values,
    override,
    parse_values,
    render_rules,
    switch_on,
    write_resource,
)

VALUES = """\
enabled: false
slow:
  alert: Slow
  enabled: true
  threshold: 0.50 # seconds
  window: 1h30m
  for: 250ms
many:
  alert: Many
  enabled: true
  threshold: 1e3
  for: 0s
"""
TEMPLATE = """\
# kept
groups:
  - name: latency
    rules:
      - record: seconds:rate
        expr: rate(seconds_sum[${slow.window}]) # as is
      - alert: Slow
        expr: |
          seconds:rate > ${slow.threshold}
        for: ${slow.for}
        labels: {severity: warning}
        annotations:
          summary: "above ${slow.threshold} s over ${slow.window}, that is {{ $value }}"
  - name: count
    rules:
      - alert: Many
        expr: sum(things) > ${many.threshold}
        for: ${many.for}
"""


@pytest.fixture
def values() -> Values:
    """Return two alerts' values."""
    return parse_values(VALUES, "values.yml")


def on(values: Values, *settings: str) -> Values:
    """Return the values switched on, with settings."""
    return override(values, ["enabled=true", *settings])


def names(text: str) -> list[str]:
    """Return the alerts of a rendered file."""
    return [rule.name for rule in parse_rules(text, "r").alerts]


def test_values_are_read_with_their_text(values):
    """Each setting keeps its text, and is a number or a number of seconds when asked."""
    assert values.enabled is False
    assert values["slow"] == AlertValues(
        key="slow",
        alert="Slow",
        enabled=True,
        settings={"threshold": "0.5", "window": "1h30m", "for": "250ms"},
    )
    assert (values["slow"].threshold, values["slow"].window_s, values["slow"].for_s) == (0.5, 5400, 0.25)
    assert (values["many"].number("threshold"), values["many"].seconds("for")) == (1000, 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("enabled: [", "v.yml: not YAML: "),
        ("", "v.yml: must be an object with enabled"),
        ("[]", "v.yml: must be an object with enabled"),
        ("slow: {alert: Slow, enabled: true}", "v.yml: must be an object with enabled"),
        ("enabled: 1", "v.yml: must be an object with enabled"),
        ("enabled: 'true'", "v.yml: must be an object with enabled"),
        ("enabled: true\nslow: 3", "v.yml: slow must be an object that names its alert"),
        ("enabled: true\nslow: {enabled: true}", "v.yml: slow must be an object that names its alert"),
        ("enabled: true\nslow: {alert: 3, enabled: true}", "slow must be an object that names its alert"),
        ("enabled: true\nslow: {alert: Slow}", "v.yml: slow.enabled must be true or false"),
        ("enabled: true\nslow: {alert: Slow, enabled: 1}", "v.yml: slow.enabled must be true or false"),
        *(
            (f"enabled: true\nslow: {{alert: Slow, enabled: true, threshold: {bad}}}", says)
            for bad, says in (
                ("soon", "v.yml: slow.threshold: 'soon' is neither a number nor a duration"),
                ("-1", "v.yml: slow.threshold: '-1' is not a number of 0 or more"),
                (".inf", "v.yml: slow.threshold: 'inf' is not a number of 0 or more"),
                (".nan", "v.yml: slow.threshold: 'nan' is not a number of 0 or more"),
                ("true", "v.yml: slow.threshold: 'True' is neither a number nor a duration"),
                ("[1]", "v.yml: slow.threshold: '[1]' is neither a number nor a duration"),
                ("''", "v.yml: slow.threshold: '' is neither a number nor a duration"),
                ("5 m", "v.yml: slow.threshold: '5 m' is neither a number nor a duration"),
                ("5x", "v.yml: slow.threshold: '5x' is neither a number nor a duration"),
            )
        ),
    ],
)
def test_a_bad_values_file_is_refused_in_one_sentence(text, says):
    """Each fault of a values file is one sentence that names the file and the value."""
    with pytest.raises(BadInput) as refused:
        parse_values(text, "v.yml")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_settings_replace_one_value_each(values):
    """A setting changes its own value, the last one wins, and the values given stay as they were."""
    changed = override(
        values, ["slow.threshold=2", "slow.for = 1m", "slow.threshold=3", "many.enabled=false"]
    )
    assert changed["slow"].settings == {"threshold": "3", "window": "1h30m", "for": "1m"}
    assert (changed["many"].enabled, changed.enabled) == (False, False)
    assert values["slow"].threshold == 0.5
    assert override(values, []) == values


def test_the_master_switch_is_a_setting(values):
    """`enabled=true` switches the system's alerts on, and leaves each alert's own switch."""
    changed = override(values, ["enabled=true", "slow.enabled=false"])
    assert (changed.enabled, changed["slow"].enabled, changed["many"].enabled) == (True, False, True)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("slow.threshold", "'slow.threshold' is not NAME=VALUE"),
        ("", "'' is not NAME=VALUE"),
        ("=1", "there is no value ''; there are: enabled, slow, many"),
        (
            "slow=1",
            "there is no value 'slow'; there are: slow.enabled, slow.threshold, slow.window, slow.for",
        ),
        ("fast.threshold=1", "there is no value 'fast.threshold'; there are: enabled, slow, many"),
        ("slow.fro=1m", "there is no value 'slow.fro'; there are: slow.enabled, slow.threshold"),
        ("slow.alert=Other", "there is no value 'slow.alert'; there are: slow.enabled"),
        ("many.window=5m", "there is no value 'many.window'; there are: many.enabled, many.threshold"),
        ("slow.threshold=5m", "slow.threshold must be a number, as 0.5 is, not '5m'"),
        ("slow.threshold=", "slow.threshold: '' is neither a number nor a duration"),
        ("slow.threshold=-1", "slow.threshold: '-1' is not a number of 0 or more"),
        ("slow.threshold=inf", "slow.threshold: 'inf' is not a number of 0 or more"),
        ("slow.threshold=nan", "slow.threshold: 'nan' is not a number of 0 or more"),
        ("slow.threshold=0x10", "slow.threshold: '0x10' is neither a number nor a duration"),
        ("slow.threshold=1=2", "slow.threshold: '1=2' is neither a number nor a duration"),
        ("slow.window=300", "slow.window must be a duration, as 1h30m is, not '300'"),
        ("slow.window=0s", "slow.window: a window must be longer than '0s'"),
        ("slow.window=soon", "slow.window: 'soon' is neither a number nor a duration"),
        ("enabled=yes", "enabled must be true or false, not 'yes'"),
        ("slow.enabled=1", "slow.enabled must be true or false, not '1'"),
    ],
)
def test_a_bad_setting_is_refused_in_one_sentence(values, setting, says):
    """Each fault of a setting is one sentence that says what there is instead."""
    with pytest.raises(BadInput) as refused:
        override(values, ["enabled=true", setting])
    assert str(refused.value).startswith(says)


def test_rules_have_the_values_and_keep_what_the_template_says(values):
    """With every alert on, the rules are the template's text, comments and all, with the values in it."""
    text = render_rules(TEMPLATE, on(values, "slow.threshold=2"), "t.yml")
    assert text == TEMPLATE.replace("${slow.threshold}", "2").replace("${slow.window}", "1h30m").replace(
        "${slow.for}", "250ms"
    ).replace("${many.threshold}", "1000.0").replace("${many.for}", "0s")


def test_alerts_that_are_off_are_not_in_the_rules(values):
    """An alert that is off is left out; recording rules stay, and a group without rules does not."""
    assert names(render_rules(TEMPLATE, on(values, "many.enabled=false"), "t")) == ["Slow"]
    text = render_rules(TEMPLATE, on(values, "slow.enabled=false", "many.enabled=false"), "t")
    (group,) = parse_rules(text, "r").groups
    assert [rule.name for rule in group.rules] == ["seconds:rate"]


def test_the_master_switch_leaves_no_alert(values):
    """With the master switch off no alert is left, whatever its own switch says, and it is a rule file."""
    assert names(render_rules(TEMPLATE, values, "t")) == []
    assert names(render_rules(TEMPLATE, switch_on(override(values, ["slow.enabled=false"])), "t")) == [
        "Slow",
        "Many",
    ]


def test_no_alert_at_all_is_still_a_rule_file(values):
    """Where nothing is left there is an empty list of groups, which Prometheus reads."""
    start, end = TEMPLATE.index("      - record"), TEMPLATE.index("      - alert: Slow")
    alerts_only = TEMPLATE[:start] + TEMPLATE[end:]
    assert "record" not in alerts_only
    assert render_rules(alerts_only, values, "t").splitlines()[-1] == "groups: []"


@pytest.mark.parametrize("placeholder", ["${slow.fro}", "${fast.for}", "${slow}", "${}", "${slow.alert}"])
def test_a_placeholder_without_a_value_is_refused(values, placeholder):
    """A placeholder must be in the values; the message names it and the file."""
    with pytest.raises(BadInput) as refused:
        render_rules(TEMPLATE.replace("${slow.for}", placeholder), values, "t.yml")
    assert str(refused.value) == f"t.yml: {placeholder} is in no value"


def test_rules_and_values_have_the_same_alerts(values):
    """An alert without values, and values without their alert, are refused."""
    for text in (
        TEMPLATE.replace("alert: Many", "alert: Lots"),
        TEMPLATE.replace("alert: Slow", "record: a"),
    ):
        with pytest.raises(BadInput, match="is in the rules or in the values, but not in both"):
            render_rules(text, values, "t.yml")


def test_a_template_that_is_no_rule_file_is_refused(values):
    """A template that is not YAML is refused with its name."""
    with pytest.raises(BadRules, match=r"^t\.yml:1: "):
        render_rules("groups: [", values, "t.yml")


def test_the_operators_resource_has_the_same_rules(values):
    """The PrometheusRule resource reads back as the rules that it was made of."""
    text = render_rules(TEMPLATE, on(values), "t")
    resource = write_resource(text, "latency")
    for line in ("apiVersion: monitoring.coreos.com/v1", "kind: PrometheusRule", "  name: latency"):
        assert line in resource.splitlines()

    def rules(source: str) -> list[tuple[object, ...]]:
        return [
            (group.name, rule.name, rule.expr, rule.labels, getattr(rule, "for_s", None))
            for group in parse_rules(source, "r").groups
            for rule in group.rules
        ]

    assert rules(resource) == rules(text)
    assert len(rules(text)) == 3


def test_the_operators_resource_has_a_name_that_kubernetes_takes(values):
    """A system's name may have an underscore, a resource's may not."""
    assert (
        "  name: mana-llm" in write_resource(render_rules(TEMPLATE, on(values), "t"), "mana_llm").splitlines()
    )
