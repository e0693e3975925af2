"""The HTML page and the data in it: complete, escaped, and allowed to ask for nothing.

How it is drawn, test_html_in_browser.py sees.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest
from support.paging_records import (
    EXERCISES,
    SUPPRESSED_SPANS,
    TROUBLES,
    build_paging_record,
    note_alerts,
    notify,
)
from support.poisoned_records import NASTY, poison
from support.report_documents import describe, find_alert, find_drill, list_texts, read_document, say_all
from support.report_records import build_record

from alertdrill.core.timeline import (
    PagingPath,
    RecordedStep,
    Stall,
)
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.reports import html
from alertdrill.reports.html.joining import SCRIPTS, STYLES, join_scripts, join_styles
from alertdrill.reports.html.pages import describe_pages


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


@pytest.fixture(scope="module")
def page() -> Reader:
    """Return a realistic run's page."""
    return Reader(html.render(build_record()))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return what a realistic run's page draws."""
    return describe(build_record())


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
    assert rules["img-src"] == "data:"
    assert not any("http" in rule for rule in rules.values())
    assert data.startswith('{"of":"run","head":')


def test_nothing_is_loaded(page: Reader) -> None:
    """No element names a file or an address to load, and no style does."""
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert "src" not in attributes
    assert not re.search(r"url\(|@import", join_styles())


def test_every_module_is_joined_and_finds_what_it_imports() -> None:
    """No file of the page is forgotten, and what a module imports another one before it exports."""
    folder = resources.files("alertdrill.reports.html").joinpath("page")
    names = {file.name for file in folder.iterdir()}
    assert names == {f"{name}.js" for name in SCRIPTS} | set(STYLES)
    exported: dict[str, set[str]] = {}
    for name in SCRIPTS:
        text = folder.joinpath(f"{name}.js").read_text()
        for imported, module in re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', text, re.MULTILINE):
            assert {one.strip() for one in imported.split(",")} <= exported[module], f"{name} of {module}"
        exported[name] = set(re.findall(r"^export (?:function|const) (\w+)", text, re.MULTILINE))
        assert text.count("import {") == len(re.findall(r"^import \{", text, re.MULTILINE))
    assert not re.search(r"^(import|export) ", join_scripts(), re.MULTILINE)


def test_the_script_writes_texts_as_text_only() -> None:
    """No module has a way from text to markup, but for the frame of a mail."""
    written = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc", join_scripts()
    )
    assert written == ["srcdoc"]


def test_page_tells_everything(document: dict[str, Any]) -> None:
    """Outcome, drills, expectations, hops, evidence, rules, engines, notes and logs are there."""
    record = build_record()
    text = say_all(document)
    assert document["head"]["outcome"] == "3 of 18 drills not met"
    for verdict in record.verdicts:
        drill = find_drill(document, verdict.drill)
        for finding, said in zip(verdict.findings, drill["findings"], strict=True):
            assert said["evidence"] == finding.evidence.splitlines()
    assert "fires between 1:00 and 20:00, pages metis-ticket, resolves by 15:00" in text
    hops = [hop[:2] for drill in document["drills"] for one in drill["findings"] for hop in one["hops"]]
    for hop in (["pending", 165], ["firing", 465], ["paged", 506], ["resolved", 1110], ["page closed", 1162]):
        assert hop in hops
    for rule in record.rules:
        (shown,) = find_alert(document, rule.name)["rules"]
        assert (shown["expr"], shown["source"]) == (rule.expr, rule.source)
        assert ["summary", rule.annotations["summary"]] in shown["rows"]
    for name, words in [*record.timeline.engines.items(), *record.notes.items()]:
        assert [name, words] in document["facts"]
    assert document["logs"] == list(record.logs)


def test_a_drill_that_failed_says_at_which_hop_it_stopped(document: dict[str, Any]) -> None:
    """The sentence names the hop, and what was seen there instead; a met drill has none."""
    stopped = {
        finding["stopped"]
        for drill in document["drills"]
        for finding in drill["findings"]
        if drill["kind"] == "unmet"
    }
    never = "never fired; the rule's value reached 90% of its threshold"
    assert f"It stopped at the hop “firing”: {never}" in stopped
    assert len(stopped) == 3
    met = [one for drill in document["drills"] if drill["kind"] == "met" for one in drill["findings"]]
    assert {finding["stopped"] for finding in met} == {""}


def test_a_drill_shows_what_it_sent_and_how_it_is_repeated(document: dict[str, Any]) -> None:
    """Rates over time, whose behaviour changes, and commands that can be pasted."""
    drill = find_drill(document, "metis-auth-scan-fires")
    warm_up, scan = drill["sent"]
    assert (warm_up["name"], warm_up["scenario"], warm_up["from"]) == ("warm-up", "steady", -60)
    assert scan["stages"][0][1] == 2.0
    assert ["hold it again", "alertdrill run metis-auth-scan-fires --speed 60"] in drill["commands"]


def test_a_replay_is_repeated_by_a_replay() -> None:
    """It names the folder of recordings that it was judged on."""
    record = build_record()
    timeline = replace(record.timeline, mode="replay")
    replayed = replace(record, timeline=timeline, notes={"recordings": "my records, of 2026 at commit 1"})
    commands = dict(describe(replayed)["drills"][0]["commands"])
    name = record.verdicts[0].drill
    assert commands["judge it again"] == f"alertdrill run {name} --replay 'my records'"


def test_hostile_text_stays_text() -> None:
    """Whatever a label, a name or a sentence holds, the page has the same elements and scripts."""
    page = html.render(poison(build_record()))
    poisoned = Reader(page)
    assert len(poisoned.scripts) == 3
    assert not any(tag == "img" or "onerror" in attributes for tag, attributes in poisoned.elements)
    assert "\x1b" not in page
    assert "<" not in poisoned.scripts[0]
    texts = list(list_texts(read_document(page)))
    assert not any("\x1b" in text for text in texts)
    said = NASTY.replace("\x1b", "\\x1b")
    assert sum(said in text for text in texts) > 40


@pytest.mark.parametrize(
    ("doubts", "headline"), [((), "3 of 18 drills not met"), (("late",), "No verdict can be trusted")]
)
def test_headline(doubts: tuple[str, ...], headline: str) -> None:
    """The headline says how the run came out, doubts before all else, and why it can be believed or not."""
    page = html.render(replace(build_record(), doubts=doubts))
    head = read_document(page)["head"]
    (found,) = re.findall(r"<h1>(.*)</h1>", page)
    assert found == head["outcome"] == headline
    assert head["doubts"] == list(doubts)
    assert any("The clock kept time" in reason for reason in head["believed"]) == (not doubts)


def test_no_drill_of_a_doubted_run_has_a_tick_or_a_cross() -> None:
    """Where no verdict can be trusted, each says what it would be, and that nobody can tell."""
    drills = describe(replace(build_record(), doubts=("late",)))["drills"]
    assert {drill["kind"] for drill in drills} == {"unobserved"}
    assert all(drill["outcome"].startswith("would be ") for drill in drills)
    said = {finding["outcome"] for drill in drills for finding in drill["findings"]}
    assert said >= {"would be met", "would be missing", "unobserved"}


def test_what_nobody_asked_for_is_there() -> None:
    """An alert that no drill expects is in the list, although it has no rule and no drill."""
    finding = Finding(
        outcome="unexpected",
        alert="Surprise",
        labels={},
        expectation=None,
        observed={"firing": 61},
        evidence="e",
    )
    record = build_record()
    document = describe(replace(record, verdicts=(Verdict(drill="(unasked)", findings=(finding,)),)))
    drill = find_drill(document, "(unasked)")
    assert (drill["kind"], drill["from"]) == ("unmet", None)
    assert drill["findings"][0]["stopped"] == "Nobody expected it: e"
    assert drill["findings"][0]["hops"] == [["firing", 61, ""]]
    assert find_alert(document, "Surprise")["rules"] == []


@pytest.fixture(scope="module")
def paging() -> dict[str, Any]:
    """Return what the page of a run of drills on the paging path draws."""
    return describe(build_paging_record())


def test_pages_are_told_as_text(paging: dict[str, Any]) -> None:
    """Troubles, what each receiver got and how fast, and all that stood in an incident can be read."""
    pages = paging["pages"]
    text = say_all(pages)
    assert TROUBLES[0] in pages["troubles"]
    inboxes = {(one["receiver"], one["integration"]): one for one in pages["inboxes"]}
    oncall, mail = inboxes["oncall", "pagerduty"], inboxes["mail", "email"]
    assert (oncall["opened"], oncall["closed"], oncall["refused"]) == (3, 3, 0)
    assert oncall["paged"] == ["0:36/0.60 s", "1:00/1.00 s"]
    assert (mail["opened"], mail["closed"], mail["refused"]) == (1, 1, 3)
    assert mail["paged"] == ["9:00/9.00 s", "9:00/9.00 s"]
    (alpha,) = [
        one for one in pages["incidents"] if one["title"] == "alpha is down" and one["receiver"] == "oncall"
    ]
    assert (alpha["integration"], alpha["from"], alpha["until"]) == ("pagerduty", 336, 1242)
    assert len(alpha["notifications"]) == 3
    assert '{alertname="PagingModelDown"}' in {one["grouped"] for one in pages["incidents"]}
    updated = [
        one
        for incident in pages["incidents"]
        for one in incident["notifications"]
        if one["effect"] == "updated"
    ]
    assert (986, "202") in {(one["at"], one["answer"]) for one in updated}
    same = [one for incident in pages["incidents"] for one in incident["notifications"] if one.get("same")]
    assert len(same) == 1, "the repeat"
    words = " ".join(text.split())
    assert "alpha answers nobody, for 6 minutes now. Runbook: runbook.md#pagingmodeldown" in words
    (refused,) = [one for one in pages["refused"] if one["at"] == 640]
    assert (refused["effect"], refused["answer"]) == ("refused by mail email", "421")
    assert "the receiver was told to refuse" in refused["wrong"]
    assert 'PagingModelDown{model="model-04"} firing\nand 35 more' in text
    assert "model-05" not in text


def test_drills_tell_of_the_paging_path(paging: dict[str, Any]) -> None:
    """They have what receivers must be told, what was suppressed, and how long page and close took."""
    text = say_all(paging["drills"])
    assert "slack of chat: text matches /for \\d+ minutes/, 0 attempts refused" in text
    assert 'is suppressed by a silence of {model="beta"} until 25:00' in text
    (silenced,) = find_drill(paging, "paging-silenced")["findings"]
    assert ["paged", 1530, "+18:30/18.50 s"] in silenced["hops"]
    assert silenced["held"] == ['silenced 7:00 to 25:00 by a silence of {model="beta"}']
    assert "email of mail 2 and 3 refused" in text
    for exercise in EXERCISES:
        assert exercise.evidence in text


def test_a_drill_leads_to_the_notifications_about_it(paging: dict[str, Any]) -> None:
    """Those of its own alert, while it was held."""
    (critical,) = find_drill(paging, "paging-critical")["findings"]
    own = [one for one in paging["pages"]["incidents"] if one["id"] in critical["incidents"]]
    assert {(one["receiver"], one["integration"]) for one in own} == {
        ("oncall", "pagerduty"),
        ("chat", "slack"),
    }
    assert all("alpha" in say_all(one["notifications"]) for one in own)


def test_what_held_an_alert_back_is_told(paging: dict[str, Any], document: dict[str, Any]) -> None:
    """Beside an alert's own plot stands what held it back."""
    held = say_all([alert["held"] for alert in paging["alerts"]])
    assert '{provider="openai", model="beta"} silenced 7:00 to 25:00 by a silence of {model="beta"}' in held
    assert 'inhibited 5:45 to 19:30 by PagingModelDown{model="alpha"}' in held
    assert held.count("silenced 7:00 to 25:00") == 1, "under its own alert only"
    assert not any(alert["held"] for alert in document["alerts"])


def test_what_alertmanager_recorded_is_told_with_the_drill() -> None:
    """What it does again and again is one line; what it did for others is none."""
    record = build_paging_record()
    labels = {"provider": "openai", "model": "alpha"}
    step = RecordedStep(kind="grouped", at_s=300, alert="PagingModelDown", labels=labels, receiver="oncall")
    steps = (
        *(replace(step, at_s=300 + 75 * number) for number in range(9)),
        replace(step, kind="notified", at_s=336, by={"integration": "pagerduty"}),
        replace(step, labels={"model": "gamma"}),
    )
    paging = replace(record.timeline.paging, recorded=steps)
    document = describe(replace(record, timeline=replace(record.timeline, paging=paging)))
    (critical,) = find_drill(document, "paging-critical")["findings"]
    assert critical["steps"] == [
        "5:00 to 15:00 grouped for oncall, 9 times", "5:36 notified for oncall by pagerduty",
    ]  # fmt: skip


def test_run_without_pages_has_none(document: dict[str, Any]) -> None:
    """Where no pager told of notifications, nothing is said of them."""
    assert (
        document["pages"]["inboxes"] == document["pages"]["incidents"] == document["pages"]["troubles"] == []
    )


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
    timeline = replace(record.timeline, paging=paging)
    document = describe(replace(record, timeline=timeline))
    pages = document["pages"]
    assert (len(pages["incidents"]), pages["incidents_more"]) == (300, 11)
    assert (len(pages["incidents"][0]["notifications"]), pages["incidents"][0]["more"]) == (20, 12)
    assert [(len(alert["held"]), alert["held_more"]) for alert in document["alerts"] if alert["held"]] == [
        (20, 5)
    ]
    newest = describe_pages(timeline, goes_on=True)["incidents"]
    assert [newest[0]["id"], newest[-1]["id"]] == ["i12", "i311"], "what still grows shows what is new"
    text = say_all(document)
    assert "x" * 4000 + "…" in text
    assert "x" * 4001 not in text


def test_the_timeline_has_what_happened_in_the_whole_run() -> None:
    """Firing bands and pages with their system, stalls and what was appended."""
    record = build_record()
    timeline = replace(record.timeline, stalls=(Stall(part="gateway", from_s=60, until_s=90),))
    shown = describe(replace(record, timeline=timeline, appended=((4000.0, 4200.0),)))["timeline"]
    fired = [event for event in record.timeline.events if event.kind == "firing"]
    paged = [event for event in record.timeline.events if event.kind in {"paged", "page_resolved"}]
    assert shown["systems"] == ["metis"]
    assert sorted(one[2] for one in shown["firing"]) == sorted(round(event.at_s, 1) for event in fired)
    assert all(from_s < until_s for *_, from_s, until_s in shown["firing"])
    assert len(shown["pages"]) == len(paged) > 0
    assert shown["stalls"] == [["gateway", 60, 90]]
    assert shown["appended"] == [[4000, 4200]]
