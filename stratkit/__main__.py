"""`python -m stratkit`: the command line, where the `stratkit` command is not on the path."""

from stratkit.cli.main import main

if __name__ == "__main__":
    main()
