"""What every stack is made of, wherever it stands."""

from __future__ import annotations

SCRAPE_INTERVAL_S = 15.0
LOOKBACK_S = 300.0
"""How far back Prometheus looks for a sample; its own default."""

PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "ollama": "ollama",
    "openrouter": "openai",
    "google": "gemini",
    "groq": "openai",
}
"""Each stub provider's dialect."""

PARTS = (
    "gateway",
    "prometheus",
    "alertmanager",
    "pager",
    *(f"provider-{name}" for name in PROVIDERS),
)
"""What every stack is made of."""
PEER = "alertmanager-2"
"""The part that a stack with a cluster of two Alertmanagers has besides."""
