"""What a timeline says of a drill: verdicts, doubts and coverage. Pure."""
