"""Behaviours in a project file are those that a stub provider takes."""

from __future__ import annotations

import pytest

from alertdrill.errors import BadInput
from alertdrill.project.behaviours import read_behaviour
from alertdrill.project.project import DIALECTS
from alertdrill.project.toml_fields import TomlFields
from alertdrill.project.toml_nodes import get_value, read_toml
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
    "b = {errors = {share = 0.5}}",
    "b = {completion_tokens = 1.5}",
    "b = {completion_tokens = 100000000}",
    "b = {listening = false}",
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
    "b = {completion_tokens = {median = 3}}",
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
    """What one refuses, the other does, and what it reads is handed on."""
    document = read_toml(text, "x.toml")
    assert document is not None
    stated = get_value(document)["b"]
    fields = TomlFields(document.values["b"], "x.toml", "b")
    try:
        expected = tell(stated)
    except BadInstruction:
        with pytest.raises(BadInput):
            read_behaviour(fields)
    else:
        assert tell(read_behaviour(fields)) == expected
