"""Rules in manifests of the Prometheus operator, and rules that YAML's aliases repeat."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from alertdrill.errors import BadRules
from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.rules.files import MAX_RULES, RuleFile, parse_rules
from alertdrill.rules.leaving_out import leave_out
from alertdrill.runtime.binaries import Generation, find_engines

RESOURCE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: api}
spec:
  groups:
  - name: api
    limit: 5
    partial_response_strategy: abort
    rules:
    - {alert: ErrorsHigh, expr: 'rate(errors_total[5m]) > 0.1', for: 10m, labels: {code: "500"}}
"""
OTHER = "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n"
SECOND = RESOURCE.replace("ErrorsHigh", "Slow").replace("errors_total", "slow_total")
MANY = f"---\n{OTHER}---\n{RESOURCE}---\n# nothing\n---\n{SECOND}"
LIST = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
    "- " + text.replace("\n", "\n  ").rstrip(" ") for text in (RESOURCE, OTHER, SECOND)
)
ALIASES = """\
groups:
- name: a
  rules: &all
  - &one {alert: A, expr: 'rate(a[5m]) > 1', labels: &labels {severity: page}}
  - *one
  - {alert: B, expr: b, labels: *labels}
- &group
  name: b
  rules: *all
"""


def show(file: RuleFile) -> list[tuple[str, str, str]]:
    """Return the group, name and line of each rule."""
    return [(rule.group, rule.name, rule.source) for rule in file.rules]


@pytest.mark.parametrize(("text", "lines"), [(MANY, (15, 28)), (LIST, (13, 26))], ids=["documents", "a list"])
def test_the_resources_of_a_manifest_are_read_all(text: str, lines: tuple[int, int]) -> None:
    """Others are passed over; groups of one name are apart, since each resource is a file of its own."""
    assert show(parse_rules(text, "r.yml")) == [
        ("api", "ErrorsHigh", f"r.yml:{lines[0]}"),
        ("api (2)", "Slow", f"r.yml:{lines[1]}"),
    ]


@pytest.mark.parametrize("text", [MANY, LIST, ALIASES, RESOURCE], ids=["documents", "list", "aliases", "one"])
@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_what_they_are_dilated_to_is_a_rule_file(tmp_path: Path, generation: Generation, text: str) -> None:
    """A plain one that Prometheus takes, with every rule in it."""
    file = parse_rules(text, "r.yml")
    dilated, refusals = dilate_rules(file, 60)
    assert refusals == ()
    again = parse_rules(dilated, "d.yml")
    assert [(one, name) for one, name, _ in show(again)] == [(one, name) for one, name, _ in show(file)]
    assert "[5s]" in again.rules[0].expr
    (tmp_path / "d.yml").write_text(dilated)
    promtool = find_engines(os.environ, generation=generation).promtool
    finished = subprocess.run(
        [promtool, "check", "rules", "--lint=none", tmp_path / "d.yml"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished


def test_rules_that_aliases_repeat_are_there_as_often() -> None:
    """Each stands where it was stated; what is left out of them takes nothing from the others."""
    file = parse_rules(ALIASES, "r.yml")
    own = [("A", "r.yml:4"), ("A", "r.yml:4"), ("B", "r.yml:6")]
    assert show(file) == [(group, *one) for group in "ab" for one in own]
    (left,) = leave_out([file], ["A"])
    assert [name for _, name, _ in show(left)] == ["B", "B"]
    assert [name for _, name, _ in show(parse_rules(left.text, "left.yml"))] == ["B", "B"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OTHER, "r.yml:2: the resource's kind is not PrometheusRule"),
        (OTHER + "---\n" + OTHER, "r.yml:2: the resource's kind is not PrometheusRule"),
        ("kind: List\nitems: []\n", "r.yml:1: the resource's kind is not PrometheusRule"),
        ("kind: List\nitems: [1]\n", "r.yml:2: an item of the list is no resource"),
        (RESOURCE + "---\n- 1\n", "r.yml:12: the file is not a mapping"),
        (RESOURCE + "---\n" + RESOURCE.replace("limit: 5", "limit: x"), "r.yml:18: limit is not a number"),
        ("groups: []\n---\ngroups: []\n", "r.yml:3: the file has more than one document, of which"),
    ],
)
def test_what_is_wrong_in_a_manifest_has_its_line(text: str, said: str) -> None:
    """Whichever document it is in."""
    with pytest.raises(BadRules) as refused:
        parse_rules(text, "r.yml")
    assert str(refused.value).startswith(said)


def test_aliases_cannot_multiply_without_bound() -> None:
    """A file whose aliases would state a million rules is refused soon."""
    rules = "\n".join(["  - &r {alert: A, expr: up}"] + ["  - *r"] * (MAX_RULES // 10 - 1))
    groups = "".join(f"- {{name: g{number}, rules: *l}}\n" for number in range(1000))
    with pytest.raises(BadRules, match=f"more than {MAX_RULES} rules"):
        parse_rules(f"groups:\n- name: g\n  rules: &l\n{rules}\n{groups}", "r.yml")
