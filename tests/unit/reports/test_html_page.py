"""The HTML page as text: complete, escaped, and allowed to ask for nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from support.paging_records import (
    EXERCISES,
    SUPPRESSED_SPANS,
    TROUBLES,
    build_paging_record,
    note_alerts,
    notify,
)
from support.report_records import build_record

from alertdrill.core.card import Card, Part, Said
from alertdrill.core.drill import LoadProfile, LoadStage, Placement
from alertdrill.core.expectation import Delivery, Expectation, Suppressed, Text
from alertdrill.core.timeline import Curve, Event, NotifiedAlert, PagingPath, SuppressedSpan
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.reports import RunRecord, html

NASTY = "</script><script>alert(1)</script><img src=http://x.invalid onerror=alert(1)>\"'\x1b"


class Reader(HTMLParser):
    """Collects a page's elements, its scripts, and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's signature
        """Leave an element."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Note text, or the body of a script."""
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data


def _poison(record: RunRecord) -> RunRecord:
    """Put hostile text wherever a run's own text can stand."""
    expectation = Expectation(
        alert=NASTY,
        labels={"l": NASTY},
        fires_within_s=1,
        receiver=NASTY,
        resolves_within_s=2,
        suppressed=Suppressed(why="muted", until_s=5, by={"interval": NASTY}),
        deliveries=(Delivery(receiver=NASTY, title=Text(how="regex", text=NASTY)),),
    )
    notification = replace(
        notify(1, 5, receiver=NASTY, title=NASTY, text=NASTY, incident=NASTY, effect="opened"),
        alerts=(NotifiedAlert(alert=NASTY, labels={"l": NASTY}, status="firing"),),
        answer=NASTY,
        group_key=NASTY,
        group_labels={NASTY: NASTY},
        card=Card(service=NASTY, page=NASTY, parts=[Part(title=NASTY, url=NASTY, text=Said(text=NASTY))]),
    )
    span = SuppressedSpan(
        alert=NASTY, labels={"l": NASTY}, why="inhibited", by={"alertname": NASTY}, since_s=1, until_s=4
    )
    drill = replace(
        record.placements[0].drill,
        name=NASTY,
        why=NASTY,
        expects=(expectation,),
        traffic=(
            LoadProfile(
                name=NASTY, scenario=NASTY, start_s=0, stages=(LoadStage(duration_s=60, rate_per_s=1),)
            ),
        ),
    )
    finding = Finding(
        outcome="late", alert=NASTY, labels={"l": NASTY}, expectation=expectation, observed={}, evidence=NASTY
    )
    rule = replace(
        record.rules[0],
        name=NASTY,
        expr=NASTY,
        labels={NASTY: NASTY},
        annotations={"summary": NASTY},
        group=NASTY,
        source=NASTY,
    )
    return replace(
        record,
        placements=(Placement(drill=drill, start_s=0),),
        verdicts=(Verdict(drill=NASTY, findings=(finding,)),),
        rules=(rule,),
        timeline=replace(
            record.timeline,
            mode=NASTY,
            engines={NASTY: NASTY},
            events=(Event(at_s=5, kind="paged", alert=NASTY, labels={"l": NASTY}, receiver=NASTY),),
            curves=(Curve(alert=NASTY, labels={"l": NASTY}, op=">", threshold=1, points=((0, 1), (5, 2))),),
            paging=PagingPath(
                notifications=(notification, replace(notification, number=2, is_accepted=False, why=NASTY)),
                suppressed=(span,),
                troubles=(NASTY,),
            ),
        ),
        doubts=(NASTY,),
        notes={NASTY: NASTY},
        logs=(NASTY, "javascript:alert(1)"),
    )


@pytest.fixture(scope="module")
def page() -> Reader:
    """Return a realistic run's page."""
    return Reader(html.render(build_record()))


def test_every_script_is_allowed_by_its_hash_and_no_request_is(page: Reader) -> None:
    """The policy allows the page's own scripts alone, and nothing from the network."""
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    data, *code = page.scripts
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in code
    }
    assert rules["default-src"] == "'none'"
    assert set(rules["script-src"].split()) == hashes
    assert rules["img-src"] == "data: blob:"
    assert not any("http" in rule for rule in rules.values())
    assert data.startswith('{"plot-0":')


def test_nothing_is_loaded(page: Reader) -> None:
    """No element names a file or an address to load; links go to anchors and to logs beside the page."""
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert "src" not in attributes
        if tag == "a":
            assert re.match(r"#plot-\d+-alert$|logs/", attributes["href"] or "")


def test_page_tells_everything(page: Reader) -> None:
    """Outcome, drills, expectations, hops, evidence, rules, engines, notes and logs are there as text."""
    record = build_record()
    text = " ".join(page.text.split())
    assert "3 of 18 drills not met" in text
    for verdict in record.verdicts:
        assert verdict.drill in text
        for finding in verdict.findings:
            assert finding.evidence in text
    assert "fires between 1:00 and 20:00, pages metis-ticket, resolves by 15:00" in text
    for hop in ("pending 2:45", "firing 7:45", "paged 8:26", "resolved 18:30", "page closed 19:22"):
        assert hop in text
    for rule in record.rules:
        assert " ".join(rule.expr.split()) in text
        assert rule.source in text
        assert rule.annotations["summary"] in text
    for name, words in [*record.timeline.engines.items(), *record.notes.items()]:
        assert f"{name}{words}" in page.text
    for log in record.logs:
        assert log in text


def test_hostile_text_stays_text() -> None:
    """Whatever a label, a name or a sentence holds, the page has the same elements and scripts."""
    poisoned = Reader(html.render(_poison(build_record())))
    assert len(poisoned.scripts) == 3
    assert not any(tag == "img" or "onerror" in attributes for tag, attributes in poisoned.elements)
    assert "alert(1)</script>" in poisoned.text
    assert "\x1b" not in html.render(_poison(build_record())).split('id="figures"')[0]
    assert "<" not in poisoned.scripts[0]
    hrefs = [attributes["href"] or "" for tag, attributes in poisoned.elements if tag == "a"]
    assert "javascript%3Aalert%281%29" in hrefs
    assert all(unescape(href).startswith(("#", "javascript%3A", "%3C/script%3E")) for href in hrefs)


@pytest.mark.parametrize(
    ("doubts", "headline"), [((), "3 of 18 drills not met"), (("late",), "No verdict can be trusted")]
)
def test_headline(doubts: tuple[str, ...], headline: str) -> None:
    """The headline says how the run came out, doubts before all else."""
    text = html.render(replace(build_record(), doubts=doubts))
    (found,) = re.findall(r"<h1[^>]*><span[^>]*>.</span>(.*)</h1>", text)
    assert found == headline
    assert ("Why the clock is doubted" in text) == bool(doubts)


def test_no_row_of_a_doubted_run_has_a_tick_or_a_cross() -> None:
    """Where no verdict can be trusted, each row says what it would be, and that nobody can tell."""
    text = html.render(replace(build_record(), doubts=("late",)))
    cells = re.findall(r'<td class="outcome-cell (\w+)"><span class="mark">(.)</span>([\w ]+)</td>', text)
    assert {(kind, mark) for kind, mark, _ in cells} == {("unobserved", "?")}
    assert {words for *_, words in cells} >= {"would be met", "would be missing", "unobserved"}


def test_what_nobody_asked_for_has_a_row() -> None:
    """An alert that no drill expects is in the table, although it has no rule and no drill."""
    finding = Finding(
        outcome="unexpected",
        alert="Surprise",
        labels={},
        expectation=None,
        observed={"firing": 61},
        evidence="e",
    )
    record = build_record()
    page = Reader(html.render(replace(record, verdicts=(Verdict(drill="(unasked)", findings=(finding,)),))))
    text = " ".join(page.text.split())
    assert "unexpected(unasked)" in text.replace(" ", "")
    assert "Times count from the start of the run." in text
    assert "firing 1:01" in text


def test_rule_that_the_run_is_not_about_has_no_plot() -> None:
    """A rule of which nothing was seen is shown without a plot, and says so."""
    record = build_record()
    idle = replace(record.rules[0], name="Idle")
    page = Reader(html.render(replace(record, rules=(idle,), placements=(), verdicts=(),
        timeline=replace(record.timeline, events=(), curves=()))))  # fmt: skip
    assert "nothing was seen of it" in page.text
    assert not any(attributes.get("class") == "plot" for _, attributes in page.elements)


@pytest.fixture(scope="module")
def paging_page() -> Reader:
    """Return the page of a run of drills on the paging path."""
    return Reader(html.render(build_paging_record()))


def _say(page: Reader) -> str:
    return " ".join(page.text.split())


def test_pages_are_told_as_text(paging_page: Reader) -> None:
    """Troubles, what each receiver got and how fast, and all that stood in an incident can be read."""
    text = _say(paging_page)
    assert TROUBLES[0] in text
    assert "oncall pagerduty330" in text
    assert "0:36/0.60 s max 1:00/1.00 s" in text
    assert "mail email1139:00/9.00 s max 9:00/9.00 s" in text
    assert "alpha is down oncall · pagerduty · 5:36 to 20:42 · 3 notifications" in text
    assert 'grouped by {alertname="PagingModelDown"}' in text
    assert "16:26 updated, answer 202" in text
    assert text.count("the same words again") == 1, "the repeat"
    assert "alpha answers nobody, for 6 minutes now. Runbook: runbook.md#pagingmodeldown" in text
    assert "10:40 refused by mail email, answer 421: the receiver was told to refuse" in text
    assert 'PagingModelDown{model="model-04"} firingand 35 more' in text
    assert "model-05" not in text.split("What the alerts did")[0]


def test_verdicts_tell_of_the_paging_path(paging_page: Reader) -> None:
    """The table has what receivers must be told, what was suppressed, and how long page and close took."""
    text = _say(paging_page)
    assert "slack of chat: text matches /for \\d+ minutes/, 0 attempts refused" in text
    assert "is suppressed by a silence of {model=&quot;beta&quot;} until 25:00" in html.render(
        build_paging_record()
    )
    assert "firing 7:00 silenced 7:00 to 25:00paged 25:30 +18:30/18.50 sresolved 35:00" in text
    assert "notified: email of mail 2 and 3 refused" in text
    assert "rule time/wall time since the alert fired or resolved." in text
    for exercise in EXERCISES:
        assert exercise.evidence in text


def test_what_held_an_alert_back_is_told_and_explained(paging_page: Reader, page: Reader) -> None:
    """Beside a plot stands what held the alert back, and the key has what there was, and no more."""
    text = _say(paging_page)
    assert '{provider="openai", model="beta"} silenced 7:00 to 25:00 by a silence of {model="beta"}' in text
    assert 'inhibited 5:45 to 19:30 by PagingModelDown{model="alpha"}' in text
    heading = text.index("What the alerts did")
    assert text[heading:].count("silenced 7:00 to 25:00") == 1, "under its own alert only"
    swatches = {attributes.get("class") for tag, attributes in paging_page.elements if tag == "span"}
    assert {"swatch silenced", "swatch inhibited", "swatch refused"} <= swatches
    assert "swatch muted" not in swatches
    assert "swatch silenced" not in {attributes.get("class") for _, attributes in page.elements}
    assert "What suppressed it" not in page.text


def test_run_without_pages_has_no_section_for_them(page: Reader) -> None:
    """Where no pager told of notifications, nothing is said of them."""
    assert not any(attributes.get("id") in {"pages", "plot-pages"} for _, attributes in page.elements)


def test_what_is_too_much_is_cut_and_counted() -> None:
    """A storm of incidents, notifications, spans and long texts leaves a page of bounded size."""
    record = build_paging_record()
    alerts = note_alerts("PagingModelDown", ({"zone": "a"},))
    storm = [
        notify(
            number, number, alerts=alerts, title="t", text="x" * 9000, incident=f"i{number}", effect="opened"
        )
        for number in range(1, 312)
    ]
    repeats = [
        notify(400 + number, 400 + number, alerts=alerts, incident="i1", effect="updated")
        for number in range(31)
    ]
    held = tuple(replace(SUPPRESSED_SPANS[0], labels={"n": str(number)}) for number in range(25))
    paging = PagingPath(notifications=(*storm, *repeats), suppressed=held)
    text = _say(Reader(html.render(replace(record, timeline=replace(record.timeline, paging=paging)))))
    assert "11 more are in timeline.json." in text
    assert text.count(" updated, answer") == 19, "and the notification that opened it"
    assert "12 more are in timeline.json." in text
    assert "5 more are in timeline.json." in text, "of 25 spans"
    assert f"{311 - 16} more incidents, open at the same time as those drawn, are left out" in text
    assert "x" * 4000 + "…" in text
    assert "x" * 4001 not in text
