"""Makes rules wrong in small ways, and has the drills judge them."""
