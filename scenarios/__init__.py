"""Traffic for LLM gateways: Locust scenarios that send their arrivals on schedule, whatever the answers."""
