"""Where scenarios are found: alertdrill's own by name, and those of users by path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alertdrill.core.clock import Clock
from alertdrill.core.drill import LoadProfile, LoadStage
from alertdrill.errors import BadInput
from alertdrill.places import SCENARIOS
from alertdrill.runner.scenario_files import (
    MAX_BYTES,
    find_scenario,
    list_own_files,
    list_shipped,
    name_scenario,
)
from alertdrill.runner.target import Target
from alertdrill.runner.traffic import plan


def make_profile(scenario: str) -> LoadProfile:
    """Return a load profile of a scenario."""
    stages = (LoadStage(duration_s=60, rate_per_s=1),)
    return LoadProfile(name=scenario, scenario=scenario, start_s=0, stages=stages, prefix="metis")


def test_every_shipped_scenario_is_found_by_its_name() -> None:
    """Its class is called as its file is."""
    names = list_shipped()
    assert {"steady", "burst", "outage", "auth_scan"} <= set(names)
    for name in names:
        path = find_scenario(name)
        assert path == SCENARIOS / f"{name}.py"
        assert f'scenario = "{name}"' in path.read_text()


def test_a_scenario_of_ones_own_is_found_in_a_file_and_in_a_folder(tmp_path: Path) -> None:
    """It is called as its file is."""
    own = tmp_path / "night.py"
    own.write_text("")
    assert find_scenario("night", [own]) == find_scenario("night", [tmp_path]) == own.resolve()
    assert name_scenario("loads/night.py") == "night"
    assert list_own_files([make_profile("night.py"), make_profile("steady")], tmp_path) == (own.resolve(),)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("stedy", r"there is no scenario 'stedy'; do you mean 'steady'\?; there are: auth_scan, burst"),
        ("../secrets", r"there is no scenario '../secrets'; there are: "),
    ],
)
def test_a_scenario_that_is_not_there_is_refused(name: str, sentence: str) -> None:
    """With those that are."""
    with pytest.raises(BadInput, match=sentence):
        find_scenario(name)


def test_a_scenario_of_ones_own_takes_no_name_of_alertdrills(tmp_path: Path) -> None:
    """Else a drill would send other traffic than it says."""
    own = tmp_path / "steady.py"
    own.write_text("")
    with pytest.raises(BadInput, match=r"two scenarios are called 'steady': .*; rename yours"):
        find_scenario("steady", [own])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"import x\nclass Night(\n", r"night\.py:2: is no Python: "),
        (b"\xff\xfe", r"night\.py.*: is no Python: "),
        (b"#" * (MAX_BYTES + 1), r"night\.py: is longer than"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_before_anything_is_started(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    """With its line, where it has one."""
    own = tmp_path / "night.py"
    own.write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        find_scenario("night", [own])


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere, and a pipe that nobody writes to."""
    pipe = tmp_path / "night.py"
    with pytest.raises(BadInput, match=r"night\.py: cannot be read: No such file"):
        find_scenario("night", [pipe])
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match=r"night\.py: cannot be read: this is not a regular file"):
        find_scenario("night", [pipe])


def test_a_plan_for_a_target_has_neither_prefixes_nor_secrets(tmp_path: Path) -> None:
    """A scenario that is stated by path goes by its name; what is secret goes into Locust's environment."""
    target = Target(token="sk-secret", headers={"x-team": "blue", "x-tier": "gold"}, ca=tmp_path / "ca.pem")
    document = plan(
        [make_profile("loads/night.py")],
        clock=Clock(speed=12, origin_s=0),
        seed=1,
        controls={},
        report=tmp_path / "report.json",
        target=target,
    )
    (profile,) = document["profiles"]
    assert (profile["scenario"], profile["prefix"]) == ("night", None)
    stated, variables = document["target"], target.list_variables()
    assert variables[stated["token_env"]] == "sk-secret"
    assert {name: variables[of] for name, of in stated["headers_env"].items()} == target.headers
    assert stated["ca"] == str(tmp_path / "ca.pem")
    assert not {"sk-secret", "blue", "gold"} & set(str(document).split("'"))
    assert "sk-secret" not in repr(target)


def test_a_plan_for_the_reference_gateway_has_its_prefixes(tmp_path: Path) -> None:
    """And no target."""
    document = plan(
        [make_profile("steady")],
        clock=Clock(speed=12, origin_s=0),
        seed=1,
        controls={},
        report=tmp_path / "report.json",
    )
    assert (document["profiles"][0]["prefix"], document["target"]) == ("metis", None)
