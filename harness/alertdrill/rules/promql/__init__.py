"""PromQL expressions: what promql-parser reads, what it cannot read said otherwise, and its limits. Pure."""
