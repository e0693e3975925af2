"""Tests of the routing tree and of matchers, by themselves and against Alertmanager's own tool."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import scale_examples

from alertdrill.alertmanager.config import parse_config
from alertdrill.alertmanager.matchers import MAX_CHARACTERS, Matcher, parse_matchers
from alertdrill.alertmanager.routes import ALL_LABELS, Match, match_routes, parse_routes
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines, Generation, find_engines


def match(routes: str, labels: Mapping[str, str]) -> tuple[Match, ...]:
    """Return what becomes of an alert under the root route `root`, whose children are given."""
    names = "root a b c"
    receivers = ", ".join(f"{{name: {name}}}" for name in names.split())
    intervals = "{name: nights, time_intervals: []}, {name: days, time_intervals: []}"
    text = (
        f"route: {{receiver: root, group_by: [x], group_interval: 2m, routes: [{routes}]}}\n"
        f"receivers: [{receivers}]\ntime_intervals: [{intervals}]\n"
    )
    return match_routes(parse_routes(parse_config(text, "a.yml").document), labels)


def list_receivers(routes: str, labels: Mapping[str, str]) -> list[str]:
    """Return the receivers of an alert."""
    return [found.receiver for found in match(routes, labels)]


def test_an_alert_goes_to_the_first_child_that_takes_it() -> None:
    """Unless that child says `continue`; what no child takes, the route itself does."""
    routes = (
        "{receiver: a, matchers: [x=1]}, {receiver: b, matchers: ['x=~1|2'], continue: true}, "
        "{receiver: c, matchers: ['x=~.+']}"
    )
    assert list_receivers(routes, {"x": "1"}) == ["a"]
    assert list_receivers(routes, {"x": "2"}) == ["b", "c"]
    assert list_receivers(routes, {"x": "3"}) == ["c"]
    assert list_receivers("{receiver: a, matchers: [x=1]}", {}) == ["root"]


def test_a_route_inherits_all_but_time_intervals() -> None:
    """Receiver, grouping and timings come from above; what holds an alert back is each route's own."""
    routes = (
        "{receiver: a, group_wait: 1m, mute_time_intervals: [nights], active_time_intervals: [days], "
        "routes: [{matchers: [x=1], repeat_interval: 1h}, "
        "{matchers: [x=2], group_by: ['...'], routes: [{matchers: [y=1]}]}]}"
    )
    (plain,) = match(routes, {"x": "3"})
    assert (plain.mute_time_intervals, plain.active_time_intervals) == (("nights",), ("days",))
    (child,) = match(routes, {"x": "1"})
    assert child == Match(
        pointer="/route/routes/0/routes/0",
        receiver="a",
        group_by=("x",),
        group_wait_s=60,
        group_interval_s=120,
        repeat_interval_s=3600,
        mute_time_intervals=(),
        active_time_intervals=(),
    )
    (grandchild,) = match(routes, {"x": "2", "y": "1"})
    assert grandchild.group_by == ALL_LABELS
    assert grandchild.repeat_interval_s == 4 * 3600


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("a=b", [("a", "=", "b")]),
        (' a != "b c" ', [("a", "!=", "b c")]),
        ('{a=~"b|c", d!~"e,f",}', [("a", "=~", "b|c"), ("d", "!~", "e,f")]),
        (r'a="\"b\" \\ \n \d"', [("a", "=", '"b" \\ \n \\d')]),
        (r"a=b\d", [("a", "=", r"b\d")]),
        ("a=", [("a", "=", "")]),
        ('a=""', [("a", "=", "")]),
        ("a=b=c", [("a", "=", "b=c")]),
        ("a:b=c", [("a:b", "=", "c")]),
        ('"a b"="c"', [("a b", "=", "c")]),
        ('{"a.b"=~"c", d=é}', [("a.b", "=~", "c"), ("d", "=", "é")]),
        (r'"\u00fc\t\x41"=b', [("ü\tA", "=", "b")]),
        ("ü=😀", [("ü", "=", "😀")]),
        ("{}", []),
    ],
)
def test_matchers_are_read_in_both_syntaxes(text: str, matchers: list[tuple[str, str, str]]) -> None:
    """The classic one goes first; what it cannot read may be of the other one."""
    assert [(found.name, found.operator, found.value) for found in parse_matchers(text)] == matchers


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "=b",
        "a~b",
        'a="b',
        'a="b\\"',
        'a=b"c"',
        '"a"',
        '"a"=b c=d',
        '{"a"=b',
        '"a"==b',
        '"a\\q"=b',
        '"\\U00110000"=b',
        'a=~"("',
        'a=~"*"',
        "a=" + "b" * MAX_CHARACTERS,
    ],
)
def test_what_is_no_matcher_is_bad_input(text: str) -> None:
    """A route with it would match nothing that anybody meant."""
    with pytest.raises(BadInput):
        parse_matchers(text)


@pytest.mark.parametrize(
    ("expression", "value", "is_found"),
    [
        ("a|b", "ab", False),
        ("a|b", "b", True),
        ("a.c", "a\nc", False),
        ("[[:alpha:]]+", "ab", True),
        ("[[:alpha:][:digit:]]+", "a1", True),
        (r"\d+", "٣", False),
        (r"a\z", "a", True),
        ("(?i)crit.*", "CRITICAL", True),
        ("(?P<n>a)b", "ab", True),
        ("", "", True),
        ("a", "", False),
    ],
)
def test_expressions_match_whole_values_as_those_of_go(expression: str, value: str, is_found: bool) -> None:
    """Anchored at both ends; a label that is not there is empty."""
    labels = {"x": value} if value else {}
    assert Matcher(name="x", operator="=~", value=expression).matches(labels) is is_found
    assert Matcher(name="x", operator="!~", value=expression).matches(labels) is not is_found


NAMES = st.sampled_from(["x", "y", "zone"])
VALUES = st.sampled_from(["", "1", "2", "a", "a b", "eu-1"])
EXPRESSIONS = st.sampled_from(["1|2", "a.*", ".*", ".+", "", "[12]", "eu-\\d", "(?i)A", "a b"])


@st.composite
def write_matcher(draw: st.DrawFn) -> str:
    """Write a matcher in any of the ways that both generations read."""
    name, operator = draw(NAMES), draw(st.sampled_from(["=", "!=", "=~", "!~"]))
    value = draw(VALUES if operator in ("=", "!=") else EXPRESSIONS)
    escaped = value.replace("\\", "\\\\")
    text = draw(st.sampled_from([f'{name}{operator}"{escaped}"', f'{name} {operator} "{escaped}"']))
    return draw(st.sampled_from([text, f"{{{text}}}", f"{text},"]))


def make_routes(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Make a route with up to three below it, down to a depth."""
    fields: dict[str, Any] = {
        "receiver": st.sampled_from(["a", "b", "c", "d"]),
        "matchers": st.lists(write_matcher(), max_size=2),
        "match": st.dictionaries(NAMES, VALUES, max_size=1),
        "match_re": st.dictionaries(NAMES, EXPRESSIONS, max_size=1),
        "continue": st.booleans(),
    }
    if depth:
        fields["routes"] = st.lists(make_routes(depth - 1), max_size=3)
    return st.fixed_dictionaries({}, optional=fields)


ALERTS = st.lists(
    st.dictionaries(NAMES, VALUES.filter(bool), max_size=3).map(lambda labels: {"alertname": "A", **labels}),
    min_size=1,
    max_size=3,
)


def make_config(routes: list[dict[str, Any]]) -> str:
    """Return a config with these routes below the root."""
    root = {"receiver": "root", "routes": routes}
    receivers = [{"name": name} for name in ("root", "a", "b", "c", "d")]
    return json.dumps({"route": root, "receivers": receivers}, ensure_ascii=False)


@pytest.fixture(scope="module")
def ask_amtool(each_engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """Return a function that asks amtool for the receivers of an alert, given a config's text."""
    path: Path = tmp_path_factory.mktemp("routes") / "alertmanager.yml"

    @lru_cache
    def ask(config: str, labels: str) -> str:
        path.write_text(config)
        argv = [each_engines.amtool, "config", "routes", "test", f"--config.file={path}", *labels.split("\n")]
        finished = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        return finished.stdout.strip().rpartition("\n")[2]

    return ask


@settings(
    max_examples=scale_examples(0.6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(routes=st.lists(make_routes(2), max_size=4), alerts=ALERTS)
def test_amtool_routes_alerts_as_we_do(
    ask_amtool: Callable[[str, str], str], routes: list[dict[str, Any]], alerts: list[dict[str, str]]
) -> None:
    """Whatever the tree, Alertmanager's own tool names the same receivers, in the same order."""
    config = make_config(routes)
    route = parse_routes(parse_config(config, "a.yml").document)
    for labels in alerts:
        asked = ask_amtool(config, "\n".join(f'{name}="{value}"' for name, value in labels.items()))
        ours = [found.receiver for found in match_routes(route, labels)]
        assert asked == ",".join(ours)


@pytest.mark.parametrize(
    ("matcher", "labels"),
    [
        ('"a b"="c"', {"a b": "c"}),
        ("{\"a.b\"=~'c'}", {"a.b": "c"}),
        ('{"a.b"=~"c|d", x!=1}', {"a.b": "d"}),
        ("ü=😀", {"ü": "😀"}),
        (r'"\u00fc"="\x41"', {"ü": "A"}),
        (r'a="\d\n"', {"a": "\\d\n"}),
        (r'a=~"\\d+"', {"a": "12"}),
        (r'a=~"\d+"', {"a": "12"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"b": "c"}),
        ("{}", {"b": "c"}),
        ("a=~b.c", {"a": "b\nc"}),
        ("a=~b(?s).c", {"a": "b\nc"}),
        ('{"a"=b', {"a": "b"}),
        ('"a"', {"a": "b"}),
        ("a=~(", {"a": "b"}),
    ],
)
def test_a_recent_amtool_reads_matchers_as_we_do(
    tmp_path: Path, matcher: str, labels: dict[str, str]
) -> None:
    """In the syntax for UTF-8 too: what is refused, and what the rest matches."""
    amtool = find_engines(os.environ, generation=Generation.NEWEST).amtool
    config = make_config([{"receiver": "a", "matchers": [matcher]}])
    path = tmp_path / "alertmanager.yml"
    path.write_text(config)
    given_labels = [
        f"{json.dumps(name, ensure_ascii=False)}={json.dumps(value, ensure_ascii=False)}"
        for name, value in labels.items()
    ]
    argv = [amtool, "config", "routes", "test", f"--config.file={path}", *given_labels]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    try:
        route = parse_routes(parse_config(config, "a.yml").document)
    except BadInput:
        assert finished.returncode != 0
    else:
        assert finished.returncode == 0, finished.stderr
        # It warns of what it reads in the classic way.
        assert finished.stdout.split("\n")[-2] == match_routes(route, labels)[0].receiver
