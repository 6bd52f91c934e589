"""Builds the producer: `python -m camera.simulator`."""

from camera.simulator.build import main

raise SystemExit(main())
