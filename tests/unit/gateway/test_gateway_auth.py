"""Who may call, why others may not, and who may administer."""

from __future__ import annotations

import hashlib

import pytest
from support.running_gateway import ADMIN

from alertdrill.gateway.auth import read_bearer
from alertdrill.gateway.events import AuthFailed, CallFinished, KeyIssued

ADMIN_ROUTES = [
    ("POST", "/admin/keys"),
    ("GET", "/admin/keys"),
    ("POST", "/admin/keys/k1/revoke"),
    ("POST", "/admin/keys/k1/rotate"),
    ("PUT", "/admin/limits/user/u1"),
]


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer  ", None),
        ("Basic abc", None),
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
    ],
)
def test_bearer(header, token):
    """The scheme is not case-sensitive, and an empty token is none."""
    assert read_bearer(header) == token


async def test_missing_token(gateway):
    """A request without a token fails as missing_token, with nothing to hash."""
    response = await gateway.chat(None)
    assert (response.status, (await response.json())["error"]["code"]) == (401, "missing_token")
    assert gateway.heard(AuthFailed) == [AuthFailed(reason="missing_token", token_hash_prefix=None)]


async def test_invalid_token(gateway):
    """An unknown token fails as invalid_token, and can be recognised by its hash's beginning."""
    response = await gateway.chat("guess")
    prefix = hashlib.sha256(b"guess").hexdigest()[:8]
    assert (response.status, (await response.json())["error"]["code"]) == (401, "invalid_token")
    assert gateway.heard(AuthFailed) == [AuthFailed(reason="invalid_token", token_hash_prefix=prefix)]


async def test_key_hash_is_no_token(gateway):
    """Whoever reads the database cannot call with what is in it."""
    token = await gateway.issue()
    assert (await gateway.chat(hashlib.sha256(token.encode()).hexdigest())).status == 401


async def test_refused_requests_call_nobody(gateway, providers):
    """Authentication comes before everything else."""
    await gateway.chat("guess", model="gpt-99")
    assert gateway.heard(CallFinished) == []
    assert providers["openai"].asked == []


async def test_models_are_listed_for_keys_only(gateway):
    """GET /v1/models asks for a token and counts failures like a call."""
    assert (await gateway.client.get("/v1/models")).status == 401
    assert [event.reason for event in gateway.heard(AuthFailed)] == ["missing_token"]
    headers = {"Authorization": f"Bearer {await gateway.issue()}"}
    document = await (await gateway.client.get("/v1/models", headers=headers)).json()
    assert {"id": "openai:gpt-4o", "object": "model", "created": 0, "owned_by": "openai"} in document["data"]


@pytest.mark.parametrize(("method", "path"), ADMIN_ROUTES)
async def test_administration_asks_for_the_admin_token(gateway, method, path):
    """Neither nobody nor a key may administer, and such attempts are not a client's failures."""
    token = await gateway.issue(id="k1")
    gateway.events.clear()
    for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Authorization": "Bearer the-admin-toke"}):
        response = await gateway.client.request(method, path, headers=headers, json={"limits": []})
        assert response.status == 401
    assert gateway.events == []
    assert (await gateway.chat(token)).status == 200


async def test_admin_token_administers(gateway):
    """With the admin token a key is issued."""
    assert (await gateway.client.post("/admin/keys", headers=ADMIN)).status == 201
    assert len(gateway.heard(KeyIssued)) == 1


async def test_metrics_and_health_are_open(gateway):
    """Prometheus and probes need no token; a system that does not exist is not found."""
    for path, status in (("/metrics", 200), ("/metrics/one", 200), ("/metrics/two", 404), ("/healthz", 200)):
        assert (await gateway.client.get(path)).status == status
    assert await (await gateway.client.get("/metrics")).text() == "metric 1\n"
    assert await (await gateway.client.get("/healthz")).json() == {"status": "ok", "speed": 1}
