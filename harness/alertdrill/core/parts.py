"""What every stack is made of, wherever it stands."""

from __future__ import annotations

SCRAPE_INTERVAL_S = 15.0
LOOKBACK_S = 300.0
"""How far back Prometheus looks for a sample; its own default."""

LISTED_WALL_S = 10.0
"""How long Prometheus may take to scrape a job that came into its config: it looks twice, every 5 s, whatever
the speed."""

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
SCRAPES = "scrapes:"
"""What stands before a system's name where its scrape target is meant: of samples that were missed though no
drill made that so, and of what an outage takes out of Prometheus's config."""
PEER = "alertmanager-2"
"""The part that a stack with a cluster of two Alertmanagers has besides."""

PEER_TIMEOUT_S = 15.0
MIN_PEER_TIMEOUT_S = 1.0


def find_peer_timeout_s(speed: float) -> float:
    """Return how long the second Alertmanager waits to hear that the first has told, in rule time.

    That is Alertmanager's `--cluster.peer-timeout`. It is not divided below a second: it is there for what
    the network takes, and that is not faster here.
    """
    return max(PEER_TIMEOUT_S, MIN_PEER_TIMEOUT_S * speed)
