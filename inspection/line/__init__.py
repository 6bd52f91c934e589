"""The line: every trigger becomes a verdict, a signal to the gate and a record."""
