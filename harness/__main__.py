"""`python -m harness` is `alertdrill`."""

from harness.cli import main

if __name__ == "__main__":
    main()
