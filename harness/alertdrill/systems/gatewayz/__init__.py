"""Gatewayz: an LLM gateway with accounts, credits, trials and rate limits."""
