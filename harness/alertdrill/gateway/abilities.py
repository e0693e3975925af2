"""What a request may need that not every provider has.

A dialect says what it `can` pass on (`alertdrill.gateway.dialects`). What a provider's dialect cannot is
refused before anything is called, and no model is a fallback that lacks what a request needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Option = Literal[
    "frequency_penalty",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "seed",
    "verbosity",
]
"""What is handed on under the very name that the client gave it."""
Ability = Literal["tools", "tool_choice", "choices", "json_object", "json_schema"] | Option
"""`tool_choice` is to demand a call; that there be none, and that the model choose, goes without saying."""
OPTIONS: tuple[Option, ...] = get_args(Option)
PARAMETERS: Mapping[Ability, str] = {
    "choices": "n",
    "json_object": "response_format",
    "json_schema": "response_format",
}
"""The parameters that ask for an ability of another name, as OpenAI calls them."""
WORDS: Mapping[Ability, str] = {
    "choices": "several choices",
    "json_object": "JSON of any kind",
    "json_schema": "JSON of a schema",
    "tool_choice": "a call of a tool in any case",
}


def find_lack(needs: Iterable[Ability], can: frozenset[Ability]) -> Ability | None:
    """Return the first of the abilities that are needed which is not among those that there are."""
    return next((ability for ability in needs if ability not in can), None)


def name_parameter(ability: Ability) -> str:
    """Return the parameter that asks for an ability."""
    return PARAMETERS.get(ability, ability)


def say(ability: Ability) -> str:
    """Return what an ability is called in a sentence."""
    return WORDS.get(ability, ability)
