"""How fast alertdrill replays and dilates; `python -m benchmarks` writes docs/benchmarks.md."""
