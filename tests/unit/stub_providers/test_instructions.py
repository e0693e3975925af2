"""What the control API is told is read strictly."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stub_providers.behaviour import Behaviour
from stub_providers.behaviour_reading import read_behaviour
from stub_providers.checks import BadInstruction
from stub_providers.distributions import (
    Constant,
    Gamma,
    Lognormal,
    LognormalCount,
    Mixed,
    Percentiles,
    Uniform,
    UniformCount,
)
from stub_providers.flaws import Flaw
from stub_providers.instructions import read_json, read_listening, read_model
from stub_providers.limits import Limits
from stub_providers.spells import Spell
from stub_providers.strikes import ErrorMix, Every, Next, OneError, Share

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
almost_behaviours = st.dictionaries(
    st.sampled_from([one.name for one in dataclasses.fields(Behaviour)]),
    st.dictionaries(
        st.sampled_from(
            [
                "kind",
                "s",
                "low_s",
                "high_s",
                "median_s",
                "sigma",
                "class",
                "share",
                "every",
                "next",
                "mix",
                "at",
                "after",
                "for_s",
                "requests",
                "per_s",
                "low",
                "high",
                "median",
            ]
        ),
        st.sampled_from(["constant", "mixed", "uniform", "lognormal", "percentiles", "stall", "auth"])
        | json_values,
    )
    | json_values,
)


@pytest.mark.parametrize(
    ("told", "behaviour"),
    [
        (
            {"latency": {"kind": "gamma", "mean_s": 2, "shape": 4}},
            Behaviour(latency=Gamma(mean_s=2, shape=4)),
        ),
        (
            {"latency": {"kind": "percentiles", "at": {"99": 9, "50": 1}}},
            Behaviour(latency=Percentiles(points=((50.0, 1.0), (99.0, 9.0)))),
        ),
        (
            {"first_token": {"kind": "constant", "s": 1}, "between_tokens": {"kind": "constant", "s": 2}},
            Behaviour(first_token=Constant(s=1), between_tokens=Constant(s=2)),
        ),
        (
            {"completion_tokens": {"low": 1, "high": 2}, "prompt_tokens": {"median": 9, "sigma": 0.5}},
            Behaviour(
                completion_tokens=UniformCount(low=1, high=2),
                prompt_tokens=LognormalCount(median=9, sigma=0.5, most=10_000_000),
            ),
        ),
        (
            {"errors": {"mix": {"timeout": 0.5, "auth": 0.5}}},
            Behaviour(errors=ErrorMix(shares=(("auth", 0.5), ("timeout", 0.5)))),
        ),
        (
            {"flaw": {"kind": "stall", "for_s": 3, "every": 2}},
            Behaviour(flaw=Flaw(kind="stall", for_s=3, when=Every(every=2))),
        ),
        (
            {"flaw": {"kind": "drip", "after": 0, "bytes_per_s": 3, "share": 1}},
            Behaviour(flaw=Flaw(kind="drip", after=0, bytes_per_s=3, when=Share(share=1))),
        ),
        (
            {"limits": {"requests": 3, "per_s": 10}},
            Behaviour(limits=Limits(most={"requests": 3}, per_s=10)),
        ),
        (
            {"spells": [{"after_s": 1, "for_s": 2, "every_s": 3, "slowdown": 4}]},
            Behaviour(spells=(Spell(after_s=1, for_s=2, every_s=3, slowdown=4),)),
        ),
        ({"lookups": True}, Behaviour(lookups=True)),
        ({}, Behaviour()),
        ({"latency": {"kind": "constant", "s": 1.2}}, Behaviour(latency=Constant(s=1.2))),
        (
            {"latency": {"kind": "mixed", "s": 1, "slow_s": 2, "every": 3}},
            Behaviour(latency=Mixed(s=1, slow_s=2, every=3)),
        ),
        (
            {"latency": {"kind": "uniform", "low_s": 1, "high_s": 2}},
            Behaviour(latency=Uniform(low_s=1, high_s=2)),
        ),
        (
            {"latency": {"kind": "lognormal", "median_s": 1, "sigma": 0.5}},
            Behaviour(latency=Lognormal(median_s=1, sigma=0.5)),
        ),
        (
            {"completion_tokens": 0, "prompt_tokens": 9},
            Behaviour(completion_tokens=0, prompt_tokens=9),
        ),
        (
            {"errors": {"class": "server_error", "share": 0.04}},
            Behaviour(errors=OneError(error="server_error", when=Share(share=0.04))),
        ),
        (
            {"errors": {"class": "auth", "every": 25}},
            Behaviour(errors=OneError(error="auth", when=Every(every=25))),
        ),
        (
            {"errors": {"class": "auth", "next": 1}},
            Behaviour(errors=OneError(error="auth", when=Next(count=1))),
        ),
    ],
)
def test_a_behaviour_is_read_as_stated(told: dict[str, Any], behaviour: Behaviour) -> None:
    """Each form of the contract is read, and absent parts have their defaults."""
    assert read_behaviour(told) == behaviour


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {"latency_s": 1},
        {"latency": 1},
        {"latency": {}},
        {"latency": {"kind": "gamma"}},
        {"latency": {"kind": []}},
        {"latency": {"kind": "constant"}},
        {"latency": {"kind": "constant", "s": -0.1}},
        {"latency": {"kind": "constant", "s": True}},
        {"latency": {"kind": "constant", "s": "1"}},
        {"latency": {"kind": "constant", "s": float("nan")}},
        {"latency": {"kind": "constant", "s": float("inf")}},
        {"latency": {"kind": "constant", "s": 10**400}},
        {"latency": {"kind": "constant", "s": 86_401}},
        {"latency": {"kind": "constant", "s": 1, "sigma": 1}},
        {"latency": {"kind": "uniform", "low_s": 2, "high_s": 1}},
        {"latency": {"kind": "mixed", "s": 1, "slow_s": 2}},
        {"latency": {"kind": "mixed", "s": 1, "slow_s": 2, "every": 0}},
        {"latency": {"kind": "mixed", "s": 1, "slow_s": 86_401, "every": 2}},
        {"latency": {"kind": "uniform", "low_s": 2}},
        {"latency": {"kind": "lognormal", "median_s": 1, "sigma": -1}},
        {"latency": {"kind": "lognormal", "median_s": 1, "sigma": 6}},
        {"latency": {"kind": "gamma", "mean_s": 1, "shape": 0}},
        {"latency": {"kind": "percentiles", "at": {}}},
        {"latency": {"kind": "percentiles", "at": [1]}},
        {"latency": {"kind": "percentiles", "at": {"101": 1}}},
        {"latency": {"kind": "percentiles", "at": {"nan": 1}}},
        {"latency": {"kind": "percentiles", "at": {"half": 1}}},
        {"latency": {"kind": "percentiles", "at": {"50": 1, "50.0": 2}}},
        {"latency": {"kind": "percentiles", "at": {"50": 2, "99": 1}}},
        {"first_token": {"kind": "constant"}},
        {"between_tokens": 1},
        {"completion_tokens": {"low": 2, "high": 1}},
        {"completion_tokens": {"low": 2}},
        {"completion_tokens": {"median": 2}},
        {"prompt_tokens": {"median": 2, "sigma": 1, "high": 3}},
        {"errors": {"mix": {}}},
        {"errors": {"mix": {"auth": 0.6, "timeout": 0.6}}},
        {"errors": {"mix": {"bad_luck": 0.6}}},
        {"errors": {"mix": {"auth": 0.6}, "class": "auth"}},
        {"flaw": {"kind": "mood", "every": 1}},
        {"flaw": {"kind": "stall", "every": 1}},
        {"flaw": {"kind": "stall", "for_s": 0, "every": 1}},
        {"flaw": {"kind": "stall", "for_s": 1}},
        {"flaw": {"kind": "drip", "every": 1}},
        {"flaw": {"kind": "reset", "for_s": 1, "every": 1}},
        {"flaw": {"kind": "malformed", "after": 0.5, "every": 1}},
        {"flaw": {"kind": "reset", "after": 1.5, "every": 1}},
        {"limits": {}},
        {"limits": {"per_s": 1}},
        {"limits": {"requests": 0}},
        {"limits": {"requests": 1, "per_s": 0}},
        {"limits": {"users": 1}},
        {"spells": []},
        {"spells": {"for_s": 1, "slowdown": 2}},
        {"spells": [{"for_s": 1}]},
        {"spells": [{"slowdown": 2}]},
        {"spells": [{"for_s": 2, "every_s": 1, "slowdown": 2}]},
        {"spells": [{"for_s": 1, "slowdown": 2}] * 21},
        {"spells": [{"for_s": 1, "errors": {"class": "auth"}}]},
        {"lookups": 1},
        {"completion_tokens": -1},
        {"completion_tokens": 1.5},
        {"completion_tokens": None},
        {"prompt_tokens": 10_000_001},
        {"prompt_tokens": True},
        {"errors": None},
        {"errors": {"share": 0.1}},
        {"errors": {"class": "bad_luck", "share": 0.1}},
        {"errors": {"class": ["auth"], "share": 0.1}},
        {"errors": {"class": "auth"}},
        {"errors": {"class": "auth", "share": 0.1, "next": 1}},
        {"errors": {"class": "auth", "share": 1.1}},
        {"errors": {"class": "auth", "every": 0}},
        {"errors": {"class": "auth", "next": 0}},
        {"errors": {"class": "auth", "next": 1, "until": 2}},
    ],
)
def test_anything_else_is_refused_in_a_sentence(told: object) -> None:
    """What the contract does not have is refused with one sentence."""
    with pytest.raises(BadInstruction, match=r"^[^\n]+\.$"):
        read_behaviour(told)


@given(told=json_values | almost_behaviours)
def test_no_json_breaks_the_reader(told: object) -> None:
    """Every JSON value is either a behaviour or refused."""
    try:
        assert isinstance(read_behaviour(told), Behaviour)
    except BadInstruction as bad:
        assert str(bad).endswith(".")  # noqa: PT017 - either outcome is right, and both are checked


@pytest.mark.parametrize("raw", [b"", b"{", b"NaN", b'{"share": Infinity}', b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    """Broken JSON, Python's extensions of it and bottomless nesting are refused."""
    with pytest.raises(BadInstruction):
        read_json(raw)


def test_json_is_read() -> None:
    """JSON comes out as Python values."""
    assert read_json(json.dumps({"a": [1, 2.5, None]}).encode()) == {"a": [1, 2.5, None]}


@pytest.mark.parametrize("name", ["", "x" * 201, "two\nlines", "nul\0"])
def test_unfit_model_names_are_refused(name: str) -> None:
    """A model's name is bounded and printable."""
    with pytest.raises(BadInstruction):
        read_model(name)


@pytest.mark.parametrize("name", ["*", "gpt-4o", "meta-llama/llama-3:8b", "x" * 200])
def test_fit_model_names_are_kept(name: str) -> None:
    """A model's name is kept as it is."""
    assert read_model(name) == name


@pytest.mark.parametrize(
    "body", [None, {}, {"listening": 1}, {"listening": None}, {"listening": True, "x": 1}]
)
def test_listening_is_a_flag(body: object) -> None:
    """Only true and false say whether to listen."""
    with pytest.raises(BadInstruction):
        read_listening(body)
