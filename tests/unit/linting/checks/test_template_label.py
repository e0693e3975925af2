"""Tests of the check template-label."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: 'sum(x) > 1', annotations: {s: '{{ range query \"y\" }}{{ . }}{{ end }}{{ .Labels.a }}'}}",
    "{expr: 'sum(x) > 1', annotations: {s: '{{ range query \"y\" }}{{ $labels.a }}{{ end }}'}}",
    "{expr: 'sum by (a) (x) > 1', annotations: {s: '{{ $labels.b }}'}}",
    "{expr: 'sum(x) > 1', annotations: {s: '{{ $labels.a }}'}}",
    "{expr: absent(up), annotations: {s: '{{ $labels.instance }}'}}",
    "{expr: 'sum without (a) (x) > 1', annotations: {s: '{{ .Labels.a }}'}}",
    "{expr: 'x > on (a) y', annotations: {s: '{{ $labels.b }}'}}",
    "{expr: 'sum(x) > 1', labels: {team: '{{ $labels.team }}'}}",
    "{expr: vector(1), annotations: {s: '{{ index $labels \"a\" }}'}}",
]
GOOD = [
    "{expr: 'sum(x) > 1', annotations: {s: '{{ range query \"y\" }}{{ .Labels.a }}{{ end }}'}}",
    "{expr: 'sum(x) > 1', annotations: {s: '{{- range query \"y\" -}} {{- .Labels.a -}} {{- end }}'}}",
    "{expr: 'sum by (a) (x) > 1', annotations: {s: '{{ $labels.a }}'}}",
    "{expr: x > 1, annotations: {s: '{{ $labels.anything }}'}}",
    "{expr: 'absent(up{job=\"a\"})', annotations: {s: '{{ $labels.job }}'}}",
    "{expr: 'sum(x) > 1', annotations: {s: '{{ if $labels.a }}{{ $labels.a }}{{ end }}'}}",
    "{expr: 'sum(x) > 1', annotations: {s: '{{ with query \"y\" }}{{ . | first | label \"a\" }}{{ end }}'}}",
    "{expr: 'sum by (a) (x) * on (a) group_left (b) y > 1', annotations: {s: '{{ $labels.b }}'}}",
    "{expr: 'sum(x) > 1 or y', annotations: {s: '{{ $labels.a }}'}}",
    "{expr: 'count_values(\"v\", x) > 1', annotations: {s: '{{ $labels.v }}'}}",
    '{expr: \'label_replace(sum(x), "a", "b", "", "") > 1\', annotations: {s: \'{{ $labels.a }}\'}}',
    "{expr: 'topk by (a) (3, x) > 1', annotations: {s: '{{ $labels.b }}'}}",
    "{expr: 'sum(x) > 1', annotations: {s: '{{/* $labels.a */}}'}}",
    "{expr: 'histogram_quantile(0.9, sum by (a, le) (x_bucket)) > 1', annotations: {s: '{{ $labels.a }}'}}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A label that the result lacks is empty in a text."""
    assert len(find("template-label", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("template-label", fields) == []
