"""What a drill says of a stub provider in rule time holds beside a gateway that runs in wall time."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.own_project import hold, read_timeline, write_own_project
from support.whole_runs import CommandLine

pytestmark = pytest.mark.long

DRILLS = """\
drills:
  - name: brown-out
    why: Told once, the provider fails for two minutes and a half, a minute later.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: 0.5/s, lasts: 5m}
    changes:
      - at: 0
        provider: openai
        model: gpt-4.1
        latency: {p0: 10ms, p99: 60ms}
        spells: [{after: 1m, for: 2m30s, errors: {mix: {server_error: 90%}}}]
    expect:
      - {alert: ShopErrorsHigh, labels: {model: gpt-4.1}, fires: 1m15s..3m, pages: oncall, resolves_by: 5m15s}
    lasts: 6m30s
  - name: limited
    why: The provider takes forty calls a minute, which are enough until three times as many come.
    traffic:
      - scenario: burst
        models: [gpt-4.1-mini]
        stages: [{rate: 30/m, lasts: 2m}, {rate: 90/m, lasts: 3m}, {rate: 30/m, lasts: 3m}]
    changes:
      - {at: 0, provider: openai, model: gpt-4.1-mini, latency: 10ms, limits: {requests: 40, per: 1m}}
    expect:
      - alert: ShopErrorsHigh
        labels: {model: gpt-4.1-mini}
        fires: 2m45s..4m45s
        pages: oncall
        resolves_by: 7m
    lasts: 8m
"""


def test_spells_and_limits_of_a_drill_go_by_its_traffic(own: CommandLine, tmp_path: Path) -> None:
    """In wall time the spell would begin ten minutes in, and calls be refused after a minute and a half."""
    write_own_project(tmp_path, drills=DRILLS)
    rules = tmp_path / "rules.yml"
    rules.write_text(rules.read_text().replace('"5.."', '"5..|429"'))
    held = hold(own, tmp_path, "--speed", "10")
    assert held.code == 0, held.said
    assert [verdict["outcome"] for verdict in read_timeline(tmp_path)["verdicts"]] == ["met", "met"]
