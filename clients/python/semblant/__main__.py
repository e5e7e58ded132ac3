"""`python -m semblant`: the command line."""

from semblant.cli import main

main()
