"""Holds drills: in which order, on which stack, with which faults, and what is measured meanwhile."""
