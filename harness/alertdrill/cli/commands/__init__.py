"""The commands, each in a file of its own, and what several of them share; `cli.py` puts them together."""
