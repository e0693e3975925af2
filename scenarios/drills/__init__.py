"""The drills of each system, one module each: `DRILLS`, a tuple of Drill values."""
