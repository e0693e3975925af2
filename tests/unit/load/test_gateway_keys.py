"""Tests of the keys that traffic is paid for with."""

from __future__ import annotations

import pytest

from alertdrill.core import key_ids
from alertdrill.load.errors import BadPlan
from alertdrill.load.gateway_keys import NO_KEY, Keyring


def test_no_key_has_one_name() -> None:
    """What sends traffic imports nothing of ours, and has the name once more."""
    assert NO_KEY == key_ids.NO_KEY


def test_no_key_is_the_operator() -> None:
    """No gateway issues a key with that id: the admin token calls, and asks nobody for it."""
    keyring = Keyring(host="http://127.0.0.1:1", admin_token="sesame")
    keyring.issue(NO_KEY)
    assert keyring.token(NO_KEY) == "sesame"


def test_without_an_admin_token_there_is_no_operator() -> None:
    """The sentence says which variable has it."""
    with pytest.raises(BadPlan, match="ALERTDRILL_ADMIN_TOKEN"):
        Keyring(host="http://127.0.0.1:1", admin_token="").issue(NO_KEY)
