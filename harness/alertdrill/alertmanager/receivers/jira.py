"""Jira: its section of a config, and the issues of its REST API, versions 2 and 3. Pure.

Formats and bounds: Atlassian's reference of the REST API, "Issues", "Issue search" and "Transitions". For
each notification Alertmanager searches for the group's issue, then creates or edits it, and at the end looks
for the transition that resolves it. An issue is named after its group, so only incidents have to be kept.
Which transitions there are a project's workflow says; the inbox's path has the names that the config states.
The tag is a label.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from alertdrill.alertmanager.addresses import TEXT_TAG, Address
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    Known,
    Told,
    as_text,
    parse_object,
    take_text_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
    make_bearer_inbox,
)
from alertdrill.alertmanager.receivers.showing import as_object, list_facts, say
from alertdrill.alertmanager.schema import ADDRESS, FLAG, OPEN, OPTIONAL, SECRET, TEXT, TEXTS, Fields, MapOf
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part, Said

MAX_SUMMARY_CHARACTERS = 255
MAX_DESCRIPTION_CHARACTERS = 32_767
MAX_LABEL_CHARACTERS = 255
RESOLVE, REOPEN = "1", "2"
"""The ids of the transitions that the config states."""
_CLOUD = ".atlassian.net"
_PATH = re.compile(r"(/jira/[^/]+/[0-9]+)/resolve=([^/]*)/reopen=([^/]*)/rest/api/([23])/(.+)")
_ISSUE = re.compile(r"issue/([^/]+?)(/transitions)?")
_GROUP = re.compile(r"ALERT\{[0-9a-f]+\}")
_PROJECT = re.compile(r'project\s*=\s*"([^"]*)"')
_REOPENED = re.compile(r"resolutiondate >= -([0-9]{1,9})m")

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "api_url": ADDRESS,
    "api_type": TEXT,
    "project": TEXT,
    "issue_type": TEXT,
    "summary": OPEN,
    "description": OPEN,
    "labels": TEXTS,
    "priority": TEXT,
    "fields": MapOf(OPEN),
    "resolve_transition": TEXT,
    "reopen_transition": TEXT,
    "reopen_duration": OPTIONAL,
    "wont_fix_resolution": TEXT,
    "http_config": SECRET,
}


def read_call(request: Request, body: bytes) -> Attempt:
    """Return what a call of the API says; raises ValueError for one that is none."""
    match = _PATH.fullmatch(request.path)
    if match is None:
        raise ValueError(f"{request.path!r} is nothing of Jira's")
    _, resolve, reopen, version, rest = match.groups()
    issue = _ISSUE.fullmatch(rest)
    if request.method == "GET" and issue and issue[2]:
        return _list_transitions(unquote(resolve), unquote(reopen))
    try:
        document = parse_object(body)
    except ValueError as error:
        return _refuse({"": str(error)}, Attempt(does="edit", answer=_NOTHING))
    if request.method == "POST" and rest in ("search", "search/jql"):
        return _search(as_text(document.get("jql")))
    if request.method == "POST" and issue and issue[2]:
        return _move(issue[1], document)
    if request.method == "POST" and rest == "issue":
        return _write_issue(document, version, None)
    if request.method == "PUT" and issue and not issue[2]:
        return _write_issue(document, version, issue[1])
    raise ValueError(f"{request.method} {rest!r} is nothing of Jira's")


def show_issue(document: Mapping[str, Any]) -> Card:
    """Return how an issue looks; of a transition there is nothing but that it was done."""
    fields = as_object(document.get("fields"))
    names = {name: as_object(fields.get(name)) for name in ("project", "issuetype", "priority")}
    labels = fields.get("labels")
    part = Part(
        title=as_text(fields.get("summary")),
        text=Said(text=_show(fields.get("description"))),
        facts=list_facts({"labels": ", ".join(map(say, labels)) if isinstance(labels, list) else ""}),
    )
    moved = as_object(document.get("transition")).get("id")
    return Card(
        is_titled=True,
        service="Jira",
        sender=as_text(names["issuetype"].get("name")),
        place=as_text(names["project"].get("key")),
        badge="resolved" if moved == RESOLVE else as_text(names["priority"].get("name")),
        parts=[part],
    )


def _name_issue(project: str, group: str) -> str:
    """Return the key of a group's issue."""
    return f"{project}-{int(hashlib.sha256(group.encode()).hexdigest()[:7], 16)}"


def _search(jql: str) -> Attempt:
    """Look for the issue of a group, as far as the incident of it is known."""
    group, project = _GROUP.search(jql), _PROJECT.search(jql)
    if group is None or project is None:
        said = {"": "Error in the JQL Query: it has no project, or no label of a group"}
        return _refuse(said, Attempt(does="edit", answer=_NOTHING))
    key = _name_issue(project[1], group[0])
    again = _REOPENED.search(jql)

    def say_found(known: Known | None) -> Answer:
        is_found = known is not None and (
            known.is_open or (again is not None and known.closed_for_s <= 60 * int(again[1]))
        )
        if known is None or not is_found:
            return Answer(status=200, body={"issues": []})
        category = {"key": "indeterminate" if known.is_open else "done"}
        found = {"key": key, "fields": {"status": {"statusCategory": category}}}
        return Answer(status=200, body={"issues": [found]})

    return Attempt(does="edit", key=key, answer=say_found)


def _list_transitions(resolve: str, reopen: str) -> Attempt:
    named = [{"id": RESOLVE, "name": resolve}, {"id": REOPEN, "name": reopen}]
    listed = {"transitions": [transition for transition in named if transition["name"]]}
    return Attempt(does="edit", answer=Answer(status=200, body=listed))


def _move(key: str, document: Mapping[str, Any]) -> Attempt:
    """Do a transition: what was edited before it has reopened an issue already."""
    transition = document.get("transition")
    asked = transition.get("id") if isinstance(transition, dict) else None
    attempt = Attempt(
        does="resolve" if asked == RESOLVE else "edit",
        key=key,
        group_key=key,
        payload=document,
        answer=_NOTHING,
    )
    if asked not in (RESOLVE, REOPEN):
        return _refuse({"": f"It is not on the appropriate transition: {asked!r} is none of it"}, attempt)
    return attempt


def _write_issue(document: Mapping[str, Any], version: str, edited: str | None) -> Attempt:
    """Create an issue, or edit one; an edit for alerts that are over is part of the transition to come."""
    fields = document.get("fields")
    fields = fields if isinstance(fields, dict) else {}
    labels, told = _take_tag(fields.get("labels"))
    fields = {**fields, "labels": labels}
    project = fields.get("project")
    project = as_text(project.get("key")) if isinstance(project, dict) else ""
    group = next((label for label in labels if isinstance(label, str) and _GROUP.fullmatch(label)), "")
    key = edited or _name_issue(project, group)
    created = Answer(status=201, body={"id": key.rpartition("-")[2], "key": key})
    attempt = Attempt(
        does="edit" if edited and told.does == "resolve" else told.does,
        key=key,
        group_key=key,
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=as_text(fields.get("summary")),
        text=_show(fields.get("description")),
        payload={**document, "fields": fields},
        answer=_NOTHING if edited else created,
    )
    wrong = dict(_check(fields, project, version, is_new=edited is None))
    return _refuse(wrong, attempt) if wrong else attempt


def _take_tag(labels: Any) -> tuple[list[Any], Told]:
    """Return an issue's labels without the one that is the tag, and what that told."""
    kept, told = [], Told()
    for label in labels if isinstance(labels, list) else ():
        _, found = take_text_tag(label)
        if found.is_told:
            told = found
        else:
            kept.append(label)
    return kept, told


def _check(
    fields: Mapping[str, Any], project: str, version: str, *, is_new: bool
) -> Iterator[tuple[str, str]]:
    """Yield each field that is wrong, and what is wrong with it."""
    summary, description = fields.get("summary"), fields.get("description")
    if is_new and not project:
        yield "project", "Specify a valid project ID or key"
    kind = fields.get("issuetype")
    if is_new and not (isinstance(kind, dict) and as_text(kind.get("name"))):
        yield "issuetype", "Specify an issue type"
    if (is_new or summary is not None) and not as_text(summary).strip():
        yield "summary", "You must specify a summary of the issue."
    if len(as_text(summary)) > MAX_SUMMARY_CHARACTERS:
        yield "summary", f"Summary can't exceed {MAX_SUMMARY_CHARACTERS} characters."
    if "\n" in as_text(summary):
        yield "summary", "The summary is invalid because it contains newline characters."
    yield from _check_description(description, version)
    for label in fields["labels"]:
        if not isinstance(label, str) or not label or len(label) > MAX_LABEL_CHARACTERS:
            yield "labels", f"A label is a text of at most {MAX_LABEL_CHARACTERS} characters."
        elif any(character.isspace() for character in label):
            yield "labels", f"The label '{label}' contains spaces which is invalid."


def _check_description(description: Any, version: str) -> Iterator[tuple[str, str]]:
    if version == "3" and description is not None:
        if not (isinstance(description, dict) and description.get("type") == "doc"):
            yield "description", "Operation value must be an Atlassian Document"
    elif description is not None and not isinstance(description, str):
        yield "description", "Operation value must be a string"
    if len(_show(description)) > MAX_DESCRIPTION_CHARACTERS:
        yield "description", f"The entered text is too long: at most {MAX_DESCRIPTION_CHARACTERS} characters."


def _show(description: Any) -> str:
    """Return what a description shows: of a document its texts, a line for each block."""
    if isinstance(description, str):
        return as_text(description)
    if not isinstance(description, dict):
        return ""
    if isinstance(description.get("text"), str):
        return as_text(description["text"])
    parts = [_show(part) for part in description.get("content") or () if isinstance(part, dict)]
    return ("\n" if description.get("type") == "doc" else "").join(parts)


_NOTHING = Answer(status=204)


def _write_errors(status: int, errors: Mapping[str, str]) -> Answer:
    named = {name: what for name, what in errors.items() if name}
    messages = [what for name, what in errors.items() if not name]
    return Answer(status=status, body={"errorMessages": messages, "errors": named})


def _write_refusal(status: int, sentence: str) -> Answer:
    return _write_errors(status, {"": sentence})


def _refuse(errors: Mapping[str, str], attempt: Attempt) -> Attempt:
    why = "; ".join(f"{name}: {what}" if name else what for name, what in errors.items())
    return replace(attempt, refusal=_write_errors(400, errors), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    api = urlsplit(stated.get("api_url", ""))
    version = "3" if api.path.rstrip("/").endswith("/3") else "2"
    moves = "/".join(
        f"{name}={quote(stated.get(f'{name}_transition', ''), safe='')}" for name in ("resolve", "reopen")
    )
    # Alertmanager knows a site in the cloud by its host, which is another now.
    is_cloud = (api.hostname or "").endswith(_CLOUD) and stated.get("api_type", "auto") == "auto"
    return {
        "api_url": f"{target.url}/{address.path}/{moves}/rest/api/{version}",
        "http_config": target.connect(address),
        "labels": [*stated.get("labels", ()), TEXT_TAG],
        **({"api_type": "cloud"} if is_cloud else {}),
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    match = _PATH.fullmatch(request.path)
    if match is None:
        raise ValueError(f"{request.path!r} is nothing of Jira's")
    read_call(request, b"{}")  # whether it is one
    return make_bearer_inbox(request, token, lambda _address, body: read_call(request, body), match[1])


JIRA = ReceiverKind(
    integration="jira",
    fields=_FIELDS,
    shared_fields={"jira_api_url": ADDRESS},
    inherits={"api_url": "jira_api_url"},
    required=(
        Required(own=("api_url",), shared=("jira_api_url",)),
        Required(own=("project",)),
        Required(own=("issue_type",)),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=_write_refusal(429, "Rate limit exceeded."),
        error=_write_refusal(500, "Internal server error"),
    ),
    http=HttpContract(methods=("GET", "POST", "PUT"), find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_issue,
)
