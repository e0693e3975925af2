"""The drills of each system, one module each: `make_drills(values)`, which returns Drill values."""
