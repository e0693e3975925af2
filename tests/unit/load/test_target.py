"""A target of a plan: somebody else's gateway, whose secrets a plan only says where to find."""

from __future__ import annotations

from typing import Any

import pytest

from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.plan import describe_traffic, parse_plan
from alertdrill.load.target import Credentials, find_credentials, read_target

TARGET = {"token_env": "GATEWAY_KEY", "headers_env": {"x-team": "TEAM"}, "ca": "/certificates/ca.pem"}
PROFILE = {
    "name": "base",
    "scenario": "steady",
    "start_s": 0,
    "stages": [{"duration_s": 60, "rate_per_s": 1}],
}


def make_plan(target: Any, **profile: Any) -> dict[str, Any]:
    """Return a plan of one load profile at a target."""
    return {"speed": 12, "origin_s": 1, "seed": 1, "target": target, "profiles": [PROFILE | profile]}


def test_a_target_is_read_and_told_to_workers() -> None:
    """They get the names of variables, and what these have from their master."""
    plan = parse_plan(make_plan(TARGET))
    assert plan.target is not None
    assert (plan.target.token_env, plan.target.headers_env) == ("GATEWAY_KEY", {"x-team": "TEAM"})
    assert parse_plan(describe_traffic(plan)) == plan


def test_a_target_may_need_nothing() -> None:
    """A gateway that asks nobody who they are is a target too."""
    target = parse_plan(make_plan({})).target
    assert target is not None
    assert (target.token_env, target.headers_env, target.ca) == (None, {}, None)
    assert find_credentials(target, {}) == Credentials()


def test_without_a_target_it_is_the_reference_gateway() -> None:
    """So it is for each plan that says nothing of it."""
    assert parse_plan(make_plan(None)).target is None


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"token": "sk-1"}, r"The plan: target: unknown field 'token'"),
        ({"token_env": "a b"}, r"The plan: target: 'a b' is no name of an environment variable"),
        ({"headers_env": {"x y": "TEAM"}}, r"target: headers_env: 'x y' is no name of a header"),
        ({"headers_env": {"x-team": "1"}}, r"headers_env: '1' is no name of an environment variable"),
        ({"headers_env": {"x-team": 1}}, r"headers_env: x-team must be a text"),
        ("http://127.0.0.1", r"target must be an object"),
    ],
)
def test_a_bad_target_is_refused_in_one_sentence(target: Any, sentence: str) -> None:
    """It says which field is wrong."""
    with pytest.raises(BadPlan, match=sentence):
        parse_plan(make_plan(target))


def test_a_target_has_no_prefixes() -> None:
    """They are the reference gateway's."""
    with pytest.raises(BadPlan, match="Load profile 'base': only the reference gateway has prefixes"):
        parse_plan(make_plan({}, prefix="metis"))


def test_secrets_come_from_the_environment() -> None:
    """They are not shown where the credentials are."""
    credentials = find_credentials(
        read_target(Fields(TARGET, "target")), {"GATEWAY_KEY": "sk-secret\n", "TEAM": "blue"}
    )
    assert (credentials.token, credentials.headers) == ("sk-secret", {"x-team": "blue"})
    assert "sk-secret" not in repr(credentials)
    assert "blue" not in repr(credentials)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"TEAM": "blue"}, "environment variable GATEWAY_KEY must be set"),
        ({"GATEWAY_KEY": " ", "TEAM": "blue"}, "environment variable GATEWAY_KEY must be set"),
        ({"GATEWAY_KEY": "sk-secret"}, "environment variable TEAM must be set"),
        ({"GATEWAY_KEY": "sk-se\ncret", "TEAM": "blue"}, "GATEWAY_KEY has characters that no header"),
        ({"GATEWAY_KEY": "sk-sécret", "TEAM": "blue"}, "GATEWAY_KEY has characters that no header"),
    ],
)
def test_what_no_call_can_carry_is_refused(environ: dict[str, str], sentence: str) -> None:
    """The variable is named, and what it has is not."""
    with pytest.raises(BadPlan, match=sentence) as caught:
        find_credentials(read_target(Fields(TARGET, "target")), environ)
    assert "cret" not in str(caught.value)
