"""Tests of what is refused in a config, and how it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alertdrill.alertmanager.amtool import check_config
from alertdrill.alertmanager.config import MAX_BYTES, parse_config, read_config
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.target import Target
from alertdrill.alertmanager.unplayed import find_unplayed_receivers
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runtime.binaries import Engines

RECEIVER = "receivers:\n- name: a\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("receivers: []", "a.yml: not an Alertmanager config: it has no route"),
        ("route:\n  group_by: [x]", "a.yml:1: the root route has no receiver"),
        ("route:\n  receiver: b\n" + RECEIVER, "a.yml:2: the route's receiver 'b' is stated nowhere"),
        (
            "route:\n  receiver: a\n  routes:\n  - routes:\n    - receiver: b\n" + RECEIVER,
            "a.yml:5: the route's receiver 'b' is stated nowhere",
        ),
        ("route: {receiver: a}\n" + RECEIVER + "- name: a", "a.yml:4: the receiver 'a' is stated twice"),
        ("route: {receiver: a}\n" + RECEIVER + "- {}", "a.yml:4: a receiver has no name"),
        (
            "route:\n  receiver: a\n  routes:\n  - mute_time_intervals: [b]\n" + RECEIVER,
            "a.yml:4: the time interval 'b' is stated nowhere",
        ),
        (
            "route:\n  receiver: a\n  routes:\n  - active_time_intervals:\n    - b\n" + RECEIVER,
            "a.yml:5: the time interval 'b' is stated nowhere",
        ),
        (
            "route: {receiver: a}\n"
            + RECEIVER
            + "time_intervals:\n- name: n\nmute_time_intervals:\n- name: n",
            "a.yml:7: the time interval 'n' is stated twice",
        ),
        (
            "route:\n  receiver: a\n  matchers: [b=c]\n" + RECEIVER,
            "a.yml:3: the root route takes every alert",
        ),
        (
            "route:\n  receiver: a\n  continue: yes\n" + RECEIVER,
            "a.yml:3: the root route cannot have continue",
        ),
        (
            "route:\n  receiver: a\n  mute_time_intervals: [b]\n" + RECEIVER,
            "a.yml:3: the root route takes every alert: it cannot have mute_time_intervals",
        ),
        ("route:\n  receiver: a\n  group_wait: soon\n" + RECEIVER, "a.yml:3: group_wait: 'soon' is not a"),
        (
            "route:\n  receiver: a\n  group_interval: 0s\n" + RECEIVER,
            "a.yml:3: group_interval cannot be zero",
        ),
        ("global: {resolve_timeout: x}\nroute: {receiver: a}\n" + RECEIVER, "a.yml:1: resolve_timeout: 'x'"),
        (
            "route:\n  receiver: a\n  routes:\n  - matchers: ['b=~\"(\"']\n" + RECEIVER,
            "a.yml:4: the regular expression '(' cannot be read",
        ),
        (
            "route: {receiver: a}\n" + RECEIVER + "inhibit_rules:\n- source_matchers: [x]",
            "a.yml:5: 'x' is no matcher",
        ),
        (
            "route: {receiver: a}\n"
            + RECEIVER
            + "time_intervals:\n- name: n\n  time_intervals:\n  - location: Mars/Base",
            "a.yml:7: the location 'Mars/Base' is no time zone",
        ),
        (
            "route: {receiver: a}\n"
            + RECEIVER
            + "time_intervals:\n- name: n\n  time_intervals:\n  - location: ../x",
            "a.yml:7: the location '../x' is no time zone",
        ),
        (
            "route: {receiver: a}\n" + RECEIVER + "  slack_configs: [{}]",
            "'a': slack has no api_url, and global",
        ),
        (
            "route: {receiver: a}\n" + RECEIVER + "  webhook_configs:\n  - max_alerts: 3",
            "a.yml:5: receiver 'a'",
        ),
        (
            "global: {smtp_smarthost: x}\nroute: {receiver: a}\n" + RECEIVER + "  email_configs: [{to: b}]",
            "'a': email has no from, and global no smtp_from",
        ),
        (
            "global: {smtp_smarthost: x, smtp_from: x}\nroute: {receiver: a}\n"
            + RECEIVER
            + "  email_configs: [{from: b}]",
            "'a': email has no to",
        ),
        ("route: {receiver: a}\n" + RECEIVER + "templates: [a.tmpl]", "a.yml:4: there are no template files"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(text: str, why: str) -> None:
    """A config that Alertmanager would refuse, or that the pager cannot stand in for, is bad input."""
    with pytest.raises(BadInput) as caught:
        parse_config(text, "a.yml")
    assert why in str(caught.value)


def test_every_integration_that_cannot_be_played_is_a_note() -> None:
    """By its receiver, its kind and its line; also one of a kind that only tomorrow's Alertmanager has."""
    text = (
        "route: {receiver: a}\nreceivers:\n- name: a\n  pigeon_configs:\n  - {loft: s3cret}\n  - {}\n"
        "  slack_configs:\n  - {api_url: x}\n- name: b\n  pigeon_configs: [{}]\n"
    )
    config = parse_config(text, "a.yml")
    assert [note.partition(": whether")[0] for note in config.notes] == [
        "a.yml:5: receiver 'a': the pager cannot stand in for pigeon",
        "a.yml:6: receiver 'a': the pager cannot stand in for pigeon",
        "a.yml:10: receiver 'b': the pager cannot stand in for pigeon",
    ]
    assert "s3cret" not in repr(config)
    assert find_unplayed_receivers(config.document) == {"b": ("pigeon",)}


def test_what_is_no_section_of_a_receiver_is_refused() -> None:
    """Not whatever ends like one is one."""
    with pytest.raises(BadInput, match=r"a.yml:4: the field Pigeon-_configs in receivers is unknown"):
        parse_config("route: {receiver: a}\nreceivers:\n- name: a\n  Pigeon-_configs: [{}]\n", "a.yml")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\xff", "not UTF-8"), (b"#" * (MAX_BYTES + 1), f"larger than {MAX_BYTES} bytes")],
)
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, content: bytes, why: str) -> None:
    """Neither another encoding nor a file without end is read."""
    path = tmp_path / "a.yml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=why):
        read_config(path)


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    """The message names the file and the reason."""
    with pytest.raises(BadInput, match=r"none\.yml: cannot be read: No such file"):
        read_config(tmp_path / "none.yml")


def test_a_field_that_this_alertmanager_does_not_know_is_named(
    place: Callable[[str], Path], target: Target, each_engines: Engines
) -> None:
    """`timeout` of a webhook came after 0.25: it is refused there, with its line in the user's own file."""
    text = "# a\nroute: {receiver: a}\n" + RECEIVER + "  webhook_configs:\n  - url: x\n    timeout: 3s\n"
    config = read_config(place(text))
    written = write_config(config, target=target, speed=60)
    version = each_engines.versions["alertmanager"]
    if version.startswith("0.25"):
        with pytest.raises(BadInput) as caught:
            check_config(each_engines.amtool, version, config, written)
        assert (
            str(caught.value) == f"{config.source}:7: Alertmanager {version} does not know the field timeout"
        )
    else:
        check_config(each_engines.amtool, version, config, written)


@pytest.mark.parametrize(
    ("part", "template", "why"),
    [
        ("", '{{ define "a" }}{{ nofunc }}{{ end }}', 'a.tmpl:1: function "nofunc" not defined'),
        (
            "  opsgenie_configs:\n  - {api_key: x, responders: [{type: nobody, name: n}]}\n",
            "",
            "alertmanager.yml: Alertmanager",
        ),
    ],
)
def test_what_only_alertmanager_knows_to_be_wrong_is_told(
    place: Callable[[str], Path], target: Target, each_engines: Engines, part: str, template: str, why: str
) -> None:
    """Template functions and kinds of responders are left to amtool, and so are the words for it."""
    path = place(f"route: {{receiver: a}}\ntemplates: ['*.tmpl']\nreceivers:\n- name: a\n{part}")
    path.with_name("a.tmpl").write_text(template)
    config = read_config(path)
    with pytest.raises(BadInput) as caught:
        check_config(each_engines.amtool, "0.0", config, write_config(config, target=target, speed=60))
    assert why in str(caught.value)
    assert "000-" not in str(caught.value)


def test_an_amtool_that_cannot_be_run_tells_nothing(target: Target, tmp_path: Path) -> None:
    """Without amtool it is not known whether the config is good."""
    config = parse_config("route: {receiver: a}\nreceivers: [{name: a}]", "a.yml")
    with pytest.raises(CouldNotTell, match="could not be run"):
        check_config(tmp_path / "amtool", "0.0", config, write_config(config, target=target, speed=60))
