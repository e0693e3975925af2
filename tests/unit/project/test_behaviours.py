"""Behaviours in a file are those that a stub provider takes, in the words of people or its own."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from subprocess import run
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.errors import BadInput
from alertdrill.project.behaviours import read_behaviour
from alertdrill.project.project import DIALECTS
from alertdrill.project.toml_fields import TomlFields
from alertdrill.project.toml_nodes import get_value, read_toml
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import read_nodes
from stub_providers.behaviour import Behaviour
from stub_providers.behaviour_fields import (
    AFTER,
    COUNTS,
    FLAWS,
    LATENCIES,
    LIMITS,
    PARTS,
    PER,
    SPELL,
    WHEN,
)
from stub_providers.behaviour_reading import read_behaviour as tell
from stub_providers.checks import BadInstruction
from stub_providers.dialects import DIALECTS as STUB_DIALECTS


def test_the_dialects_are_those_of_the_stub_providers() -> None:
    """One that is added is added here, too."""
    assert set(DIALECTS) == set(STUB_DIALECTS)


BEHAVIOURS = [
    'b = {latency = {kind = "constant", s = 0.2}}',
    'b = {latency = {kind = "mixed", s = 0.1, slow_s = 2.5, every = 20}}',
    'b = {latency = {kind = "mixed", s = 0.1, slow_s = 2.5, every = 0}}',
    'b = {latency = {kind = "mixed", s = 0.1, slow_s = 2.5, every = 1.5}}',
    'b = {latency = {kind = "mixed", s = 0.1, slow_s = 2.5}}',
    'b = {latency = {kind = "uniform", low_s = 1, high_s = 2.5}, prompt_tokens = 3}',
    'b = {latency = {kind = "lognormal", median_s = 1, sigma = 0.3}, completion_tokens = 0}',
    'b = {errors = {class = "auth", share = 0.5}}',
    'b = {errors = {class = "network", next = 5}}',
    "b = {}",
    'b = {latency = {kind = "constant", s = -1}}',
    'b = {latency = {kind = "constant", s = 100000}}',
    'b = {latency = {kind = "constant", s = "1"}}',
    'b = {latency = {kind = "constant"}}',
    'b = {latency = {kind = "uniform", low_s = 3, high_s = 2.5}}',
    'b = {latency = {kind = "lognormal", median_s = 1, sigma = 9}}',
    'b = {errors = {class = "tired", share = 0.5}}',
    'b = {errors = {class = "auth", share = 1.5}}',
    'b = {errors = {class = "auth", every = 0}}',
    'b = {errors = {class = "auth", every = 1, next = 1}}',
    "b = {completion_tokens = 1.5}",
    "b = {completion_tokens = 100000000}",
    'b = {latency = {kind = "gamma", mean_s = 1, shape = 4}}',
    'b = {latency = {kind = "gamma", mean_s = 1, shape = 0}}',
    'b = {latency = {kind = "percentiles", at = {50 = 1, "99.9" = 9}}}',
    'b = {latency = {kind = "percentiles", at = {}}}',
    'b = {latency = {kind = "percentiles", at = {50 = 1, "50.0" = 2}}}',
    'b = {latency = {kind = "percentiles", at = {50 = 2, 99 = 1}}}',
    'b = {latency = {kind = "percentiles", at = {half = 1}}}',
    'b = {latency = {kind = "percentiles", at = {101 = 1}}}',
    'b = {first_token = {kind = "constant", s = 1}}',
    'b = {between_tokens = {kind = "uniform", low_s = 0, high_s = 1}}',
    'b = {first_token = {kind = "constant"}}',
    "b = {completion_tokens = {low = 1, high = 3}, prompt_tokens = {median = 9, sigma = 0.5}}",
    "b = {completion_tokens = {low = 3, high = 1}}",
    "b = {completion_tokens = {low = 3}}",
    "b = {completion_tokens = {median = 3, sigma = 9}}",
    "b = {errors = {mix = {auth = 0.5, timeout = 0.5}}}",
    "b = {errors = {mix = {auth = 0.5, timeout = 0.6}}}",
    "b = {errors = {mix = {}}}",
    "b = {errors = {mix = {tired = 0.5}}}",
    'b = {errors = {mix = {auth = 0.5}, class = "auth"}}',
    'b = {flaw = {kind = "stall", after = 0.2, for_s = 9, every = 10}}',
    'b = {flaw = {kind = "stall", for_s = 0, every = 10}}',
    'b = {flaw = {kind = "stall", every = 10}}',
    'b = {flaw = {kind = "drip", bytes_per_s = 3.5, share = 0.5}}',
    'b = {flaw = {kind = "reset", after = 2, share = 0.5}}',
    'b = {flaw = {kind = "truncated", next = 3}}',
    'b = {flaw = {kind = "malformed", share = 0.5}}',
    'b = {flaw = {kind = "malformed", after = 0.5, share = 0.5}}',
    'b = {flaw = {kind = "malformed"}}',
    'b = {flaw = {kind = "mood", share = 1}}',
    "b = {limits = {requests = 60, tokens = 9000, input_tokens = 5, output_tokens = 5, per_s = 60}}",
    "b = {limits = {requests = 0}}",
    "b = {limits = {requests = 1, per_s = 0}}",
    "b = {limits = {per_s = 60}}",
    "b = {spells = [{after_s = 1, for_s = 2, every_s = 3, slowdown = 4}]}",
    'b = {spells = [{for_s = 2, errors = {class = "auth", share = 1}, flaw = {kind = "reset", every = 1}}]}',
    "b = {spells = [{for_s = 2}]}",
    "b = {spells = [{slowdown = 2}]}",
    "b = {spells = [{for_s = 2, every_s = 1, slowdown = 2}]}",
    "b = {spells = []}",
    "b = {lookups = true}",
    "b = {lookups = 1}",
]


@pytest.mark.parametrize("text", BEHAVIOURS)
def test_a_behaviour_is_what_a_stub_provider_takes(text: str) -> None:
    """What one refuses, the other does, and what it reads is handed on as it stands."""
    document = read_toml(text, "x.toml")
    assert document is not None
    stated = get_value(document)["b"]
    fields = TomlFields(document.values["b"], "x.toml", "b")
    try:
        tell(stated)
    except BadInstruction:
        with pytest.raises(BadInput, match=r"^x\.toml:1: "):
            read_behaviour(fields)
    else:
        assert read_behaviour(fields) == stated


WORDS = {
    "latency: 12s": {"latency": {"kind": "constant", "s": 12}},
    "latency: {usually: 50ms, slow: 9s, every: 20}": {
        "latency": {"kind": "mixed", "s": 0.05, "slow_s": 9, "every": 20}
    },
    "latency: {from: 1s, to: 3s}": {"latency": {"kind": "uniform", "low_s": 1, "high_s": 3}},
    "latency: {median: 2s}": {"latency": {"kind": "lognormal", "median_s": 2, "sigma": 0.3}},
    "latency: {median: 2s, sigma: 1}": {"latency": {"kind": "lognormal", "median_s": 2, "sigma": 1}},
    "latency: {mean: 2s, shape: 4}": {"latency": {"kind": "gamma", "mean_s": 2, "shape": 4}},
    "latency: {kind: gamma, mean: 2s, shape: 4}": {"latency": {"kind": "gamma", "mean_s": 2, "shape": 4}},
    "latency: {p0: 400ms, p50: 1s, p99.9: 9s}": {
        "latency": {"kind": "percentiles", "at": {"0": 0.4, "50": 1, "99.9": 9}}
    },
    "latency: {kind: percentiles, at: {'50': 1200ms, '99': 9}}": {
        "latency": {"kind": "percentiles", "at": {"50": 1.2, "99": 9}}
    },
    "first_token: 500ms": {"first_token": {"kind": "constant", "s": 0.5}},
    "between_tokens: {mean: 30ms, shape: 2}": {
        "between_tokens": {"kind": "gamma", "mean_s": 0.03, "shape": 2}
    },
    "prompt_tokens: 900": {"prompt_tokens": 900},
    "completion_tokens: {from: 100, to: 900}": {"completion_tokens": {"low": 100, "high": 900}},
    "completion_tokens: {median: 300}": {"completion_tokens": {"median": 300, "sigma": 0.3}},
    "errors: {share: 10%}": {"errors": {"class": "server_error", "share": 0.1}},
    "errors: {class: auth, every: 25}": {"errors": {"class": "auth", "every": 25}},
    "errors: {class: timeout, next: 3}": {"errors": {"class": "timeout", "next": 3}},
    "errors: {mix: {rate_limit: 5%, server_error: 0.02}}": {
        "errors": {"mix": {"rate_limit": 0.05, "server_error": 0.02}}
    },
    "limits: {requests: 60, tokens: 90000, per: 2m}": {
        "limits": {"requests": 60, "tokens": 90000, "per_s": 120}
    },
    "limits: {input_tokens: 40000, output_tokens: 8000}": {
        "limits": {"input_tokens": 40000, "output_tokens": 8000}
    },
    "flaw: {kind: stall, after: 20%, for: 30s, every: 10}": {
        "flaw": {"kind": "stall", "after": 0.2, "for_s": 30, "every": 10}
    },
    "flaw: {kind: drip, bytes_per_s: 20, share: 100%}": {
        "flaw": {"kind": "drip", "bytes_per_s": 20, "share": 1}
    },
    "flaw: {kind: reset, share: 10%}": {"flaw": {"kind": "reset", "share": 0.1}},
    "flaw: {kind: truncated, next: 5}": {"flaw": {"kind": "truncated", "next": 5}},
    "flaw: {kind: malformed, share: 10%}": {"flaw": {"kind": "malformed", "share": 0.1}},
    "spells: [{every: 5m, for: 20s, errors: {mix: {rate_limit: 60%}}}]": {
        "spells": [{"every_s": 300, "for_s": 20, "errors": {"mix": {"rate_limit": 0.6}}}]
    },
    "spells: [{after: 1m, for: 10m, slowdown: 5, errors: {share: 20%},\n"
    "          flaw: {kind: stall, for: 20s, next: 1}}]": {
        "spells": [
            {
                "after_s": 60,
                "for_s": 600,
                "slowdown": 5,
                "errors": {"class": "server_error", "share": 0.2},
                "flaw": {"kind": "stall", "for_s": 20, "next": 1},
            }
        ]
    },
    "lookups: true": {"lookups": True},
}


@pytest.mark.parametrize("text", WORDS)
def test_what_people_write_is_what_the_control_api_takes(text: str) -> None:
    """Durations and shares as they are written everywhere, and kinds of latency by their words."""
    document = read_nodes(text, "x.yml")
    assert document is not None
    fields = Fields(document, "x.yml", "b")
    told = read_behaviour(fields)
    fields.end()
    assert told == WORDS[text]
    assert tell(told) != Behaviour()


def test_each_part_kind_and_field_can_be_written() -> None:
    """One that is new to the stub providers is written here, too."""
    stated = {name for told in WORDS.values() for name, _ in list_fields(told)}
    kinds = {value for told in WORDS.values() for name, value in list_fields(told) if name == "kind"}
    assert kinds == {*LATENCIES, *FLAWS}
    known = {*PARTS, *WHEN, *LIMITS, *PER, *SPELL, *AFTER}
    known |= {name for fields in (*LATENCIES.values(), *FLAWS.values(), *COUNTS) for name in fields}
    assert known <= stated


def list_fields(told: Any) -> Iterator[tuple[str, Any]]:
    """Yield every field of a behaviour, and those within it."""
    for name, inner in told.items() if isinstance(told, dict) else enumerate(told):
        yield str(name), inner
        if isinstance(inner, dict | list):
            yield from list_fields(inner)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latency: 5", "latency of b is '5', not a duration such as 5m or 1h30m"),
        ("latency: [a]", "latency of b must be an object with a kind: one of constant, mixed"),
        ("latency: {mean: 2s}", "latency of b has no shape: it must be a number from 0.01 to 1000"),
        (
            "latency: {mean: 2s, shap: 4}",
            "latency of b has a field 'shap', which is unknown; do you mean 'shape'?",
        ),
        (
            "latency: {means: 2s}",
            "latency of b is no latency: a duration such as 2s, or one of {usually, slow",
        ),
        (
            "latency: {usually: 5, slow: 9s, every: 1}",
            "usually of latency of b is '5', not a duration such as",
        ),
        ("latency: {from: 5s, to: 1s}", "from of latency of b must not be more than to"),
        ("latency: {mean: 2s, mean_s: 2, kind: gamma}", "mean of latency of b is stated twice"),
        ("latency: {kind: gama}", "kind of latency of b is 'gama', not one of constant, mixed, uniform, "),
        ("latency: {p50: 2s, p99: 1s}", "latency of b must not have a higher percentile with a shorter time"),
        ("latency: {p50: 2s, p101: 3s}", "p101 of latency of b is no percentile from 0 to 100"),
        (
            "completion_tokens: {from: 9}",
            "completion_tokens of b has no to: it must be a whole number from 0",
        ),
        (
            "errors: {share: 10%, every: 3}",
            "errors of b must say which calls it strikes, by exactly one of share",
        ),
        (
            "errors: {mix: {rate_limi: 5%}}",
            "mix of errors of b has a field 'rate_limi', which is unknown; do you",
        ),
        (
            "flaw: {kind: stall, for: 30, every: 1}",
            "for of flaw of b is '30', not a duration such as 5m or 1h30m",
        ),
        ("flaw: {kind: stall, after: 1m, for: 3s, next: 1}", "after of flaw of b is '1m', not a number"),
        ("flaw: {kind: drip, share: 1}", "flaw of b has no bytes_per_s: it must be a number from 0.001 to"),
        (
            "limits: {request: 6}",
            "limits of b has a field 'request', which is unknown; do you mean 'requests'?",
        ),
        (
            "limits: {requests: 6, pr: 1m}",
            "limits of b has a field 'pr', which is unknown; do you mean 'per'?",
        ),
        ("spells: [{for: 10m}]", "item 1 of spells of b must say what is wrong, by at least one of slowdown"),
        (
            "spells: [{for: 10m, every: 5m, slowdown: 2}]",
            "every of item 1 of spells of b must not be less than for",
        ),
        ("flaw: {kind: drip, bytes_per_s: 5m, share: 1}", "bytes_per_s of flaw of b is '5m', not a number"),
        ('latency: {p50: 1s, "(": 2s}', "( of latency of b is no percentile from 0 to 100"),
        ('latency: {p50: 1s, "\\\\1": 2s}', "\\1 of latency of b is no percentile from 0 to 100"),
        ('latency: {p50: 1s, "a\\nb": 2s}', "'a\\nb' of latency of b is no percentile from 0 to 100"),
        ("lookups: maybe", "lookups of b is 'maybe', not true or false"),
    ],
)
def test_a_mistake_is_said_in_the_words_of_the_file(text: str, said: str) -> None:
    """With the line of the value that is wrong, and the nearest name."""
    document = read_nodes(f"# a comment\n{text}\n", "x.yml")
    assert document is not None
    with pytest.raises(BadInput) as refused:
        read_behaviour(Fields(document, "x.yml", "b"))
    assert str(refused.value).startswith(f"x.yml:2: {said}")


def test_a_users_stub_providers_are_left_alone() -> None:
    """Their modules are loaded below a name of the package, and theirs need nothing of that name."""
    told = "import sys; import alertdrill.project.behaviours; print('stub_providers' in sys.modules)"
    ended = run([sys.executable, "-P", "-c", told], capture_output=True, text=True, check=True, cwd="/")
    assert ended.stdout == "False\n"


STRANGE = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1.5,
        10**30,
        1e308,
        "",
        "5m",
        "0",
        "50%",
        "500%",
        "p50",
        "nan",
        "*",
        "constant",
        "stall",
    ]
)
STRANGE_FIELDS = st.sampled_from(
    [
        *("kind", "s", "from", "to", "low_s", "median", "mean_s", "mean", "shape", "p50", "p99", "px", "at"),
        *("50", "class", "mix", "auth", "share", "every", "every_s", "for", "for_s", "after", "errors"),
        *("flaw", "per", "requests", "slowdown", "latency", "", "(", "\\1", "a\nb"),
    ]
)
STRANGE_PARTS = st.recursive(
    STRANGE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRANGE_FIELDS, inner, max_size=4),
    max_leaves=8,
)


@given(stated=st.dictionaries(st.sampled_from([*PARTS]), STRANGE_PARTS, max_size=3))
def test_whatever_stands_in_a_file_is_a_behaviour_or_a_mistake_with_its_line(stated: dict[str, Any]) -> None:
    """What is read, a stub provider takes."""
    document = read_nodes(f"# a comment\n{json.dumps(stated)}", "x.yml")
    assert document is not None
    try:
        told = read_behaviour(Fields(document, "x.yml", "b"))
    except BadInput as bad:
        assert re.match(r"x\.yml:2: .+ of b |x\.yml:2: b ", str(bad))  # noqa: PT017 - either outcome is right
        assert "\n" not in str(bad)  # noqa: PT017 - either outcome is right
    else:
        tell(json.loads(json.dumps(told)))
