"""The station: a frame becomes a verdict, the verdict moves a gate and leaves a record."""
