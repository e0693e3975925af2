"""Inference: versioned models behind a bounded executor, and a queue of jobs."""
