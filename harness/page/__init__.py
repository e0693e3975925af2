"""Synthetic alerts: built as Prometheus would, sent through an Alertmanager, followed to delivery and back."""
