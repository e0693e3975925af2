"""Would the drills notice if a rule were wrong? Rules are made wrong in small ways, and drills judge them."""
