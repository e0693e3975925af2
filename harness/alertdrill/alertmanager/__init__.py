"""Somebody's Alertmanager config: read without its secrets, checked, and pointed at the pager."""
