"""From pictures and records to a bundle that earns its place on the line."""
