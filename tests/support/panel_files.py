"""A system's values, rules and panels as texts, and what is made of them: one panel of each kind."""

from __future__ import annotations

from alertdrill.core.rule import AlertRule
from alertdrill.rules.files import parse_rules
from alertdrill.rules.panels import Dashboard, parse_panels
from alertdrill.rules.values import Values, parse_values, render_rules, switch_on

VALUES = """
enabled: false
errorRate: {alert: ToyErrorRateHigh, enabled: true, threshold: 0.07, window: 10m, for: 5m}
keysActive: {alert: ToyKeysFew, enabled: true, threshold: 3, for: 5m}
down: {alert: ToyDown, enabled: true, threshold: 0, for: 1m}
"""
RULES = """
groups:
  - name: toy
    rules:
      - alert: ToyErrorRateHigh
        expr: >-
          rate(toy_errors_total[${errorRate.window}]) / rate(toy_calls_total[${errorRate.window}])
          > ${errorRate.threshold} and rate(toy_calls_total[${errorRate.window}]) > 0.01
      - alert: ToyKeysFew
        expr: toy_keys < ${keysActive.threshold}
      - alert: ToyDown
        expr: up{job="toy"} == ${down.threshold}
"""
PANELS = """
title: Toy gateway
uid: toy
tags: [toy, llm]
links: [{title: Master Overview, url: /d/master-overview/master-overview}]
rows:
  - title: Health
    panels:
      - title: Status
        kind: stat
        unit: short
        width: 4
        height: 4
        alert: down
        mappings: {"1": {text: UP, color: green}, "0": {text: DOWN, color: red}}
        queries: [{expr: 'up{job="toy"}', legend: Status}]
      - title: Failing calls
        kind: timeseries
        unit: percent
        width: 12
        height: 8
        alert: errorRate
        scale: 100
        min: 0
        max: 100
        queries:
          - expr: >-
              rate(toy_errors_total[${errorRate.window}])
              / rate(toy_calls_total[${errorRate.window}]) * 100
            legend: "{{ model }} of {{provider}}"
            empty_when_healthy: nothing fails
      - title: Active keys
        kind: gauge
        unit: short
        width: 8
        height: 6
        alert: keysActive
        queries: [{expr: toy_keys, legend: keys}]
      - {title: Shares, kind: piechart, unit: short, width: 12, height: 8, queries: [{expr: toy_calls_total}]}
  - title: Traffic
    panels:
      - title: Calls
        kind: timeseries
        unit: reqps
        width: 12
        height: 8
        stack: true
        queries:
          - {expr: "rate(toy_calls_total[5m])", legend: "{{ model }}"}
          - {expr: "rate(toy_errors_total[5m])", legend: failed}
      - title: Calls by model
        kind: table
        unit: short
        width: 12
        height: 6
        queries:
          - {expr: "sum by (model) (increase(toy_calls_total[1h]))", legend: calls}
          - {expr: "sum by (model) (increase(toy_errors_total[1h]))", legend: failed}
      - title: Busiest models
        kind: bargauge
        unit: short
        width: 12
        height: 8
        thresholds: [{color: green}, {color: yellow, value: 5}, {color: red, value: 20.5}]
        queries: [{expr: "topk(3, toy_calls_total)", legend: "{{ model }}"}]
      - title: Latency
        kind: heatmap
        unit: s
        width: 24
        height: 8
        queries: [{expr: "sum by (le) (rate(toy_latency_seconds_bucket[5m]))", legend: "{{ le }}"}]
"""


def read_toy_values() -> Values:
    """Return the toy system's values."""
    return parse_values(VALUES, "values.yml")


def read_toy_rules() -> tuple[AlertRule, ...]:
    """Return the toy system's alert rules."""
    text = render_rules(RULES, switch_on(read_toy_values()), "rules.tmpl.yml")
    return parse_rules(text, "rules.tmpl.yml").alerts


def read_toy_panels(text: str = PANELS) -> Dashboard:
    """Return the toy system's dashboard; raises BadInput."""
    return parse_panels(
        text, system="toy", values=read_toy_values(), rules=read_toy_rules(), name="panels.yml"
    )
