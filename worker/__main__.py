"""`python -m worker` is the program `rostering`."""

from worker.cli import main

main()
