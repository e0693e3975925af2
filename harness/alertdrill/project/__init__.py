"""A project: a gateway, rules and drills of somebody's own, as its project file states them."""
