"""The builder of drills: an alert's rule says whom it pages, and its pages how long a drill lasts."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.builder import Builder
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change_from_healthy

RULES = """\
groups:
  - name: rain
    rules:
      - {record: rain:rate, expr: "rate(rain[5m])"}
      - {alert: Flood, expr: "rain > ${flood.threshold}", labels: {severity: critical}}
      - {alert: Shower, expr: "rain > 1", labels: {severity: warning}}
"""
AS_WRITTEN = """\
groups:
  - name: rain-as-written
    rules:
      - {alert: FloodAsWritten, expr: "rain > 1", labels: {edition: as_written}}
      - {alert: Bare, expr: "rain > 1"}
"""


@pytest.fixture
def rain(tmp_path: Path) -> Builder:
    """Return the builder of a system with rules of every severity."""
    (tmp_path / "rules.tmpl.yml").write_text(RULES)
    (tmp_path / "as_written.yml").write_text(AS_WRITTEN)
    return Builder(system="rain", folder=tmp_path, closes_s=250)


@pytest.mark.parametrize(
    ("alert", "receiver"),
    [
        ("Flood", "rain-page"),
        ("Shower", "rain-ticket"),
        ("FloodAsWritten", "unrouted"),
        ("Bare", "unrouted"),
    ],
)
def test_an_alert_pages_whom_its_rule_says(rain: Builder, alert: str, receiver: str) -> None:
    """Its severity chooses the receiver, as the reference routing does; without one, no route takes it."""
    assert rain.fires(alert, {}, between_s=(60, 90), resolves_within_s=300).receiver == receiver


def test_an_alert_without_a_rule_is_refused(rain: Builder) -> None:
    """A drill of it would wait for what cannot come."""
    with pytest.raises(BadInput, match="no rule there is called Drizzle, which a drill expects"):
        rain.fires("Drizzle", {}, between_s=(60, 90), resolves_within_s=300)


def test_a_drill_lasts_until_its_last_page_must_have_closed(rain: Builder) -> None:
    """That is so long after the latest deadline; a drill that says how long it lasts lasts so long."""
    flood, shower = (
        rain.fires(alert, {}, between_s=(60, 90), resolves_within_s=resolves_s)
        for alert, resolves_s in (("Flood", 400), ("Shower", 300))
    )
    near = near_threshold("Shower", {}, reaches=0.8)
    assert rain.drill("wet", "", expects=(near, flood, shower)).lasts_s == 650
    assert rain.drill("wet", "", expects=flood, lasts_s=700).lasts_s == 700
    assert rain.drill("wet", "", expects=flood).expects == (flood,)


def test_what_stays_silent_says_how_near_it_comes() -> None:
    """Short of the threshold it need not be pending, short of the `for` it is."""
    assert not near_threshold("Shower", {}, reaches=0.8).pending
    short = near_for("Shower", {}, over_s=(60, 90))
    assert (short.pending, short.reaches, short.pending_within_s) == (True, 1.0, (60, 90))


def test_a_provider_is_healthy_until_it_is_told_otherwise() -> None:
    """It is from the start what a failing one is between its failures; the start itself can be told."""
    late = change_from_healthy("ollama:gemma3:4b", {300: failing(every=4)})
    assert [(one.at_s, one.provider, one.model) for one in late] == [
        (at_s, "ollama", "gemma3:4b") for at_s in (0, 300)
    ]
    errors = {"class": "server_error", "every": 4}
    assert [one.behaviour for one in late] == [HEALTHY, {**HEALTHY, "errors": errors}]
    (told,) = change_from_healthy("ollama:gemma3:4b", {0: slow(9)})
    assert told.behaviour == slow(9)
