"""Processes, files, ports and HTTP: where the program meets the machine."""
