"""What the systems make their drills with."""
