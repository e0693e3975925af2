"""The client of the sessions scenario: what it asks next depends on what it was answered."""

from __future__ import annotations

import json

from alertdrill.load.conversations import Conversations


def converse(*answers):
    """Return what the client asks when each request is answered with such a status; None: not yet."""
    script = Conversations(
        key="k", learned="a:b", default="c:d", judge="e:f", workspace="w", daily_requests=None
    )
    asked = []
    for index, status in enumerate(answers):
        request = script.request(index)
        asked.append((request.method, request.path, request.body and json.loads(request.body)))
        if status is not None:
            script.note_answer(index, status, '{"id": "s1"}')
    return asked


def test_conversations_follow_one_another():
    """The first is closed or left open, and the next one is in the other workspace."""
    asked = converse(200, 200, 201, *[200] * 6, 201)
    assert [path for _, path, _ in asked] == [
        "/v1/workspaces/w",
        "/v1/workspaces/w-default",
        "/v1/sessions",
        "/v1/sessions/s1/turns",
        "/v1/sessions/s1/turns/0/evaluations",
        "/v1/sessions/s1/turns",
        "/v1/sessions/s1/turns/1/evaluations",
        "/v1/sessions/s1/turns",
        "/v1/sessions/s1/evaluations",
        "/v1/sessions",
    ]
    assert (asked[0][2], asked[1][2]) == ({}, {"default_model": "c:d"})
    assert (asked[2][2], asked[9][2]) == ({"workspace": "w"}, {"workspace": "w-default"})


def test_a_client_waits_for_its_answer():
    """While an answer is due it only looks after the session."""
    asked = converse(200, 200, 201, None, 200, 200)
    assert [method for method, _, _ in asked[3:]] == ["POST", "GET", "GET"]


def test_a_client_that_was_refused_asks_again():
    """Without a session there is no turn: it tries to open one until it has."""
    asked = converse(200, 200, 404, 201, 200)
    assert [path for _, path, _ in asked[2:]] == ["/v1/sessions", "/v1/sessions", "/v1/sessions/s1/turns"]
