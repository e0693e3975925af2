"""How fast alertdrill replays and dilates; `python -m benchmarks` writes docs/reference/benchmarks.md."""
