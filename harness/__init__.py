"""Hold fire drills for Prometheus alerts: traffic in, timeline out, verdict last."""
