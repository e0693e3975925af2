"""AlertmanagerConfig resources become what the Prometheus operator makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.whole_runs import ROOT

from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.original_check import check_original
from alertdrill.alertmanager.routes import match_routes, parse_routes
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

EVERY_FIELD = ROOT / "tests" / "support" / "operator" / "every_field.yml"
SHOP = """\
apiVersion: monitoring.coreos.com/v1beta1
kind: AlertmanagerConfig
metadata: {name: shop, namespace: web}
spec:
  route:
    receiver: chat
    groupBy: [alertname]
    groupWait: 10s
    routes:
    - receiver: duty
      matchers:
      - {name: severity, value: critical}
      - {name: job, matchType: '!~', value: 'test.*'}
      muteTimeIntervals: [weekend]
  receivers:
  - name: chat
    slackConfigs:
    - apiURL: {name: slack, key: url}
      channel: '#shop'
      sendResolved: true
      iconURL: https://icons.example/x
      httpConfig: {proxyURL: 'http://proxy'}
      fields: [{title: a, value: b, short: true}]
  - name: duty
    pagerdutyConfigs:
    - routingKey: {name: duty, key: key}
      details: [{key: runbook, value: x}]
      pagerDutyLinkConfigs: [{href: 'https://x.example', alt: y}]
    emailConfigs:
    - {to: a@b.example, from: c@d.example, smarthost: 'm.example:25', headers: [{key: Subject, value: s}]}
    webhookConfigs: [{urlSecret: {name: hook, key: url}, maxAlerts: 3}]
  inhibitRules:
  - sourceMatch: [{name: severity, value: critical}]
    targetMatch: [{name: severity, value: warning}]
    equal: [alertname]
  timeIntervals:
  - name: weekend
    timeIntervals:
    - weekdays: [saturday, sunday]
      daysOfMonth: [{start: 1, end: 7}]
      times: [{startTime: '00:00', endTime: '24:00'}]
"""
BASE = """\
apiVersion: v1
kind: Secret
metadata: {name: alertmanager-main}
stringData:
  alertmanager.yaml: |
    global: {smtp_from: me@example.org}
    route:
      receiver: default
      routes: [{receiver: default, matchers: [team=ops], mute_time_intervals: [lunch]}]
    time_intervals: [{name: lunch, time_intervals: [{times: [{start_time: 12:00, end_time: 13:00}]}]}]
    receivers:
    - name: default
      webhook_configs: [{url: https://hooks.example/s3cret, send_resolved: no}]
"""


def test_a_resource_has_a_route_of_its_own_for_its_namespace(
    place: Callable[[str], Path], engines: Engines
) -> None:
    """Before those of the base config, and going on to them; all that it names is called by its name."""
    config = read_config(place(f"{SHOP}---\n{BASE}"))
    check_original(engines.amtool, engines.versions["alertmanager"], config)
    assert "s3cret" not in repr(config)
    document = config.document
    root = parse_routes(document)

    def lead(**labels: str) -> list[str]:
        return [match.receiver for match in match_routes(root, {"alertname": "A", **labels})]

    assert lead(namespace="web") == ["web/shop/chat"]
    assert lead(namespace="web", severity="critical", job="x") == ["web/shop/duty"]
    assert lead(namespace="web", severity="critical", job="test-1") == ["web/shop/chat"]
    assert lead(namespace="web", team="ops") == ["web/shop/chat", "default"]
    assert lead(namespace="other", severity="critical") == ["default"]
    assert document["route"]["routes"][0]["routes"][0]["mute_time_intervals"] == ["web/shop/weekend"]
    assert [one["name"] for one in document["time_intervals"]] == ["lunch", "web/shop/weekend"]
    assert document["time_intervals"][1]["time_intervals"][0]["days_of_month"] == ["1:7"]
    (rule,) = document["inhibit_rules"]
    assert rule["source_matchers"] == ['severity="critical"', 'namespace="web"']
    assert rule["target_matchers"] == ['severity="warning"', 'namespace="web"']
    default, chat, duty = document["receivers"]
    assert default["webhook_configs"][0]["send_resolved"] is False
    assert chat["slack_configs"][0]["icon_url"] == "https://icons.example/x"
    assert duty["pagerduty_configs"][0]["details"] == {"runbook": "x"}
    assert duty["email_configs"][0]["headers"] == {"Subject": "s"}


def test_resources_are_taken_in_the_order_of_their_names(
    place: Callable[[str], Path], engines: Engines
) -> None:
    """Without a base config everything else is notified to nobody, as the operator has it."""
    early = SHOP.replace("namespace: web", "namespace: api")
    config = read_config(place(f"kind: List\nitems:\n{indent(SHOP)}{indent(early)}"))
    check_original(engines.amtool, engines.versions["alertmanager"], config)
    assert config.document["route"]["receiver"] == "null"
    assert [route["receiver"] for route in config.document["route"]["routes"]] == [
        "api/shop/chat",
        "web/shop/chat",
    ]


def test_a_resource_without_a_namespace_is_in_the_default_one(place: Callable[[str], Path]) -> None:
    """As where kubectl is told nothing else; it is noted, because routes hang on it."""
    path = place(SHOP.replace(", namespace: web}", "}"))
    config = read_config(path)
    assert (
        config.notes[0] == f"{path}:1: the AlertmanagerConfig states no namespace: it is read as in 'default'"
    )
    (route, *_) = config.document["route"]["routes"]
    assert route["matchers"] == ['namespace="default"']


def test_a_template_of_a_base_config_that_is_not_here_stays_unobserved(place: Callable[[str], Path]) -> None:
    """Only the base config names template files."""
    shop = SHOP.replace("channel: '#shop'", "channel: '#shop'\n      title: '{{ template \"own\" . }}'")
    assert "no template file here defines 'own'" in read_config(place(shop)).notes[0]
    with pytest.raises(BadInput, match="the template 'own' is defined nowhere"):
        read_config(place(f"{shop}---\n{BASE}"))


def test_every_field_of_a_receiver_is_taken(tmp_path: Path, each_engines: Engines) -> None:
    """As the operator takes it, by the names that Alertmanager has; an older one has fewer receivers."""
    text = EVERY_FIELD.read_text()
    if each_engines.versions["alertmanager"].startswith("0.2"):
        text = text.partition("  - name: newer")[0].replace("receiver: newer", "receiver: oldest")
    path = tmp_path / "every.yml"
    path.write_text(text)
    config = read_config(path)
    check_original(each_engines.amtool, each_engines.versions["alertmanager"], config)
    written = {key for one in yaml.safe_load(text)["spec"]["receivers"] for key in one if key != "name"}
    read = {key for one in config.document["receivers"] for key in one if key.endswith("_configs")}
    assert len(read) == len(written)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "{name: slack, key: url}",
            "https://s3cret.example",
            "apiURL in slackConfigs names a key of a Secret",
        ),
        ("{name: slack, key: url}", "{name: slack}", "apiURL in slackConfigs names a key of a Secret"),
        ("{name: duty, key: key}", "s3cret", "routingKey in pagerdutyConfigs names a key of a Secret"),
        ("urlSecret:", "url:", "url in webhookConfigs is a text: Kubernetes takes no key of a Secret"),
    ],
)
def test_a_text_in_place_of_a_secret_s_key_is_refused_by_its_line(
    place: Callable[[str], Path], old: str, new: str, said: str
) -> None:
    """So is a key in place of a text: the cluster would not take either. What stands there is not shown."""
    assert old in SHOP
    line = 1 + SHOP[: SHOP.index(old)].count("\n")
    with pytest.raises(BadInput) as refused:
        read_config(place(SHOP.replace(old, new)))
    assert f"alertmanager.yml:{line}: {said}" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_webex_is_taken_with_credentials_only(place: Callable[[str], Path], engines: Engines) -> None:
    """Alertmanager demands them; how else the connection is made is left out."""
    hook = "webhookConfigs: [{urlSecret: {name: hook, key: url}, maxAlerts: 3}]"
    made = "{proxyURL: 'http://p', bearerTokenSecret: {name: a, key: b}}"
    webex = f"webexConfigs: [{{roomID: r, httpConfig: {made}}}]"
    config = read_config(place(SHOP.replace(hook, webex)))
    check_original(engines.amtool, engines.versions["alertmanager"], config)
    config = read_config(place(SHOP.replace(hook, webex.replace("bearerTokenSecret", "oauth2"))))
    with pytest.raises(BadInput, match=r"alertmanager\.yml:\d+: Alertmanager .*http_config\.authorization"):
        check_original(engines.amtool, engines.versions["alertmanager"], config)


def indent(text: str) -> str:
    """Return a resource as an item of a list."""
    return "- " + text.replace("\n", "\n  ").rstrip(" ")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("channel:", "chanel:", 19, "the field chanel in slack_configs is unknown"),
        ("groupWait: 10s", "groupWait: soon", 8, "group_wait: 'soon' is not a duration"),
        ("receiver: duty", "receiver: dutty", 10, "'web/shop/dutty' is stated nowhere"),
        ("name: shop, ", "", 1, "the AlertmanagerConfig states no name"),
        ("    - receiver: duty", "    - match: {a: b}\n      receiver: duty", 10, "has no field match"),
        (
            "me@example.org}",
            "me@example.org, smtp_frm: x}",
            48,
            "the field smtp_frm in global is unknown",
        ),
    ],
)
def test_what_is_wrong_in_a_resource_has_its_line(
    place: Callable[[str], Path], old: str, new: str, line: int, said: str
) -> None:
    """In the manifest, though the config is made anew; in the base config, too."""
    text = f"{SHOP}---\n{BASE}"
    assert old in text
    with pytest.raises(BadInput) as refused:
        read_config(place(text.replace(old, new)))
    assert f"alertmanager.yml:{line}: " in str(refused.value), refused.value
    assert said in str(refused.value)


def test_what_alertmanager_does_not_take_of_it_has_its_line(
    place: Callable[[str], Path], engines: Engines
) -> None:
    """Where only Alertmanager looks, too."""
    text = f"{SHOP}---\n{BASE}".replace("https://hooks.example/s3cret", "hooks.example")
    config = read_config(place(text))
    with pytest.raises(BadInput, match=r"alertmanager\.yml:55: Alertmanager .*unsupported scheme"):
        check_original(engines.amtool, engines.versions["alertmanager"], config)


def test_a_resource_that_is_in_itself_is_refused(place: Callable[[str], Path]) -> None:
    """YAML's aliases can be written so that there is no end to what they state."""
    head = SHOP.partition("  route:")[0]
    with pytest.raises(BadInput, match="the AlertmanagerConfig is nested too deeply, or in itself"):
        read_config(place(head + "  receivers: []\n  route: &a {receiver: x, routes: [*a]}\n"))
