"""The languages that providers speak: what is sent to them and what their answers mean."""

from __future__ import annotations

from collections.abc import Mapping

from alertdrill.gateway.dialects.anthropic import Anthropic
from alertdrill.gateway.dialects.dialect import Dialect
from alertdrill.gateway.dialects.gemini import Gemini
from alertdrill.gateway.dialects.ollama import Ollama
from alertdrill.gateway.dialects.openai import OpenAI

DIALECTS: Mapping[str, Dialect] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "ollama": Ollama(),
}
