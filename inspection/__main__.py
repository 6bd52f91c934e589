"""`python -m inspection` is `passline`: how the supervisor starts the station's processes."""

from inspection.cli import main

main()
