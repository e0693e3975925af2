"""The reference gateway: an OpenAI-shaped front for several LLM providers; knows no metric's name."""
