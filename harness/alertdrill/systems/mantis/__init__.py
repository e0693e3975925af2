"""Mantis: runs of models for tenants, and chat passed through."""
