"""The speeds that calibration chooses from: at each, 15 s of rule time is a whole number of milliseconds."""

from __future__ import annotations

SPEEDS = (60.0, 50.0, 40.0, 30.0, 25.0, 20.0, 15.0, 12.0, 10.0)
"""For the reference gateway, which keeps rule time."""
WALL_TIME_SPEEDS = (20.0, 15.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)
"""For a gateway that runs in wall time: as many times as many calls and scrapes a second reach it."""
