"""Between the drills and the Docker engine: what outages take is let through for one project, no more."""
