"""mana-llm: a gateway of a small installation, local models first, hosted ones as fallback."""
