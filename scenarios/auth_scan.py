"""Refused clients: without a token, with a wrong one, with a revoked key, or behind a rotation.

The first two can be sent to any gateway.

    locust -f scenarios/auth_scan.py --host http://127.0.0.1:8080 --reason invalid_token

`rotation` is the harmless one: healthy clients whose key is rotated without a time of grace, and who learn
of its successor only a while later.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from alertdrill.load.calls import Calls, read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.options import Flag, offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.plan import MAX_S
from alertdrill.load.script import OrdinaryScript, TimedAction
from alertdrill.load.users import ScenarioUser

REASONS = ("missing_token", "invalid_token", "key_revoked", "rotation")
WITHOUT_KEY = ("missing_token", "invalid_token")
NO_KEY_OF_THE_GATEWAY = "sk-not-a-key-of-this-gateway"
REFUSED = (401, 403)


class WithoutKey(OrdinaryScript):
    """Clients that no gateway should answer: whatever is no refusal is a failure."""

    def welcomes(self, status: int) -> bool:
        """Welcome nothing but a refusal."""
        return status in self._welcome


class InvalidToken(WithoutKey):
    """Clients with a token that the gateway never issued."""

    def token(self, at_s: float, keyring: Keyring) -> str:  # noqa: ARG002 - as OrdinaryScript.token
        """Return a token that is nobody's."""
        return NO_KEY_OF_THE_GATEWAY


class RevokedKey(OrdinaryScript):
    """Clients that go on using a key of their own, which is revoked as the load profile starts."""

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:
        """Revoke the key."""
        return [TimedAction(at_s=0, do=partial(keyring.revoke, key)) for key in self.list_keys()]


class Rotation(OrdinaryScript):
    """Clients whose key is rotated `rotate_at_s` after the start and who catch up `catch_up_s` later."""

    def __init__(
        self, calls: Calls, *, rotate_at_s: float, catch_up_s: float, welcome: frozenset[int]
    ) -> None:
        super().__init__(calls, welcome=welcome)
        self._rotate_at_s = rotate_at_s
        self._catch_up_at_s = rotate_at_s + catch_up_s

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:
        """Rotate the key."""
        at_s = self._rotate_at_s
        return [TimedAction(at_s=at_s, do=partial(keyring.rotate, key)) for key in self.list_keys()]

    def token(self, at_s: float, keyring: Keyring) -> str | None:
        """Return the old token until the clients have caught up, then the successor's."""
        successor = None if self.calls.key is None else keyring.successor(self.calls.key)
        if successor is not None and at_s >= self._catch_up_at_s:
            return keyring.token(successor)
        return super().token(at_s, keyring)


class AuthScan(ScenarioUser):
    """Options of a profile: reason, as steady's (a key only where there is one), rotate_at_s, catch_up_s.

    `refused` are the statuses that are no failure, 401 and 403 otherwise; some gateways refuse with others.
    """

    scenario = "auth_scan"
    flags = (
        Flag(name="reason", default="invalid_token", help="why clients are refused", choices=REASONS),
        Flag(
            name="rotate-at-s", default=120.0, help="rotation: seconds (rule time) until the key is rotated"
        ),
        Flag(name="catch-up-s", default=300.0, help="rotation: how long clients go on with the old key"),
        *offer_load_flags(rate=0.5, duration_s=900.0),
        *offer_call_flags(models="openai:gpt-4o-mini"),
    )

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:
        """Return what changes a key."""
        reason = options.get("reason")
        return f"an admin API of keys (reason: {reason})" if reason in REASONS[len(WITHOUT_KEY) :] else ""

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Choose the clients by their reason; that they are refused is no failure."""
        reason = fields.text("reason", "invalid_token", of=REASONS)
        calls = read_calls(fields, has_key=reason not in WITHOUT_KEY, is_refused=reason != "rotation")
        welcome = frozenset(fields.wholes("refused", list(REFUSED), least=400, most=599))
        if reason == "rotation":
            return Rotation(
                calls,
                rotate_at_s=fields.number("rotate_at_s", least=0, most=MAX_S),
                catch_up_s=fields.number("catch_up_s", least=0, most=MAX_S),
                welcome=welcome,
            )
        scripts = {"missing_token": WithoutKey, "invalid_token": InvalidToken, "key_revoked": RevokedKey}
        return scripts[reason](calls, welcome=welcome)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage, with the options that the reason has."""
        chosen = {**read_call_options(options), "reason": options.reason}
        if options.reason not in WITHOUT_KEY:
            chosen["key"] = ""
        if options.reason == "rotation":
            chosen |= {"rotate_at_s": options.rotate_at_s, "catch_up_s": options.catch_up_s}
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": chosen,
        }
