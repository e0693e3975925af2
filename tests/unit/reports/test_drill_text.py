"""Tests of a drill as text, where no drill of the house shows it; see tests/systems/drills for the others."""

from __future__ import annotations

from alertdrill.reports.drill_text import write_drill
from alertdrill.systems.drill_files.drills import parse_drills

MIXED = """\
drills:
  - name: slow-tail
    why: One call in twenty is slow.
    traffic: [{scenario: steady, models: [m], rate: 1/s, lasts: 5m}]
    changes: [{at: 1m, provider: openai, latency: {usually: 50ms, slow: 9s, every: 20}}]
    expect: []
"""


def test_a_mixed_latency_is_a_clause() -> None:
    """What most calls take, and how many take how much longer."""
    (drill,) = parse_drills(MIXED, "drills.yml", "own")
    assert "provider openai, *: answers in 0.05 s, one call in 20 in 9 s" in write_drill(drill)


def test_a_change_of_a_key_names_its_variable() -> None:
    """As that of a model names the model."""
    (drill,) = parse_drills(
        MIXED.replace("provider: openai,", "provider: openai, key: {env: KEY},", 1), "d", "o"
    )
    assert "provider openai, calls with the key in KEY: answers in 0.05 s" in write_drill(drill)
