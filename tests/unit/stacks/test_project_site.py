"""How the stack of a project is made."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.own_project import ALERTMANAGER

from alertdrill.alertmanager.config import read_config
from alertdrill.core.drill import Drill, Fault, Outage
from alertdrill.errors import ComponentFailed
from alertdrill.project.project import Project, Scrape, Secret, StubProvider, Target
from alertdrill.rules.files import parse_rules
from alertdrill.runtime.binaries import Engines
from alertdrill.stacks import Setup
from alertdrill.stacks.project_parts import plan_own
from alertdrill.stacks.project_site import ProjectSite, make_scrape_config
from stub_providers.__main__ import read_settings

TARGET = Target(url="http://127.0.0.1:4000")
SCRAPE = Scrape(job="shop", targets=("127.0.0.1:4000",))
DRILL = Drill(name="d", system="own", traffic=(), expects=(), why="", lasts_s=60)


def make_site(engines: Engines, target: Target) -> ProjectSite:
    """Return the site of a project with one provider."""
    project = Project(
        path=Path("/p/alertdrill.toml"),
        out=Path("/p/out"),
        target=target,
        scrapes=(SCRAPE,),
        providers=(StubProvider(name="openai", dialect="openai"),),
    )
    return ProjectSite(engines=engines, project=project, target=target, environment={})


def test_an_interval_is_divided_by_the_speed() -> None:
    """So is the time that a scrape may take, which cannot be longer."""
    assert make_scrape_config(replace(SCRAPE, interval_s=30), TARGET, 12, None) == {
        "job_name": "shop",
        "metrics_path": "/metrics",
        "scrape_interval": "2s500ms",
        "scrape_timeout": "2s500ms",
        "static_configs": [{"targets": ["127.0.0.1:4000"]}],
    }


def test_a_query_is_no_part_of_the_path() -> None:
    """Prometheus would ask for a path with a question mark in it."""
    config = make_scrape_config(replace(SCRAPE, path="/metrics?a=1&a=2&b="), TARGET, 1, None)
    assert config["metrics_path"] == "/metrics"
    assert config["params"] == {"a": ["1", "2"], "b": [""]}


@pytest.mark.parametrize(
    ("url", "targets", "scheme"),
    [
        ("https://gw:4000", ("gw:4000",), "https"),
        ("https://gw", ("gw:443",), "https"),
        ("https://[::1]:4000/base", ("[::1]:4000",), "https"),
        ("https://gw:4000", ("gw:9090",), None),
        ("http://gw:4000", ("gw:4000",), None),
    ],
)
def test_the_targets_own_address_is_scraped_as_it_is_called(
    url: str, targets: tuple[str, ...], scheme: str | None
) -> None:
    """With TLS, checked by the same authority; metrics at another port are not."""
    target = Target(url=url, ca=Path("/p/ca.pem"))
    config = make_scrape_config(replace(SCRAPE, targets=targets), target, 1, None)
    assert config.get("scheme") == scheme
    assert config.get("tls_config") == ({"ca_file": "/p/ca.pem"} if scheme else None)


def test_a_key_is_named_by_its_file_only() -> None:
    """Relabelling is handed on as it is."""
    relabel = ({"target_label": "a", "replacement": "b"},)
    config = make_scrape_config(replace(SCRAPE, relabel=relabel), TARGET, 1, "/p/key")
    assert config["authorization"] == {"credentials_file": "/p/key"}
    assert config["relabel_configs"] == [*relabel]


@pytest.mark.parametrize(
    ("changes", "part", "how", "said"),
    [
        ({"alertmanagers": 2}, "pager", "kill", "one Alertmanager"),
        ({}, "pager", "disconnect", "'disconnect'"),
        ({}, "gateway", "kill", "has no command"),
        ({}, "provider-google", "kill", "there are: gateway, .*, provider-openai"),
    ],
)
def test_what_a_project_cannot_do_is_said(
    engines: Engines, changes: dict[str, Any], part: str, how: Fault, said: str
) -> None:
    """A second Alertmanager, faults of a network, the end of what runs already, and no such part."""
    outages = (Outage(part=part, at_s=0, for_s=1, how=how),)
    obstacle = make_site(engines, TARGET).find_obstacle(replace(DRILL, outages=outages, **changes))
    assert obstacle is not None
    assert re.search(said, obstacle)


def test_a_gateway_that_the_project_starts_can_be_put_out(engines: Engines) -> None:
    """And so can every other part."""
    site = make_site(engines, replace(TARGET, command=("gateway",)))
    for part in site.subject.parts:
        outages = (Outage(part=part, at_s=0, for_s=1, how="kill"),)
        assert site.find_obstacle(replace(DRILL, outages=outages)) is None


@pytest.fixture
def listener() -> Iterator[int]:
    """Return the port of somebody who listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_who_listens_already_is_not_taken_for_the_gateway(
    engines: Engines, listener: int, tmp_path: Path
) -> None:
    """Before the project's own has found its port taken, it would be drilled instead; nothing is started."""
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER)
    setup = Setup(
        speed=1,
        rules=(parse_rules("groups: [{name: g, rules: [{alert: A, expr: up}]}]", "rules.yml"),),
        alertmanager=read_config(tmp_path / "alertmanager.yml"),
        logs=tmp_path / "logs",
        zones={},
    )
    target = Target(url=f"http://127.0.0.1:{listener}", command=("sleep", "60"))
    with (
        pytest.raises(ComponentFailed, match=rf"somebody listens at 127\.0\.0\.1:{listener} already"),
        make_site(engines, target).open(setup),
    ):
        pass
    assert not (tmp_path / "logs").exists()


def test_a_stub_of_a_project_answers_in_wall_time_and_limits_by_the_traffic() -> None:
    """Its keys are in the environment, and no argument has one."""
    behaviour = {"lookups": True}
    provider = StubProvider(
        name="openai", dialect="openai", models={"m": behaviour}, keys=((Secret(env="K"), behaviour),)
    )
    project = Project(path=Path("/p/a.toml"), out=Path("/p/out"), target=TARGET, providers=(provider,))
    addresses = {"provider-openai": "127.0.0.1:1", "control-openai": "127.0.0.1:2"}
    (plan,) = plan_own(project, TARGET, addresses, "t", speed=12.0, environment={"K": "sk-1"}).values()
    argv, secrets = plan
    settings = read_settings(argv[4:])
    assert (settings.speed, settings.traffic_speed) == (1.0, 12.0)
    assert settings.of_models == {"m": behaviour}
    ((variable, told),) = settings.of_keys.items()
    assert (secrets[variable], told) == ("sk-1", behaviour)
    assert "sk-1" not in " ".join(argv)
