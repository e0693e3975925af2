"""Synthetic alerts: built as Prometheus would, followed through an Alertmanager and back."""
