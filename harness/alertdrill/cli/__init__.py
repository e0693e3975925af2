"""The command line: arguments and environment are read here."""
