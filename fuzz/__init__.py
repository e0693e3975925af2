"""Fuzzers: what users, machines and strangers do wrong, at random; docs/how-to/testing.md says how."""
