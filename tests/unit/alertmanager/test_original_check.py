"""What Alertmanager does not take of somebody's config, where nobody but Alertmanager looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.original_check import check_original
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines, Generation, find_engines

GOOD = """\
global:
  smtp_smarthost: mail.example:25
  smtp_from: alerts@example.org
route:
  receiver: hook
  routes:
  - receiver: mail
    matchers: [severity="info"]
receivers:
- name: hook
  webhook_configs:
  - url: https://hooks.example/s3cret-path
    send_resolved: true
- name: mail
  email_configs:
  - to: ops@example.org
    auth_username: ops
    auth_password: hunter22
"""
HOOK = "https://hooks.example/s3cret-path"

BAD = [
    pytest.param(HOOK, "${HOOK_URL}", 12, "unsupported scheme", id="a placeholder for a URL"),
    pytest.param(HOOK, "hooks.example/s3cret-path", 12, "unsupported scheme", id="a URL without a scheme"),
    pytest.param("    send_resolved: true", "    url_file: /x", 13, "url_file", id="a field beside its file"),
    pytest.param("mail.example:25", "mail.example", 2, "missing port", id="a smarthost without a port"),
    pytest.param(
        "    send_resolved: true",
        "    http_config: {basic_auth: {username: a, password: p4ssw0rd}, bearer_token: t0k3n}",
        13,
        "at most one of",
        id="two ways to authenticate",
    ),
]


def check(path: Path, text: str, engines: Engines) -> None:
    """Read a config and have it checked as it is."""
    path.write_text(text)
    check_original(engines.amtool, engines.versions["alertmanager"], read_config(path))


@pytest.mark.parametrize(("good", "bad", "line", "said"), BAD)
@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_what_alertmanager_would_not_load_is_refused_with_its_line(
    tmp_path: Path, generation: Generation, good: str, bad: str, line: int, said: str
) -> None:
    """Placeholders, exclusive fields and smarthosts, in fields that are not read otherwise."""
    path = tmp_path / "alertmanager.yml"
    assert good in GOOD
    with pytest.raises(BadInput) as refused:
        check(path, GOOD.replace(good, bad), find_engines(os.environ, generation=generation))
    assert str(refused.value).startswith(f"{path}:{line}: Alertmanager ")
    assert said in str(refused.value)


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_what_alertmanager_loads_is_taken(tmp_path: Path, generation: Generation) -> None:
    """Also where this machine knows no time zone."""
    zone = "time_intervals:\n- {name: n, time_intervals: [{location: Europe/Berlin, weekdays: [monday]}]}\n"
    check(tmp_path / "alertmanager.yml", GOOD + zone, find_engines(os.environ, generation=generation))


def test_the_line_is_found_in_a_config_in_flow_style(tmp_path: Path, engines: Engines) -> None:
    """Times of the day are texts there, too, whatever YAML takes them for."""
    text = """\
route: {receiver: hook, routes: [{receiver: hook, matchers: [a=b], mute_time_intervals: [n]}]}
time_intervals: [{name: n, time_intervals: [{times: [{start_time: 12:00, end_time: 13:00}]}]}]
receivers:
- {name: hook, webhook_configs: [{url: 'http://a.example'}, {url: a.example}]}
"""
    with pytest.raises(BadInput, match=r"alertmanager\.yml:4: Alertmanager .*unsupported scheme"):
        check(tmp_path / "alertmanager.yml", text, engines)


@pytest.mark.parametrize("secret", ["s3cret-path", "p4ss w0rd", 'p4"ss', "%41"])
def test_no_secret_is_in_the_reason(tmp_path: Path, engines: Engines, secret: str) -> None:
    """Amtool quotes a URL that it cannot parse."""
    with pytest.raises(BadInput) as refused:
        check(tmp_path / "alertmanager.yml", GOOD.replace(HOOK, f"'http://[{secret}'"), engines)
    assert secret not in str(refused.value)


def test_a_config_that_cannot_be_read_again_is_passed_over(tmp_path: Path, engines: Engines) -> None:
    """What came through a pipe is gone; the config that is made of it is checked all the same."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(GOOD.replace(HOOK, "${HOOK_URL}"))
    config = read_config(path)
    path.unlink()
    check_original(engines.amtool, engines.versions["alertmanager"], config)
