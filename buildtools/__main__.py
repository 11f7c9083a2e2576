"""`python -m buildtools`."""

from buildtools.cli.main import main

if __name__ == "__main__":
    main()
