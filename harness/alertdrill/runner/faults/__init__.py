"""What drills do to the stack: parts that go out, receivers that fail, silences."""
