"""Stub upstream LLM providers: OpenAI, Anthropic and Ollama dialects over one behaviour engine."""
