"""What everything else talks about: drills, timelines, verdicts, and rule time. Pure."""
