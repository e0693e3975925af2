"""The languages that providers speak: what is sent to them and what their answers mean."""

from __future__ import annotations

from collections.abc import Mapping

from harness.gateway.dialects.anthropic import Anthropic
from harness.gateway.dialects.dialect import Dialect
from harness.gateway.dialects.gemini import Gemini
from harness.gateway.dialects.ollama import Ollama
from harness.gateway.dialects.openai import OpenAI

DIALECTS: Mapping[str, Dialect] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "ollama": Ollama(),
}
