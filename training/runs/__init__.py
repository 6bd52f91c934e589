"""A training as people see it: its state while it runs, its curves, and going on after a kill."""
