"""The plan's format, read strictly."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from alertdrill.load.errors import BadPlan
from alertdrill.load.plan import (
    MAX_PLAN_BYTES,
    BehaviourChange,
    describe_traffic,
    parse_controls,
    parse_plan,
    read_plan,
)

PLAN = {
    "speed": 60,
    "origin_s": 1_700_000_000.5,
    "seed": 3,
    "report": "/tmp/report.json",  # noqa: S108 - a name, never written
    "controls": {"openai": "http://127.0.0.1:9101/"},
    "profiles": [
        {
            "name": "base",
            "scenario": "steady",
            "start_s": -30,
            "stages": [{"duration_s": 60, "rate_per_s": 0.5}],
            "arrivals": "poisson",
            "changes": [
                {"at_s": 5, "provider": "openai", "model": "*", "behaviour": {"completion_tokens": 9}},
                {"at_s": 6, "provider": "openai", "model": None, "behaviour": {"listening": False}},
            ],
            "options": {"models": ["openai:o3"], "key": "k"},
        }
    ],
}


def changed(path, value):
    """Return the plan with the field at a path replaced."""
    plan = copy.deepcopy(PLAN)
    target = plan
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return plan


def test_a_plan_is_read_as_it_is_written():
    """Every field of the format arrives."""
    plan = parse_plan(json.loads(json.dumps(PLAN)))
    profile = plan.profiles[0]
    assert (plan.speed, plan.origin_s, plan.seed, str(plan.report)) == (
        60,
        1_700_000_000.5,
        3,
        "/tmp/report.json",  # noqa: S108 - as above
    )
    assert plan.controls == {"openai": "http://127.0.0.1:9101"}
    assert (profile.name, profile.scenario, profile.start_s, profile.stages) == (
        "base",
        "steady",
        -30,
        ((60, 0.5),),
    )
    assert (profile.arrivals, profile.options) == ("poisson", {"models": ["openai:o3"], "key": "k"})
    assert profile.changes == (
        BehaviourChange(at_s=5, provider="openai", model="*", behaviour={"completion_tokens": 9}),
        BehaviourChange(at_s=6, provider="openai", model=None, behaviour={"listening": False}),
    )


def test_a_worker_is_told_of_the_traffic_alone():
    """What is sent and when is read as it was; where the providers are and what they are told is left out."""
    plan = parse_plan(PLAN)
    told = json.loads(json.dumps(describe_traffic(plan)))
    profiles = tuple(replace(profile, changes=()) for profile in plan.profiles)
    assert parse_plan(told) == replace(plan, report=None, controls={}, profiles=profiles)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["speed"], 0, "speed must be between"),
        (["speed"], True, "speed must be a number"),
        (["speed"], float("nan"), "speed must be a number"),
        (["seed"], 1.5, "seed must be a whole number"),
        (["sped"], 1, "unknown field 'sped'"),
        (["profiles"], {}, "profiles must be a list"),
        (["controls"], {"openai": "ftp://x"}, "http or https"),
        (["profiles", 0, "name"], "", "name must be a text"),
        (["profiles", 0, "arrivals"], "bursty", "one of uniform, poisson"),
        (["profiles", 0, "stages"], [], "stages must not be empty"),
        (["profiles", 0, "stages", 0, "rate_per_s"], -1, "rate_per_s must be between"),
        (["profiles", 0, "stages", 0, "rate_per_s"], 9_999, "arrivals are more than"),
        (["profiles", 0, "changes", 0, "at_s"], -1, "at_s must be between"),
        (["profiles", 0, "changes", 0, "extra"], 1, "unknown field 'extra'"),
        (["profiles", 0, "changes", 1, "behaviour"], {"listening": "no"}, "without a model"),
        (["profiles", 0, "changes", 1, "behaviour"], {"latency": {}}, "without a model"),
        (["profiles", 0, "prefix"], "", "prefix must be a text"),
        (["profiles", 0, "prefix"], 7, "prefix must be a text"),
        (["profiles"], [PLAN["profiles"][0]] * 2, "two load profiles are named 'base'"),
    ],
)
def test_a_bad_plan_is_refused_in_one_sentence(path, value, sentence):
    """Each field is checked, and the sentence says which one is wrong."""
    plan = changed(path, value)
    if value == 9_999:
        plan["profiles"][0]["stages"][0]["duration_s"] = 86_400
    with pytest.raises(BadPlan, match=sentence):
        parse_plan(plan)


@pytest.mark.parametrize("prefix", ["metis", None])
def test_an_profile_has_a_prefix_or_none(prefix):
    """A load profile's requests go under the prefix that the plan names; null is none, and so is no field."""
    assert parse_plan(changed(["profiles", 0, "prefix"], prefix)).profiles[0].prefix == prefix
    assert parse_plan(PLAN).profiles[0].prefix is None


def test_a_plan_that_is_too_long_is_not_read(tmp_path):
    """The file's size is bounded."""
    path = tmp_path / "plan.json"
    path.write_bytes(b" " * (MAX_PLAN_BYTES + 1))
    with pytest.raises(BadPlan, match="longer than"):
        read_plan(path)


@pytest.mark.parametrize(("text", "sentence"), [("{", "is not JSON"), ("[]", "must be an object")])
def test_a_file_that_is_no_plan_is_refused(tmp_path, text, sentence):
    """Neither half a document nor another one is a plan."""
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(BadPlan, match=sentence):
        read_plan(path)


def test_control_urls_are_read_from_one_line():
    """Several providers are separated by commas."""
    assert parse_controls("openai=http://a:1, anthropic=http://b:2") == {
        "openai": "http://a:1",
        "anthropic": "http://b:2",
    }


def test_control_urls_without_a_provider_are_refused():
    """A bare URL does not say whose it is."""
    with pytest.raises(BadPlan, match="provider=URL"):
        parse_controls("http://a:1")
