"""Samples on rule time: what a recording is, its files, and how it is taken from a server."""
