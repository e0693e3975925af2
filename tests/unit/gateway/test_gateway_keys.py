"""Keys: issued, revoked, rotated with grace, counted, and kept as hashes only."""

from __future__ import annotations

import asyncio
import threading

import pytest
from support.running_gateway import ADMIN

from alertdrill.gateway import keys as keys_module
from alertdrill.gateway.events import AuthFailed, KeyIssued, KeyRevoked, KeyRotated
from alertdrill.gateway.keys import Key
from alertdrill.gateway.store import Store


async def rotate(gateway, key_id: str, **fields) -> tuple[str, str]:
    """Rotate a key; return its successor's id and token."""
    response = await gateway.client.post(f"/admin/keys/{key_id}/rotate", headers=ADMIN, json=fields)
    assert response.status == 201, await response.text()
    document = await response.json()
    return document["id"], document["token"]


async def revoke(gateway, key_id: str) -> int:
    """Revoke a key; return the status."""
    return (await gateway.client.post(f"/admin/keys/{key_id}/revoke", headers=ADMIN)).status


async def test_issued_key_may_call(gateway):
    """A new key works at once, and its issue is heard."""
    assert (await gateway.chat(await gateway.issue(id="k1"))).status == 200
    assert gateway.heard(KeyIssued) == [KeyIssued(key_id="k1")]


async def test_keys_without_an_id_get_one(gateway):
    """Two keys issued without an id differ in id and token."""
    first, second = await gateway.issue(), await gateway.issue()
    assert first != second
    assert len({event.key_id for event in gateway.heard(KeyIssued)}) == 2


async def test_taken_id_is_a_conflict(gateway):
    """An id is issued once, even among simultaneous requests."""
    responses = await asyncio.gather(
        *(gateway.client.post("/admin/keys", headers=ADMIN, json={"id": "k1"}) for _ in range(4))
    )
    assert sorted(response.status for response in responses) == [201, 409, 409, 409]


async def test_id_that_stands_for_no_key_is_a_conflict(gateway):
    """`null` names traffic without a key and cannot name a key."""
    response = await gateway.client.post("/admin/keys", headers=ADMIN, json={"id": "null"})
    assert response.status == 409


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"id": "a b"},
        {"id": 'x"} 1'},
        {"id": "x" * 65},
        {"id": 5},
        {"user": "\n"},
        {"team": ["t"]},
        {"model": "gpt-99"},
        {"model": ["gpt-4o"]},
        {"colour": "red"},
    ],
)
async def test_unusable_fields_are_refused(gateway, fields):
    """Ids, users and teams are short names, a model exists, and nothing else is said."""
    response = await gateway.client.post("/admin/keys", headers=ADMIN, json=fields)
    assert response.status == 400
    assert gateway.heard(KeyIssued) == []


async def test_number_of_keys_is_bounded(gateway, monkeypatch):
    """Beyond the bound no key is issued."""
    monkeypatch.setattr(keys_module, "MAX_KEYS", 2)
    await gateway.issue()
    await gateway.issue()
    assert (await gateway.client.post("/admin/keys", headers=ADMIN, json={})).status == 409


async def test_revoked_key_is_refused(gateway):
    """Revoking is heard once, and the key's calls fail as key_revoked from then on."""
    token = await gateway.issue(id="k1")
    assert [await revoke(gateway, "k1"), await revoke(gateway, "k1")] == [200, 200]
    assert (await gateway.chat(token)).status == 401
    assert gateway.heard(KeyRevoked) == [KeyRevoked(key_id="k1")]
    assert [event.reason for event in gateway.heard(AuthFailed)] == ["key_revoked"]


async def test_rotated_key_works_until_its_grace_is_over(start_gateway):
    """Old and new token work during the grace; then the old one fails as key_revoked."""
    gateway = await start_gateway(speed=60)
    old = await gateway.issue(id="k1", user="u1")
    successor, new = await rotate(gateway, "k1", grace_s=120)  # two seconds of wall time
    assert [(await gateway.chat(token)).status for token in (old, new)] == [200, 200]
    assert (gateway.gauges.keys_active(), gateway.gauges.keys_revoked()) == (2, 0)
    await gateway.until(lambda: gateway.gauges.keys_active() == 1)
    assert gateway.gauges.keys_revoked() == 1
    assert [(await gateway.chat(token)).status for token in (old, new)] == [401, 200]
    assert [event.reason for event in gateway.heard(AuthFailed)] == ["key_revoked"]
    assert gateway.heard(KeyRotated) == [KeyRotated(key_id="k1", successor_id=successor, grace_s=120)]


async def test_rotation_without_grace_ends_the_key(gateway):
    """Without grace the old token fails at once, and a revocation is heard."""
    old = await gateway.issue(id="k1")
    successor, new = await rotate(gateway, "k1")
    assert [(await gateway.chat(token)).status for token in (old, new)] == [401, 200]
    assert gateway.heard(KeyRevoked) == [KeyRevoked(key_id="k1")]
    assert (await rotate(gateway, successor))[0] == "k1-r3"


async def test_rotation_is_no_way_round_a_quota(gateway):
    """The successor of a key that has used up its limit is refused too."""
    old = await gateway.issue(id="k1", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    assert (await gateway.chat(old)).status == 200
    _, new = await rotate(gateway, "k1")
    assert (await gateway.chat(new)).status == 429


async def test_key_in_its_grace_can_be_revoked(start_gateway):
    """Revoking ends a grace."""
    gateway = await start_gateway()
    old = await gateway.issue(id="k1")
    await rotate(gateway, "k1", grace_s=86_400)
    await revoke(gateway, "k1")
    assert (await gateway.chat(old)).status == 401
    assert (gateway.gauges.keys_active(), gateway.gauges.keys_revoked()) == (1, 1)


async def test_only_an_active_key_is_rotated(gateway):
    """A revoked key has no successor, and a key that does not exist is not found."""
    await gateway.issue(id="k1")
    await revoke(gateway, "k1")
    for key_id, status in (("k1", 409), ("nobody", 404)):
        response = await gateway.client.post(f"/admin/keys/{key_id}/rotate", headers=ADMIN)
        assert response.status == status


@pytest.mark.parametrize("grace_s", [-1, "60", True, 1e12, float("nan")])
async def test_impossible_grace_is_refused(gateway, grace_s):
    """A grace is between nothing and a month."""
    await gateway.issue(id="k1")
    response = await gateway.client.post("/admin/keys/k1/rotate", headers=ADMIN, json={"grace_s": grace_s})
    assert response.status == 400


async def test_keys_are_listed_without_their_tokens(gateway):
    """The listing says whose a key is and whether it is accepted, not what it is."""
    token = await gateway.issue(id="k1", user="u1", team="t1", model="gpt-4o")
    await revoke(gateway, "k1")
    text = await (await gateway.client.get("/admin/keys", headers=ADMIN)).text()
    assert '"active": false' in text
    assert token not in text


async def test_no_token_is_on_disk(gateway):
    """The data directory holds neither a key's token nor one that was tried."""
    token = await gateway.issue(id="k1")
    _, successor = await rotate(gateway, "k1", grace_s=10)
    await gateway.chat(token)
    await gateway.chat("a-token-that-somebody-tried")
    await gateway.until(lambda: b"gateway.auth_failed" in (gateway.data_dir / "trace.db-wal").read_bytes())
    kept = b"".join(path.read_bytes() for path in gateway.data_dir.iterdir())
    assert b"k1-r2" in kept
    for secret in (token, successor, "a-token-that-somebody-tried", "the-admin-token", "the-provider-key"):
        assert secret.encode() not in kept


async def test_keys_outlive_the_process(start_gateway):
    """A gateway that starts again over its data directory knows its keys, and which of them have ended."""
    first = await start_gateway()
    tokens = [await first.issue(id=key_id) for key_id in ("kept", "revoked", "graced", "rotated")]
    await revoke(first, "revoked")
    await rotate(first, "graced", grace_s=86_400)
    await rotate(first, "rotated")
    second = await start_gateway()
    assert [(await second.chat(token)).status for token in tokens] == [200, 401, 200, 401]
    assert (second.gauges.keys_active(), second.gauges.keys_revoked()) == (4, 2)


@pytest.mark.parametrize(
    ("revoked_s", "expires_s", "now_s", "active"),
    [
        (None, None, 9, True),
        (5, None, 9, False),
        (None, 9, 8.9, True),
        (None, 9, 9, False),
        (5, 99, 9, False),
    ],
)
def test_active(revoked_s, expires_s, now_s, active):
    """A key is active if it is neither revoked nor past its grace."""
    key = Key(
        id="k", token_sha256=b"", user=None, team=None, model=None, created_s=0,
        revoked_s=revoked_s, expires_s=expires_s,
    )  # fmt: skip
    assert key.is_active(now_s) is active


async def test_a_key_is_issued_whole_though_its_operator_left(gateway, monkeypatch):
    """What changes the gateway goes on to its end, so that memory and disk have the same keys."""
    begun, may_end, add_key = threading.Event(), threading.Event(), Store.add_key

    def wait(*arguments: object) -> None:
        begun.set()
        assert may_end.wait(10)
        add_key(*arguments)

    monkeypatch.setattr(Store, "add_key", wait)
    issuing = asyncio.create_task(gateway.issue(id="k1"))
    await asyncio.to_thread(begun.wait, 10)
    issuing.cancel()
    await asyncio.gather(issuing, return_exceptions=True)
    may_end.set()
    await gateway.until(lambda: gateway.heard(KeyIssued) != [])
    assert gateway.gauges.keys_active() == 1
