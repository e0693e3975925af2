"""Fire drills for Prometheus alerts: traffic, gateway, scrape, rule, Alertmanager, pager, resolved."""
