"""Tests of configs that are redirected: wall time, the pager's addresses, and all else as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.receiver_sections import OLDEST, SECTIONS

from alertdrill.alertmanager.addresses import TAG, Address, derive_key, parse_path
from alertdrill.alertmanager.amtool import check_config
from alertdrill.alertmanager.config import AlertmanagerConfig, parse_config
from alertdrill.alertmanager.fields import CONFIG
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.redirect import dilate, write_config
from alertdrill.alertmanager.schema import ADDRESS, SECRET
from alertdrill.alertmanager.target import Target
from alertdrill.alertmanager.yaml_without_secrets import read_document
from alertdrill.core.expectation import Integration
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

EVERYTHING = """
global:
  resolve_timeout: 10m
  smtp_from: alertmanager@example.org
  smtp_hello: example.org
  smtp_smarthost: mail.example.org:587
  slack_api_url: https://hooks.example.org/x
route:
  receiver: team x
  group_by: [alertname, 'cluster']
  group_wait: 10s
  repeat_interval: 12h
  routes:
  - matchers: [severity="critical", 'zone=~"a|b"']
    receiver: on-call
    group_by: ['...']
    group_interval: 2m
    continue: yes
    mute_time_intervals: [nights, holidays]
    routes:
    - match: {service: on}
      match_re: {version: 1.10}
      active_time_intervals: [holidays]
      group_wait: 0s
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity=~"warning|info"]
  equal: [alertname]
- source_match: {a: b}
  target_match_re: {a: b}
time_intervals:
- name: nights
  time_intervals:
  - times: [{start_time: 00:00, end_time: 08:00}, {start_time: 22:00, end_time: 24:00}]
    weekdays: ['monday:friday', sunday]
    location: Europe/Berlin
mute_time_intervals:
- name: holidays
  time_intervals:
  - {days_of_month: ['1', -3:-1], months: [january, 5], years: ['2030', 2031:2040]}
receivers:
- name: team x
  slack_configs:
  - channel: '#x'
    title: '{{ template "slack.default.title" . }} 😀'
    color: good
    send_resolved: true
    fields: [{title: a, value: b, short: true}]
    actions: [{type: button, text: t, url: 'https://example.org'}]
    http_config: {proxy_url: 'http://proxy.example.org'}
  - channel: '#y'
    api_url: https://hooks.example.org/y
  webhook_configs:
  - url: https://example.org/hook
    max_alerts: 5
    send_resolved: no
- name: on-call
  pagerduty_configs:
  - routing_key: key
    description: '{{ .CommonAnnotations.summary }}'
    details: {runbook: '{{ .CommonAnnotations.runbook }}', count: 3}
    severity: critical
    images: [{src: 'https://example.org/a.png'}]
  opsgenie_configs:
  - api_key: key
    responders: [{name: ops, type: team}]
    details: {a: b}
    priority: P1
  email_configs:
  - to: you@example.org
    headers: {Subject: '[{{ .Status }}]'}
    require_tls: false
    html: ''
    auth_password: p
- name: nobody
"""


def read() -> AlertmanagerConfig:
    """Return a config with something of everything."""
    return parse_config(EVERYTHING, "a.yml")


def redirect(config: AlertmanagerConfig, target: Target, speed: float = 60) -> dict[str, Any]:
    """Return the redirected config as data."""
    document: dict[str, Any] = json.loads(write_config(config, target=target, speed=speed))
    return document


def test_both_generations_take_what_is_written(each_engines: Engines, target: Target) -> None:
    """Alertmanager's own tool finds no fault with the redirected config."""
    config = read()
    written = write_config(config, target=target, speed=60)
    check_config(each_engines.amtool, each_engines.versions["alertmanager"], config, written)


def test_the_routing_tree_changes_in_its_durations_only(target: Target) -> None:
    """Receivers, matchers, grouping, continue and intervals of every route are what they were."""
    config = read()

    def strip(route: Mapping[str, Any]) -> dict[str, Any]:
        kept = {
            key: value for key, value in route.items() if not key.startswith("group_") or key == "group_by"
        }
        kept.pop("repeat_interval", None)
        return {**kept, "routes": [strip(child) for child in route.get("routes", ())]}

    assert strip(redirect(config, target)["route"]) == strip(config.document["route"])
    assert config.document["route"]["routes"][0]["routes"][0]["match"] == {"service": "on"}
    assert config.document["route"]["routes"][0]["routes"][0]["match_re"] == {"version": "1.10"}


def test_inhibition_is_untouched(target: Target) -> None:
    """Inhibition has no durations, and nothing that leads outside."""
    config = read()
    assert redirect(config, target)["inhibit_rules"] == config.document["inhibit_rules"]


def test_time_intervals_change_in_their_location_only(target: Target) -> None:
    """Both lists of time intervals are read on the calendar in rule time, and say what they said."""
    config = read()
    written = redirect(config, target)
    for key, location in (
        ("time_intervals", "alertdrill/Europe/Berlin"),
        ("mute_time_intervals", "alertdrill/UTC"),
    ):
        assert [period["location"] for item in written[key] for period in item["time_intervals"]] == [
            location
        ]
        assert _drop_locations(written[key]) == _drop_locations(config.document[key])


def _drop_locations(intervals: list[dict[str, Any]]) -> list[Any]:
    return [
        (
            item["name"],
            [{k: v for k, v in period.items() if k != "location"} for period in item["time_intervals"]],
        )
        for item in intervals
    ]


def test_what_notifications_say_is_untouched(target: Target) -> None:
    """Whatever of a receiver is kept is what it was, but for the tag that is added."""
    config = read()
    added = {"fields", "details", "headers"}
    replaced = 0
    for before, after in zip(
        config.document["receivers"], redirect(config, target)["receivers"], strict=True
    ):
        assert before.keys() == after.keys()
        for key in before.keys() - {"name"}:
            for old, new in zip(before[key], after[key], strict=True):
                for name, value in old.items():
                    if value == "<secret>":
                        replaced += 1
                    elif name not in added:
                        assert new[name] == value, name
                    elif isinstance(value, list):
                        assert new[name][: len(value)] == value
                    else:
                        assert new[name].items() >= value.items()
    assert replaced == 7


def test_every_timer_is_divided_by_the_speed(target: Target) -> None:
    """What the root omits has Alertmanager's defaults, which are rule time too; children inherit."""
    written = redirect(read(), target)
    route = written["route"]
    assert written["global"]["resolve_timeout"] == "10s"
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("167ms", "5s", "12m")
    assert route["routes"][0]["group_interval"] == "2s"
    assert "group_wait" not in route["routes"][0]
    assert route["routes"][0]["routes"][0]["group_wait"] == "0s"
    bare = redirect(parse_config("route: {receiver: a}\nreceivers: [{name: a}]", "a.yml"), target)
    assert bare["global"] == {"resolve_timeout": "5s"}
    assert bare["route"] == {
        "receiver": "a",
        "group_wait": "500ms",
        "group_interval": "5s",
        "repeat_interval": "4m",
    }


@pytest.mark.parametrize(
    ("duration", "speed", "dilated"),
    [("10s", 60, "167ms"), ("1ms", 60, "1ms"), ("0s", 60, "0s"), ("1d", 60, "24m"), ("5m", 1, "5m")],
)
def test_timers_are_whole_milliseconds(duration: str, speed: float, dilated: str) -> None:
    """Alertmanager knows nothing shorter; a timer that is not zero does not become so."""
    assert dilate(duration, speed) == dilated


def test_a_timeout_of_a_delivery_is_no_rule_time(target: Target) -> None:
    """How long the network may take is not sixty times shorter because the rules are."""
    text = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: x, timeout: 7s}]}]"
    written = redirect(parse_config(text, "a.yml"), target)
    assert written["receivers"][0]["webhook_configs"][0]["timeout"] == "7s"


def test_every_integration_has_an_inbox_of_its_own(target: Target) -> None:
    """Receiver, kind, and which of that kind: the address says it, and the key belongs to it."""
    written = redirect(read(), target)
    paths = {}
    for receiver in written["receivers"]:
        for kind, configs in receiver.items():
            for index, config in enumerate(configs if kind != "name" else ()):
                path = config.get("auth_username") or _find_path(config, target.url)
                paths[path] = (
                    config.get("auth_password") or config.get("routing_key") or config.get("api_key")
                )
                address = parse_path(path)
                assert (address.receiver, f"{address.integration}_configs", address.index) == (
                    receiver["name"],
                    kind,
                    index,
                )
    assert list(paths) == [
        "slack/team%20x/0",
        "slack/team%20x/1",
        "webhook/team%20x/0",
        "pagerduty/on-call/0",
        "opsgenie/on-call/0",
        "email/on-call/0",
    ]
    assert paths["pagerduty/on-call/0"] == derive_key(
        target.token, Address(receiver="on-call", integration="pagerduty")
    )
    assert len({key for key in paths.values() if key}) == 3


def _find_path(config: dict[str, Any], base: str) -> str:
    url = config.get("url") or config["api_url"]
    return str(url.removeprefix(f"{base}/").removesuffix("/v2/enqueue").removesuffix("/"))


def test_nothing_but_the_pager_is_named(target: Target) -> None:
    """Proxies, mail servers, addresses and passwords of the config are gone."""
    config = read()
    written = redirect(config, target)
    on_call, team = written["receivers"][1], written["receivers"][0]
    assert set(written["global"]) == {"resolve_timeout", "smtp_from", "smtp_hello"}
    for http_config in (
        team["slack_configs"][0]["http_config"],
        team["webhook_configs"][0]["http_config"],
        on_call["pagerduty_configs"][0]["http_config"],
    ):
        assert set(http_config) == {"authorization", "tls_config"}
        assert http_config["authorization"] == {"credentials_file": target.token_file}
        assert http_config["tls_config"]["ca_file"] == target.ca_file
    assert set(on_call["opsgenie_configs"][0]["http_config"]) == {"tls_config"}
    mail = on_call["email_configs"][0]
    assert (mail["smarthost"], mail["require_tls"]) == (target.smarthost, True)
    assert mail["tls_config"]["ca_file"] == target.ca_file


def test_the_tag_goes_where_templates_are_rendered(target: Target) -> None:
    """Each integration has a place for it; a webhook's payload says all by itself."""
    team, on_call, _ = redirect(read(), target)["receivers"]
    for slack in team["slack_configs"]:
        assert slack["fields"][-1] == {"title": "alertdrill-tag", "value": TAG}
    assert on_call["pagerduty_configs"][0]["details"]["alertdrill-tag"] == TAG
    assert on_call["opsgenie_configs"][0]["details"]["alertdrill-tag"] == TAG
    assert on_call["email_configs"][0]["headers"]["X-alertdrill-tag"] == TAG
    assert TAG not in json.dumps(team["webhook_configs"])


def test_a_redirected_config_reads_back_as_itself(target: Target) -> None:
    """What is written is YAML of fields that are known, and can be redirected once more."""
    config = read()
    written = write_config(config, target=target, speed=60)
    document, lines = read_document(written, CONFIG, "a.yml")
    again = AlertmanagerConfig(document=document, source="a.yml", lines=lines)
    assert document["route"] == json.loads(written)["route"]
    assert len(json.loads(write_config(again, target=target, speed=1))["receivers"]) == 3


@pytest.mark.parametrize("speed", [0.5, 0, -1, float("nan")])
def test_a_speed_below_one_is_refused(target: Target, speed: float) -> None:
    """Slower than the rules' own time makes no sense."""
    with pytest.raises(BadInput, match="is not a number from 1 up"):
        write_config(read(), target=target, speed=speed)


def test_the_token_is_in_no_file_or_representation(target: Target) -> None:
    """The config names the file that the pager's token is in."""
    written = write_config(read(), target=target, speed=60)
    assert target.token not in written
    assert target.token not in repr(target)
    assert target.token_file in written


@pytest.mark.parametrize("integration", SECTIONS)
def test_a_section_as_its_documentation_has_it_leads_to_the_pager_alone(
    integration: Integration, each_engines: Engines, target: Target
) -> None:
    """Addresses and keys are gone, what is said stays, and Alertmanager takes what is written."""
    if each_engines.versions["alertmanager"].startswith("0.25") and integration not in OLDEST:
        pytest.skip("this Alertmanager does not have the kind")
    # There are no template files here.
    section = json.loads(json.dumps(SECTIONS[integration]).replace('template \\"said\\" .', ".Status"))
    receiver = {"name": "a", f"{integration}_configs": [section]}
    config = parse_config(json.dumps({"route": {"receiver": "a"}, "receivers": [receiver]}), "a.yml")
    written = write_config(config, target=target, speed=60)
    check_config(each_engines.amtool, each_engines.versions["alertmanager"], config, written)
    (redirected,) = json.loads(written)["receivers"][0][f"{integration}_configs"]
    kind = RECEIVER_KINDS[integration]
    for name, value in section.items():
        if kind.fields[name] in (SECRET, ADDRESS):
            assert redirected.get(name) != value
        elif isinstance(value, str):
            assert str(redirected[name]).endswith(value)
    addresses = [value for name, value in redirected.items() if name in ("url", "api_url", "webhook_url")]
    addresses.append(redirected["http_config"].get("proxy_url", target.url))
    # What a notification shows may name other places; whom Alertmanager calls is the pager.
    own = [value for value in addresses if value != section.get("url") or kind.fields["url"] is SECRET]
    assert all(value.startswith(target.url) for value in own)
    assert redirected["http_config"]["tls_config"]["ca_file"] == target.ca_file


def test_an_address_in_global_tells_jiras_version_and_is_written_nowhere(target: Target) -> None:
    """A site in the cloud stays one, although its host is the pager's now."""
    text = (
        "global: {jira_api_url: 'https://team.atlassian.net/rest/api/3'}\nroute: {receiver: a}\n"
        "receivers: [{name: a, jira_configs: [{project: P, issue_type: T}]}]"
    )
    written = redirect(parse_config(text, "a.yml"), target)
    (jira,) = written["receivers"][0]["jira_configs"]
    assert jira["api_url"].startswith(f"{target.url}/jira/a/0/")
    assert jira["api_url"].endswith("/rest/api/3")
    assert jira["api_type"] == "cloud"
    assert "atlassian.net" not in json.dumps(written)
