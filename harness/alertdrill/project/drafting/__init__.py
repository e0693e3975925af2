"""Drafts of a project: for each alert of somebody's rules a drill that makes it fire, and a near miss."""
