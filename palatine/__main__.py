"""`python -m palatine` is the console command."""

from palatine.cli import main

main()
