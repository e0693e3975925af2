"""Golden recordings: one for each drill, and the gate that judges rules on them."""
