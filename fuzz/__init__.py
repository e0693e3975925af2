"""Fuzzers: what users, machines and strangers do wrong, at random; `make fuzz`, docs/testing.md says how."""
