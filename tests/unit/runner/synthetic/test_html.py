"""The document of `page --all`: what the page is told of each alert."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.judged_reports import make_page, make_rehearsal, make_row, make_rows

from alertdrill.core.card import Card, Part, Said
from alertdrill.runner.synthetic.html import describe_rehearsal, render_html
from alertdrill.runner.synthetic.pages import Row

ONCALL = ("oncall by pagerduty", "oncall by slack")


def list_cells(document: dict[str, Any], alert: str) -> list[tuple[str, str, str, str]]:
    """Return the cells of an alert: hop, look, words and inbox."""
    (row,) = [row for row in document["matrix"]["rows"] if row["alert"] == alert]
    hops = document["matrix"]["hops"]
    return [(hops[hop], kind, state, inbox) for hop, kind, state, inbox, _ in row["cells"]]


def find_entry(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an alert of the list."""
    (entry,) = [entry for entry in document["entries"] if entry["name"] == name]
    return dict(entry)


def test_every_hop_of_every_integration_has_a_cell() -> None:
    """Also where nothing came, or nothing comes: slack is not told of ends."""
    document = describe_rehearsal(make_rehearsal())
    assert list_cells(document, "Paged") == [
        ("routed", "met", "routed", "oncall"),
        ("paged", "met", "paged", ONCALL[0]),
        ("reads well", "met", "as it has to", ONCALL[0]),
        ("page closed", "met", "closed", ONCALL[0]),
        ("paged", "met", "paged", ONCALL[1]),
        ("reads well", "met", "as it has to", ONCALL[1]),
        ("page closed", "none", "is not told of ends", ONCALL[1]),
    ]
    assert ("paged", "unmet", "not paged", ONCALL[1]) in list_cells(document, "Missing")
    assert ("reads well", "unmet", "misworded", ONCALL[0]) in list_cells(document, "Misworded")
    assert ("paged", "none", "suppressed", ONCALL[0]) in list_cells(document, "Muted")
    assert ("paged", "unobserved", "unobserved", ONCALL[1]) in list_cells(document, "Unseen")
    assert list_cells(document, "Nowhere") == [("routed", "unmet", "nobody is notified", "void")]
    assert list_cells(document, "Meant") == [("routed", "none", "notifies nobody", "void")]
    assert list_cells(document, "Left")[0] == ("routed", "warned", "by default only", "desk")


def test_what_is_wrong_stands_first() -> None:
    """In the matrix and in the list, then what was not seen, then what was suppressed."""
    document = describe_rehearsal(make_rehearsal())
    assert [entry["kind"] for entry in document["entries"]] == [
        *["unmet"] * 3, "unobserved", "none", *["met"] * 3,
    ]  # fmt: skip
    assert [row["alert"] for row in document["matrix"]["rows"]][:4] == [
        "Misworded", "Missing", "Nowhere", "Unseen",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "kind", "says", "code"),
    [
        ("Paged Meant", "met", "2 of 2 alerts page as they have to", 0),
        ("Paged", "met", "1 of 1 alert pages as it has to", 0),
        ("Paged Muted", "unobserved", "1 of 2 alerts pages as it has to, 1 suppressed", 0),
        ("Paged Unseen", "unobserved", "1 of 2 alerts could not be seen", 3),
        ("Missing Unseen", "unmet", "1 of 2 alerts does not page as it has to, 1 could not be seen", 1),
    ],
)
def test_the_verdict_is_one_sentence(names: str, kind: str, says: str, code: int) -> None:
    """Only where all was seen it is a tick; what is suppressed fails nothing, and proves nothing."""
    rows = [row for row in make_rows() if row.bound.name in names.split()]
    head = describe_rehearsal(make_rehearsal(rows))["head"]
    assert (head["kind"], head["outcome"]) == (kind, says)
    assert f"exit code {code}" in head["facts"]
    assert "a real Alertmanager 0.33.1" in head["believed"][0]


def test_an_alert_has_its_way_its_times_and_its_notifications() -> None:
    """With the route, how it is grouped, and what its receivers are shown."""
    entry = find_entry(describe_rehearsal(make_rehearsal()), "Paged")
    (leg,) = entry["legs"]
    pagerduty, slack = leg["inboxes"]
    assert leg["facts"][0] == ["route", 'route > {severity="page"}']
    assert pagerduty["paged"] == "within 0:20 (0.2 s)"
    assert pagerduty["closed"] == "within 0:50 (0.8 s)"
    assert slack["closed"] == "is not told of ends"
    assert pagerduty["card"]["parts"][0]["title"] == ["receivers"]
    assert entry["tokens"]["receiver"] == ["oncall"]
    assert entry["tokens"]["integration"] == ["pagerduty", "slack"]


def test_what_was_not_seen_is_named_with_its_reason() -> None:
    """The integration, and why nobody stood in for it; what suppressed an alert, too."""
    document = describe_rehearsal(make_rehearsal())
    assert find_entry(document, "Unseen")["why"] == "slack of oncall is not played: no template"
    assert find_entry(document, "Muted")["why"] == "muted by receivers"
    assert find_entry(document, "Left")["notes"] == [
        "No route takes it: it ends at the default receiver only."
    ]


def test_a_page_too_many_is_shown_beside_the_one_that_was_wanted() -> None:
    """It has a cell and a place of its own, and is wrong."""
    pages = make_page("pagerduty"), make_page("slack"), make_page("pagerduty")
    document = describe_rehearsal(make_rehearsal([make_row("Twice", "not paged", pages, "2 pages")]))
    assert ("paged", "unmet", "one too many", ONCALL[0]) in list_cells(document, "Twice")
    inboxes = find_entry(document, "Twice")["legs"][0]["inboxes"]
    assert [inbox["integration"] for inbox in inboxes] == ["pagerduty", "slack", "pagerduty"]


def test_what_no_alert_reaches_is_named_with_its_line() -> None:
    """Beside how much of each kind there is."""
    coverage = describe_rehearsal(make_rehearsal())["coverage"]
    assert coverage["counts"] == [["routes", 1, 2], ["receivers", 1, 1]]
    assert coverage["unreached"] == [["routes", "am.yml:4", "to receivers"]]


def make_long_row(number: int) -> Row:
    """Return an alert whose notifications are as long as a receiver takes them."""
    card = Card(service="slack", parts=[Part(title="t", text=Said(text="long " * 2000))] * 3)
    pages = [replace(make_page(name), card=card) for name in ("pagerduty", "slack")]
    return make_row(f"A{number}", "paged", tuple(pages))


def test_a_report_of_many_alerts_stays_below_two_megabytes() -> None:
    """Notifications that there is no room for are left out, and that is said; no alert is."""
    rehearsal = make_rehearsal([make_long_row(number) for number in range(400)])
    document = describe_rehearsal(rehearsal)
    assert len(render_html(rehearsal).encode()) < 2_000_000
    assert len(document["entries"]) == 400
    inboxes = [inbox for entry in document["entries"] for inbox in entry["legs"][0]["inboxes"]]
    assert inboxes[0]["card"]
    assert inboxes[-1]["card"] is None
    assert inboxes[-1]["left_out"]


def test_no_control_character_reaches_the_page() -> None:
    """What strangers wrote is text without anything that moves a cursor."""
    assert "\x1b" not in render_html(make_rehearsal(text="\x1b[31m"))
    assert "\\u001b" not in render_html(make_rehearsal(text="\x1b[31m"))


def test_an_integration_that_nobody_plays_is_unobserved_beside_pages_that_came() -> None:
    """By its name and with the reason, though the alert itself fails for another one."""
    row = make_row("Both", "not paged", (make_page("pagerduty"),), "pagerduty closed 0 pages")
    (leg,) = row.bound.destination.legs
    senders = leg.senders[0], replace(leg.senders[1], unplayed_because="no template")
    destination = replace(row.bound.destination, legs=(replace(leg, senders=senders),))
    document = describe_rehearsal(
        make_rehearsal([replace(row, bound=replace(row.bound, destination=destination))])
    )
    assert ("paged", "unobserved", "unobserved", ONCALL[1]) in list_cells(document, "Both")
    slack = find_entry(document, "Both")["legs"][0]["inboxes"][1]
    assert (slack["kind"], slack["why"]) == ("unobserved", "no template")
