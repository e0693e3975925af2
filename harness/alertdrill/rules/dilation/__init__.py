"""The exact rewriting of rules for a world that runs faster. Pure."""
