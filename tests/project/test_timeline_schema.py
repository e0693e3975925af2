"""docs/reference/timeline.schema.json says of timelines what runs and replays write, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from support.documents import walk
from support.paging_records import build_paging_record
from support.report_records import build_record
from support.timeline_schema import PACKAGED, SCHEMA, list_faults
from support.whole_runs import METIS_RULES, ROOT, CommandLine

from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Grouped,
    Integration,
    NearMiss,
    Suppressed,
    Suppression,
    Text,
)
from alertdrill.core.timeline import EventKind, Stall
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.judging.replay_agreement import Agreement, Instant
from alertdrill.reports import RunRecord, timeline_json

RECORDINGS = ROOT / "scenarios" / "recordings"
EXPECTED = (
    None,
    NearMiss(
        alert="A", labels={}, reaches=0.7, pending=True, pending_within_s=(1, float("inf")), reaches_at_most=2
    ),
    BlindRule(alert="A", labels={}, after_s=5),
    Grouped(
        alert="A",
        labels={},
        alerts=3,
        fires_within_s=60,
        resolves_within_s=float("inf"),
        receiver="r",
        integration="slack",
    ),
    Expectation(
        alert="A",
        labels={"a": "b"},
        fires_within_s=60,
        receiver="r",
        resolves_within_s=100,
        pages_within_s=5,
        closes_within_s=6,
        suppressed=Suppressed(why="muted", by={"interval": "night"}),
        deliveries=(
            Delivery(
                receiver="r",
                integration="email",
                group_labels={"a": "b"},
                group_key=Text(how="exact", text="k"),
                title=Text(how="regex", text="t"),
                text=Text(how="contains", text="x"),
                notifications=(1, 2),
                notifications_within_s=(0.5, float("inf")),
                repeats_after_s=(1, 2),
                refused=(0, 0),
                alerts=(1, 1),
                closes=False,
            ),
            Delivery(receiver="s"),
        ),
    ),
)
"""An expectation of each kind, with all that it can state."""


def render(record: RunRecord) -> dict[str, Any]:
    """Return a run's timeline."""
    return dict(json.loads(timeline_json.render(record)))


def build_full_record() -> RunRecord:
    """Return a run with every kind of expectation, doubts, stalls, an agreement and a quiet tail."""
    record = build_paging_record()
    findings = tuple(
        Finding(
            outcome="unobserved",
            alert="A",
            labels={},
            expectation=expected,
            observed={},
            evidence="e",
            broke_at="paged",
            doubt="d",
        )
        for expected in EXPECTED
    )
    instant = Instant(alert="A", labels={}, kind="firing", live_s=1.0, replayed_s=None, bound_s=30.0)
    return replace(
        record,
        verdicts=(
            *record.verdicts,
            Verdict(drill="d", findings=findings),
            Verdict(drill="q", findings=(), doubt="d"),
        ),
        doubts=("scrapes came late",),
        timeline=replace(record.timeline, stalls=(Stall(part="pager", from_s=1, until_s=2),)),
        agreement=Agreement(instants=(instant,), notes=("n",)),
        appended=((1.0, 2.0),),
    )


def test_the_published_schema_is_the_packaged_one() -> None:
    """Validators take it."""
    Draft202012Validator.check_schema(SCHEMA)
    assert (ROOT / "docs" / "reference" / "timeline.schema.json").read_text() == PACKAGED.read_text()


def test_the_schema_knows_the_words_of_the_code() -> None:
    """A word that is added is added there, too."""
    kinds = SCHEMA["$defs"]
    assert kinds["kind"]["enum"] == list(get_args(EventKind))
    assert kinds["integration"]["enum"] == list(get_args(Integration))
    assert kinds["finding"]["properties"]["outcome"]["enum"] == list(get_args(Outcome))
    assert kinds["suppressed"]["properties"]["why"]["enum"] == list(get_args(Suppression))
    assert kinds["suppressed_span"]["properties"]["why"]["enum"] == list(get_args(Suppression))
    assert list(kinds["finding"]["properties"]["observed"]["properties"]) == list(get_args(EventKind))


def test_every_object_of_the_schema_is_closed() -> None:
    """So a key that is added to timelines has to be added there, or every run fails a test."""
    objects = [node for node in walk(SCHEMA) if node.get("type") == "object"]
    assert len(objects) > 20
    for node in objects:
        assert node["additionalProperties"] is False or "properties" not in node


@pytest.mark.parametrize("build", [build_record, build_paging_record, build_full_record])
def test_what_a_run_writes_is_valid(build: Callable[[], RunRecord]) -> None:
    """Every kind of expectation, and all that can be told beside them."""
    document = render(build())
    assert list_faults(document) == []
    assert Draft202012Validator(SCHEMA).is_valid(document)


def test_one_more_key_anywhere_is_found() -> None:
    """In the document and in an object of each form of it whose keys are no names of users."""
    whole = render(build_full_record())
    document = {key: value[-3:] if isinstance(value, list) else value for key, value in whole.items()}
    named = ("labels", "engines", "group_labels", "by")
    users = {id(value) for node in walk(document) for key, value in node.items() if key in named}
    ours = {tuple(node): node for node in walk(document) if id(node) not in users}
    assert len(ours) > 25
    for node in ours.values():
        node["surprise"] = 1
        assert list_faults(document) != [], node
        del node["surprise"]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"speed": "60"},
        {"until_s": "later"},
        {"events": [{}]},
        {"verdicts": None},
        {"agreement": {}},
        {"appended": [[1]]},
        {"doubts": [None]},
    ],
)
def test_what_is_no_timeline_is_found(change: dict[str, Any]) -> None:
    """A value of another kind, a field that is missing, a version that is none."""
    assert list_faults(render(build_record()) | change) != []


@pytest.mark.parametrize("options", [(), ("--annotations",), ("--quiet-tail", "1h")])
def test_what_a_replay_writes_is_valid(alertdrill: CommandLine, options: tuple[str, ...]) -> None:
    """With annotations, too, and with a tail that was appended."""
    recording = RECORDINGS / "metis-auth-fires.om.gz"
    done = alertdrill.run_here("replay", str(recording), "--rules", str(METIS_RULES), "--json", *options)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["events"]
    assert document["silent"]
    assert list_faults(document) == []


def test_what_judged_recordings_leave_is_valid(alertdrill: CommandLine, tmp_path: Path) -> None:
    """A replay of drills has the same form as a run."""
    done = alertdrill.run_here(
        *("run", "metis-auth-fires", "--replay", str(RECORDINGS), "--out", str(tmp_path / "out"))
    )
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "out" / "timeline.json").read_text())
    assert document["mode"] == "replay"
    assert list_faults(document) == []
