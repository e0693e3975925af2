"""Unmodified rules over recorded samples, in virtual time: what promtool is asked, and what it says."""
