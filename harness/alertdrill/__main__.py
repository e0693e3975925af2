"""`alertdrill`, and `python -m alertdrill`, begin here: signals are heard before all else is imported."""

from __future__ import annotations

from alertdrill.cli.beginning import end_on_signals


def main() -> None:
    """Import the command line, and run it."""
    end_on_signals()
    from alertdrill.cli.main import main as run_command_line  # takes a tenth of a second, or more

    run_command_line()


if __name__ == "__main__":
    main()
