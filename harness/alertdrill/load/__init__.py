"""What runs in Locust's process: arrivals on schedule, whatever the answers."""
