"""`python -m alertdrill` is `alertdrill`."""

from alertdrill.cli.main import main

if __name__ == "__main__":
    main()
