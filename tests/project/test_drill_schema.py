"""docs/reference/drills.schema.json says of drill files what their reader takes."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from support.documents import walk
from support.whole_runs import ROOT

from alertdrill.core.drill import Arrivals, Failing, Fault
from alertdrill.core.error_classes import ERROR_CLASSES
from alertdrill.core.expectation import Integration, Suppression
from alertdrill.errors import BadInput
from alertdrill.systems.drill_files.drills import parse_drills
from docs_generator.behaviours import make_definitions
from stub_providers.behaviour_fields import PARTS
from stub_providers.strikes import ERROR_CLASSES as STUB_ERRORS

BEHAVIOURS = make_definitions().keys()
SCHEMA = json.loads((ROOT / "docs" / "reference" / "drills.schema.json").read_text())
READER = ROOT / "harness" / "alertdrill" / "systems" / "drill_files"
GUIDE = (ROOT / "docs" / "how-to" / "judge.md").read_text()
DRILLS = """\
drills:
  - name: outage
    why: A provider fails.
    traffic:
      - {scenario: steady, models: [m], rate: 0.4/s, lasts: 40m}
      - {scenario: burst, at: 1m, stages: [{rate: 6/m, lasts: 1m}], arrivals: poisson,
         key: k, stream_share: 50%}
    changes:
      - {at: 5m, provider: p, errors: {class: timeout, share: 100%}, latency: 12s}
      - {at: 6m, provider: p, model: m, latency: {from: 1s, to: 2s}}
      - {at: 7m, provider: p, latency: {median: 2s}, errors: {next: 3}}
      - {at: 8m, provider: p, listening: false}
      - {at: 9m, provider: p, healthy: true}
      - {at: 10m, provider: p, key: {env: CUSTOMER_KEY}, limits: {requests: 60, per: 1m}}
      - {at: 11m, provider: p, spells: [{every: 5m, for: 20s, slowdown: 3, errors: {share: 10%}}]}
      - {at: 12m, provider: p, between_tokens: {mean: 30ms, shape: 2}, latency: {p50: 1s, p99: 9s}}
      - {at: 13m, provider: p, flaw: {kind: stall, after: 50%, for: 30s, every: 10}}
    outages: [{part: gateway, at: 1m, lasts: 2m, how: kill}]
    receiver_faults: [{receiver: r, at: 0, lasts: 5m, how: tls}]
    maintenance: [{matchers: {a: b}, at: 1m, lasts: 1h}]
    expect:
      - {alert: A, labels: {a: b}, fires: 12m..16m, resolves_by: 1h,
         pages: [r, {receiver: s, title: {contains: x}}]}
      - {alert: A, fires: 5m, grouped: {alerts: 4}, pages: {receiver: r, integration: slack}, resolves_by: 1h}
      - {alert: B, near_miss: {reaches: 60%..95%, pending: 4m..9m}}
      - {alert: B, blind: true}
    alertmanagers: 2
    starts_at: "22:30"
"""


def find_faults(text: str) -> list[str]:
    """Return what the schema finds wrong with a drill file."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(YAML(typ="safe").load(text))]


def test_the_schema_is_one() -> None:
    """Editors take it."""
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_the_fields_that_the_reader_takes() -> None:
    """No more, and no fewer."""
    code = "".join(path.read_text() for path in READER.glob("*.py"))
    taken = set(re.findall(r"""(?:take_\w+|has|_read_text|_list_fields)\((?:\w+, )?"(\w+)\"""", code))
    taken |= {"exact", "contains", "regex", "fires", "near_miss", "blind"}
    stated = {
        name
        for part, node in SCHEMA["$defs"].items()
        if part not in BEHAVIOURS
        for inner in walk(node)
        for name in inner.get("properties", ())
    }
    assert stated | {"drills"} == taken | {"key", "env"} | set(PARTS)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (("load_profile", "arrivals"), Arrivals),
        (("outage", "how"), Fault),
        (("receiver_fault", "how"), Failing),
        (("receiver_fault", "integration"), Integration),
        (("page", "integration"), Integration),
    ],
)
def test_the_schema_knows_the_words_of_the_code(where: tuple[str, str], words: Any) -> None:
    """A word that is added is added there, too."""
    definition, field = where
    assert SCHEMA["$defs"][definition]["properties"][field]["enum"] == list(get_args(words))


def test_the_schema_knows_how_a_stub_provider_fails() -> None:
    """As the providers themselves do."""
    errors, _ = SCHEMA["$defs"]["errors"]["anyOf"]
    assert errors["properties"]["class"]["enum"] == list(ERROR_CLASSES) == list(STUB_ERRORS)


def test_the_schema_knows_what_suppresses() -> None:
    """In the words of the code."""
    suppressed = SCHEMA["$defs"]["expectation"]["properties"]["suppressed"]
    assert suppressed["properties"]["why"]["enum"] == list(get_args(Suppression))


@pytest.mark.parametrize("text", [DRILLS, *re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)])
def test_what_can_be_read_is_valid(text: str) -> None:
    """Every example, too."""
    parse_drills(text, "drills.yml", "s")
    assert find_faults(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lasts: 40m", "lasts: 40 minutes"),
        ("rate: 0.4/s", "rate: 0.4"),
        ("scenario: steady, ", ""),
        ("class: timeout", "class: tired"),
        ("how: kill", "how: die"),
        ("how: tls", "how: dns"),
        ("alertmanagers: 2", "alertmanagers: 3"),
        ("16m, resolves_by", "16m, resolve_by"),
        ("contains: x", "containing: x"),
        ("near_miss: {reaches: 60%..95%, pending: 4m..9m}", ""),
        ("name: outage", "name: a/b"),
        ("    why: A provider fails.\n", ""),
        ("healthy: true", "healthy: false"),
        ("key: {env: CUSTOMER_KEY}", "key: sk-1"),
        ("key: {env: CUSTOMER_KEY}", "key: {env: CUSTOMER_KEY}, model: m"),
        ("per: 1m", "per: 60"),
        ("stream_share: 50%", "stream_share: 150%"),
        ("stream_share: 50%", "stream_share: half"),
        ("requests: 60", "requests: 0"),
        ("slowdown: 3, errors: {share: 10%}", "after: 1m"),
        ("every: 5m", "every: 5"),
        ("share: 10%", "share: 110%"),
        ("shape: 2", "shap: 2"),
        ("mean: 30ms", "mean: 30"),
        ("p99: 9s", "p101: 9s"),
        ("after: 50%", "after: 5m"),
        ("kind: stall", "kind: stal"),
        ("lasts: 40m", "lasts: 3600"),
        ("fires: 12m..16m", "fires: 12m-16m"),
        ("reaches: 60%..95%", "reaches: 60"),
        ("next: 3", "next: 0"),
        ("share: 100%", "often: 1"),
        ("labels: {a: b}", "labels: [a]"),
        ("grouped: {alerts: 4}", "grouped: {alerts: 0}"),
        ("near_miss: {", "resolves_by: 1h, near_miss: {"),
        ("at: 1m, stages:", "at: 1m, rate: 1/s, stages:"),
        ('starts_at: "22:30"', "starts_at: noon"),
        ("    alertmanagers: 2", "    max_speed: 0"),
    ],
)
def test_what_cannot_be_read_is_invalid(old: str, new: str) -> None:
    """An editor marks what the reader refuses."""
    assert old in DRILLS
    text = DRILLS.replace(old, new)
    with pytest.raises(BadInput):
        parse_drills(text, "drills.yml", "s")
    assert find_faults(text) != []
