"""The wire formats that providers speak, by name."""

from __future__ import annotations

from collections.abc import Mapping

from stub_providers.dialects.anthropic import Anthropic
from stub_providers.dialects.dialect import Dialect
from stub_providers.dialects.gemini import Gemini
from stub_providers.dialects.ollama import Ollama
from stub_providers.dialects.openai import OpenAI
from stub_providers.dialects.openrouter import OpenRouter
from stub_providers.dialects.vllm import Vllm

DIALECTS: Mapping[str, Dialect] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "ollama": Ollama(),
    "openrouter": OpenRouter(),
    "vllm": Vllm(),
}
