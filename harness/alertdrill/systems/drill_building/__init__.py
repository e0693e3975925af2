"""What the systems make their drills with: behaviours, traffic, expectations, and the drill of all that."""
