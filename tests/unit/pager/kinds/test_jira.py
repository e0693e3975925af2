"""What Jira's REST API takes, as Alertmanager calls it: a search, an issue, a transition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.receiver_requests import RECEIVER, RESOLVED_TEXT_TAG, TEXT_TAG, TOKEN, answer, open_inbox

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, Known
from alertdrill.alertmanager.receivers.jira import JIRA
from alertdrill.alertmanager.receivers.kind import Request
from alertdrill.alertmanager.target import Target
from alertdrill.core.clock import Clock
from alertdrill.pager.intake import Desk
from alertdrill.pager.rule_time import RuleTime

ADDRESS = Address(receiver=RECEIVER, integration="jira")
GROUP = "ALERT{0a1b}"
STATED = {"resolve_transition": "Done & closed", "reopen_transition": "Reopen"}
SEARCH = f'statusCategory != Done and project="OPS" and labels="{GROUP}" order by status ASC'
REOPENING = SEARCH.replace("statusCategory != Done", "(resolutiondate is EMPTY OR resolutiondate >= -60m)")
TARGET = Target(
    url="https://pager", smarthost="", ca_file="", token_file="", token=TOKEN, templates_folder=""
)
SLOW = {"type": "text", "text": "slow"}
PARAGRAPHS = [[{"type": "text", "text": "very "}, SLOW], [{"type": "text", "text": "again"}]]
DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": texts} for texts in PARAGRAPHS],
}


def make_request(method: str, rest: str, version: str = "2") -> Request:
    """Return a call of the API, as the redirected config leads it."""
    stated = {**STATED, "api_url": f"https://jira.example/rest/api/{version}"}
    path = JIRA.point(stated, ADDRESS, TARGET)["api_url"].removeprefix(TARGET.url)
    return Request(method=method, path=f"{path}/{rest}", headers={"authorization": f"Bearer {TOKEN}"})


def call(method: str, rest: str, body: Any = None, version: str = "2") -> Attempt:
    """Return what a call says."""
    return open_inbox("jira", make_request(method, rest, version)).read(json.dumps(body).encode())


def make_issue(tag: str = TEXT_TAG, **changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends to create an issue; None takes a field away."""
    fields = {
        "project": {"key": "OPS"},
        "issuetype": {"name": "Alert"},
        "summary": "it is slow",
        "description": "very",
        "labels": [GROUP, tag, "alertmanager"],
        "priority": {"name": "High"},
    } | changes
    return {"fields": {name: value for name, value in fields.items() if value is not None}}


def read_found(attempt: Attempt, known: Known | None) -> list[Mapping[str, Any]]:
    """Return the issues that a search finds."""
    assert not isinstance(attempt.answer, Answer)
    body = attempt.answer(known).body
    assert not isinstance(body, str)
    found: list[Mapping[str, Any]] = body["issues"]
    return found


def test_an_issue_is_created_with_a_key_of_its_group() -> None:
    """Summary and description are title and text, and the tag is taken out of the labels."""
    attempt = call("POST", "issue", make_issue())
    assert isinstance(attempt.answer, Answer)
    assert not isinstance(attempt.answer.body, str)
    assert attempt.answer.status == 201
    assert attempt.answer.body["key"] == attempt.key == call("POST", "search", {"jql": SEARCH}).key
    assert str(attempt.key).startswith("OPS-")
    assert (attempt.does, attempt.title, attempt.text) == ("trigger", "it is slow", "very")
    assert attempt.payload["fields"]["labels"] == [GROUP, "alertmanager"]
    assert attempt.group_labels == {"alertname": "Slow"}


@pytest.mark.parametrize("rest", ["search", "search/jql"])
def test_a_search_finds_the_issue_that_is_open(rest: str) -> None:
    """One that is closed is found only if it may be reopened, for as long as the config says in rule time."""
    search, again = call("POST", rest, {"jql": SEARCH}), call("POST", rest, {"jql": REOPENING})
    assert read_found(search, None) == []
    (found,) = read_found(search, Known(is_open=True))
    assert (found["key"], found["fields"]["status"]["statusCategory"]["key"]) == (search.key, "indeterminate")
    assert read_found(search, Known(is_open=False)) == []
    (closed,) = read_found(again, Known(is_open=False, closed_for_s=3600.0))
    assert closed["fields"]["status"]["statusCategory"]["key"] == "done"
    assert read_found(again, Known(is_open=False, closed_for_s=3601.0)) == []


def test_the_transitions_are_those_of_the_config() -> None:
    """Their names come through the path, whatever characters they have."""
    attempt = call("GET", "issue/OPS-1/transitions")
    assert isinstance(attempt.answer, Answer)
    assert attempt.answer.body == {
        "transitions": [{"id": "1", "name": "Done & closed"}, {"id": "2", "name": "Reopen"}]
    }


def test_an_issue_is_edited_then_resolved_then_opened_again() -> None:
    """The whole way of a group, as the pager keeps it: one issue, an incident for each time it is open."""
    rule_time = RuleTime(60.0)
    rule_time.change(Clock(speed=60.0, origin_s=1.0))
    desk = Desk(rule_time)
    key = call("POST", "issue", make_issue()).key

    def take(method: str, rest: str, body: Any = None) -> int:
        said = desk.take(ADDRESS, call(method, rest, body))
        assert isinstance(said, Answer)
        return said.status

    assert take("POST", "search", {"jql": SEARCH}) == 200
    assert take("POST", "issue", make_issue()) == 201
    assert take("PUT", f"issue/{key}", make_issue(summary="it is slower")) == 204
    assert take("PUT", f"issue/{key}", make_issue(tag=RESOLVED_TEXT_TAG, summary="it was slow")) == 204
    assert take("GET", f"issue/{key}/transitions") == 200
    assert take("POST", f"issue/{key}/transitions", {"transition": {"id": "1"}}) == 204
    found = desk.take(ADDRESS, call("POST", "search", {"jql": REOPENING}))
    assert isinstance(found, Answer)
    assert not isinstance(found.body, str)
    assert [issue["key"] for issue in found.body["issues"]] == [key]
    assert take("PUT", f"issue/{key}", make_issue()) == 204
    assert take("POST", f"issue/{key}/transitions", {"transition": {"id": "2"}}) == 204
    told = [(one["effect"], one["status"], one["title"]) for one in desk.journal.list_notifications()]
    assert told == [
        ("opened", "firing", "it is slow"),
        ("updated", "firing", "it is slower"),
        ("closed", "resolved", "it was slow"),
        ("opened", "firing", "it is slow"),
    ]
    assert [one["status"] for one in desk.journal.list_incidents()] == ["closed", "open"]
    (alert,) = desk.journal.list_notifications()[2]["alerts"]
    assert alert["status"] == "resolved"


@pytest.mark.parametrize(
    ("issue", "version", "why"),
    [
        (make_issue(project=None), "2", "project: Specify a valid project"),
        (make_issue(issuetype={}), "2", "issuetype: Specify an issue type"),
        (make_issue(summary=" "), "2", "summary: You must specify a summary"),
        (make_issue(summary="s" * 256), "2", "summary: Summary can't exceed 255 characters."),
        (make_issue(summary="a\nb"), "2", "summary: The summary is invalid because it contains newline"),
        (make_issue(description="d" * 32_768), "2", "description: The entered text is too long"),
        (make_issue(description=DOCUMENT), "2", "description: Operation value must be a string"),
        (make_issue(description="very"), "3", "description: Operation value must be an Atlassian Document"),
        (make_issue(labels=[GROUP, "too slow"]), "2", "labels: The label 'too slow' contains spaces"),
        (make_issue(labels=["l" * 256]), "2", "labels: A label is a text of at most 255 characters."),
    ],
)
def test_an_issue_that_breaks_the_contract_names_its_fields(issue: Any, version: str, why: str) -> None:
    """It is answered 400 with what is wrong with each."""
    attempt = call("POST", "issue", issue, version)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert answer(attempt).status == 400
    assert why.partition(":")[0] in body["errors"]
    assert attempt.why.startswith(why)


def test_version_3_shows_the_texts_of_a_document() -> None:
    """A line for each of its blocks."""
    attempt = call("POST", "issue", make_issue(description=DOCUMENT), "3")
    assert attempt.refusal is None
    assert attempt.text == "very slow\nagain"


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("POST", "search", {"jql": "project = OPS"}),
        ("POST", "issue/OPS-1/transitions", {"transition": {"id": "9"}}),
        ("POST", "issue", []),
    ],
)
def test_what_jira_cannot_do_is_a_bad_request(method: str, rest: str, body: Any) -> None:
    """A query without a group, a transition that is none, and what is no object."""
    attempt = call(method, rest, body)
    said = answer(attempt).body
    assert not isinstance(said, str)
    assert answer(attempt).status == 400
    assert said["errorMessages"]


@pytest.mark.parametrize(("method", "rest"), [("POST", "user"), ("PUT", "issue"), ("GET", "issue/OPS-1")])
def test_the_rest_of_the_api_is_no_inbox(method: str, rest: str) -> None:
    """The pager stands in for what Alertmanager calls only."""
    with pytest.raises(ValueError, match="nothing of Jira"):
        open_inbox("jira", make_request(method, rest))


def test_the_pagers_token_opens_it() -> None:
    """Another authorization does not."""
    request = make_request("POST", "issue")
    assert open_inbox("jira", request).is_open
    assert not open_inbox("jira", replace(request, headers={"authorization": "Basic x"})).is_open


@pytest.mark.parametrize(
    ("stated", "version", "api_type"),
    [
        ({"api_url": "https://team.atlassian.net/rest/api/3"}, "3", "cloud"),
        ({"api_url": "https://team.atlassian.net/rest/api/2/"}, "2", "cloud"),
        ({"api_url": "https://team.atlassian.net/rest/api/2", "api_type": "datacenter"}, "2", None),
        ({"api_url": "https://jira.example/rest/api/2"}, "2", None),
    ],
)
def test_a_site_in_the_cloud_stays_one(stated: dict[str, str], version: str, api_type: str | None) -> None:
    """Alertmanager knows it by its host, and the version by the end of the path; neither is lost."""
    pointed = JIRA.point(stated, ADDRESS, TARGET)
    assert pointed["api_url"].startswith("https://pager/jira/")
    assert pointed["api_url"].endswith(f"/rest/api/{version}")
    assert pointed.get("api_type") == api_type
