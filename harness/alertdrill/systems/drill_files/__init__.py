"""Drills as YAML: what a drill in Python says, in rule time as people write it."""
