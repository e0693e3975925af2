"""YAML whose positions are known, so that files are edited in place. Pure."""
