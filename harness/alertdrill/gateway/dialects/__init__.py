"""The languages that providers speak: what is sent to them and what their answers mean."""

from __future__ import annotations

from collections.abc import Mapping

from alertdrill.gateway.dialects.anthropic import Anthropic
from alertdrill.gateway.dialects.dialect import Dialect
from alertdrill.gateway.dialects.gemini import Gemini
from alertdrill.gateway.dialects.ollama import Ollama
from alertdrill.gateway.dialects.openai import OpenAI

_OPENAI, _ANTHROPIC = OpenAI(), Anthropic()
DIALECTS: Mapping[str, Dialect] = {
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "gemini": Gemini(),
    "ollama": Ollama(),
}
EMBEDDERS: Mapping[str, OpenAI] = {"openai": _OPENAI}
"""The dialects in which embeddings are asked for."""
COUNTERS: Mapping[str, Anthropic] = {"anthropic": _ANTHROPIC}
"""The dialects in which it is asked how many tokens a prompt has."""
