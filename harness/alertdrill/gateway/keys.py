"""Gateway keys: issued, rotated, revoked. Looked up in memory, kept in the store.

A token is `adk-` and 32 random bytes; whoever loses it needs a new key, for only its hash is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from alertdrill.core.key_ids import NO_KEY
from alertdrill.gateway.events import KeyIssued, KeyRevoked, KeyRotated, Listener
from alertdrill.gateway.quotas import Identity, Limit, Quotas
from alertdrill.gateway.store import Store, StoredKey
from alertdrill.gateway.timing import RuleClock

MAX_KEYS = 10_000
MAX_ID_LENGTH = 64
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
RESERVED_IDS = frozenset({NO_KEY})


class UnknownKey(Exception):
    """No key has that id; the argument is the id."""


class KeyConflict(Exception):
    """The id is taken, the key is not active any more, or there are too many keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An issued key; its instants are rule time, None while they are not set."""

    id: str
    token_sha256: bytes
    user: str | None
    team: str | None
    model: str | None
    created_s: float
    revoked_s: float | None = None
    expires_s: float | None = None

    def is_active(self, now_s: float) -> bool:
        """Return whether the key is accepted: not revoked, and not past its grace."""
        return self.revoked_s is None and (self.expires_s is None or now_s < self.expires_s)

    @property
    def tenant(self) -> str:
        """Who is served: the key's team, else its user, else the key itself."""
        return self.team or self.user or self.id

    @property
    def identities(self) -> tuple[Identity, ...]:
        """Whose limits a call with this key counts towards."""
        identities: list[Identity] = [("key", self.id)]
        if self.user is not None:
            identities.append(("user", self.user))
        if self.team is not None:
            identities.append(("team", self.team))
        return tuple(identities)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


class KeyRing:
    """All keys. Changes are written to the store first, off the event loop and one at a time."""

    def __init__(self, store: Store, quotas: Quotas, clock: RuleClock, emit: Listener) -> None:
        self._store = store
        self._quotas = quotas
        self._clock = clock
        self._emit = emit
        self._changing = asyncio.Lock()
        self._keys: dict[str, Key] = {}
        self._by_hash: dict[bytes, str] = {}
        self._ended: set[str] = set()
        self._expiring: dict[str, float] = {}
        for identity, limits in store.list_limits().items():
            quotas.set_limits(identity, limits)
        for stored in store.list_keys():
            self._remember(self._wake(stored))

    def find(self, token_sha256: bytes) -> Key | None:
        """Return the key with that token, active or not; None if there is none."""
        key_id = self._by_hash.get(token_sha256)
        return None if key_id is None else self._keys[key_id]

    def get(self, key_id: str) -> Key:
        """Return a key by its id; raises UnknownKey."""
        try:
            return self._keys[key_id]
        except KeyError:
            raise UnknownKey(key_id) from None

    def list_keys(self) -> Mapping[str, Key]:
        """Return all keys by id, oldest first."""
        return self._keys

    def count_active(self) -> int:
        """Return how many keys are accepted now."""
        now_s = self._clock.now_s()
        over = [key_id for key_id, expires_s in self._expiring.items() if now_s >= expires_s]
        for key_id in over:
            del self._expiring[key_id]
            self._ended.add(key_id)
        return len(self._keys) - len(self._ended)

    def count_revoked(self) -> int:
        """Return how many issued keys are not accepted any more, those past their grace included."""
        return len(self._keys) - self.count_active()

    async def issue(
        self,
        *,
        key_id: str | None,
        user: str | None,
        team: str | None,
        model: str | None,
        limits: tuple[Limit, ...],
    ) -> tuple[Key, str]:
        """Return a new key and its token; raises KeyConflict."""
        async with self._changing:
            key, token = self._make(key_id or f"key-{secrets.token_hex(6)}", user, team, model)
            await asyncio.to_thread(self._store.add_key, self._rest(key), limits)
            self._quotas.set_limits(("key", key.id), limits)
            self._remember(key)
        self._emit(KeyIssued(key_id=key.id))
        return key, token

    async def revoke(self, key_id: str) -> Key:
        """Return the key, now revoked; a revoked key stays as it is. Raises UnknownKey."""
        async with self._changing:
            key = self.get(key_id)
            if key.revoked_s is not None:
                return key
            key = replace(key, revoked_s=self._clock.now_s())
            await asyncio.to_thread(self._store.end_key, self._rest(key))
            self._remember(key)
        self._emit(KeyRevoked(key_id=key.id))
        return key

    async def rotate(self, key_id: str, *, grace_s: float) -> tuple[Key, str]:
        """Return a key's successor and its token; the key itself is accepted for `grace_s` more.

        Raises UnknownKey, and KeyConflict if the key is not active.
        """
        async with self._changing:
            key = self.get(key_id)
            now_s = self._clock.now_s()
            if not key.is_active(now_s):
                raise KeyConflict(f"key {key_id} is not active")
            successor, token = self._make(self._name_successor(key_id), key.user, key.team, key.model)
            key = replace(key, expires_s=now_s + grace_s) if grace_s else replace(key, revoked_s=now_s)
            limits = self._quotas.limits(("key", key_id))
            await asyncio.to_thread(self._store.replace_key, self._rest(key), self._rest(successor), limits)
            self._quotas.inherit(("key", successor.id), ("key", key_id))
            self._remember(key)
            self._remember(successor)
        self._emit(KeyIssued(key_id=successor.id))
        self._emit(KeyRotated(key_id=key_id, successor_id=successor.id, grace_s=grace_s))
        if not grace_s:
            self._emit(KeyRevoked(key_id=key_id))
        return successor, token

    def _make(self, key_id: str, user: str | None, team: str | None, model: str | None) -> tuple[Key, str]:
        if key_id in self._keys or key_id in RESERVED_IDS:
            raise KeyConflict(f"there is a key {key_id} already")
        if len(self._keys) >= MAX_KEYS:
            raise KeyConflict(f"there are {MAX_KEYS} keys already")
        token = f"adk-{secrets.token_urlsafe(32)}"
        key = Key(
            id=key_id,
            token_sha256=hash_token(token),
            user=user,
            team=team,
            model=model,
            created_s=self._clock.now_s(),
        )
        return key, token

    def _name_successor(self, key_id: str) -> str:
        root = re.sub(r"-r\d+$", "", key_id)
        number = 2
        while True:
            suffix = f"-r{number}"
            name = root[: MAX_ID_LENGTH - len(suffix)] + suffix
            if name not in self._keys:
                return name
            number += 1

    def _remember(self, key: Key) -> None:
        self._keys[key.id] = key
        self._by_hash[key.token_sha256] = key.id
        if key.revoked_s is not None:
            self._ended.add(key.id)
            self._expiring.pop(key.id, None)
        elif key.expires_s is not None and key.id not in self._ended:
            self._expiring[key.id] = key.expires_s

    def _rest(self, key: Key) -> StoredKey:
        wall_s = self._clock.wall_s
        return StoredKey(
            id=key.id,
            token_sha256=key.token_sha256,
            user=key.user,
            team=key.team,
            model=key.model,
            created=wall_s(key.created_s),
            revoked=None if key.revoked_s is None else wall_s(key.revoked_s),
            expires=None if key.expires_s is None else wall_s(key.expires_s),
        )

    def _wake(self, stored: StoredKey) -> Key:
        rule_s = self._clock.rule_s
        return Key(
            id=stored.id,
            token_sha256=stored.token_sha256,
            user=stored.user,
            team=stored.team,
            model=stored.model,
            created_s=rule_s(stored.created),
            revoked_s=None if stored.revoked is None else rule_s(stored.revoked),
            expires_s=None if stored.expires is None else rule_s(stored.expires),
        )
