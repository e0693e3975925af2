"""`python -m support.official_clients DIALECT=URL,CONTROL …`: try this environment's clients.

Key and token are in the environment, as the stubs have them. Prints a line for each thing that went wrong and
a count for each dialect, and exits with 1 if anything did.
"""

from __future__ import annotations

import os
import sys

from support.official_clients.trial import Stub, report


def main() -> int:
    """Try each dialect that is named; return the code to exit with."""
    key, token = os.environ["ALERTDRILL_PROVIDER_KEY"], os.environ["ALERTDRILL_CONTROL_TOKEN"]
    failed = 0
    for argument in sys.argv[1:]:
        dialect, _, addresses = argument.partition("=")
        url, control = addresses.split(",")
        tried = list(report(dialect, Stub(url, key, control, token)))
        wrong = [(name, what) for name, what in tried if what is not None]
        for name, what in wrong:
            print(f"{dialect}: {name}: {what}")  # noqa: T201 - what it is run for
        print(f"{dialect}: {len(tried) - len(wrong)} of {len(tried)} went well")  # noqa: T201 - as above
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
