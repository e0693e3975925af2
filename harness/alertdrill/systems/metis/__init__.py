"""Metis: an LLM gateway with keys, quotas and slot-wise routing."""
